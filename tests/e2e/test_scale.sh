#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the commands cost grows as the number of sites does. Instructions are counted: they are the same on any machine.
# time limit: 240 s
. "$(dirname "$0")/lib.sh"

make -s -C "$ROOT" BUILD="$BUILD" "$BUILD/bench/make_snapshots" || exit 1
# counted MODE COMMANDS RANGE: the growth of each command that the mode counts.
counted() {
	local lines command exponent instructions name
	lines=$(/usr/bin/python3 -B "$ROOT/tests/bench/scale/scale.py" "$BUILD" "$1" 2>&1)
	check_equal "$2 counts were made" "$2" "$(grep -cP '\t-?[0-9.]+\t-?[0-9]+$' <<<"$lines")"
	while IFS=$'\t' read -r command exponent instructions; do
		name="$command costs no more than n^1.1$3"
		if awk "BEGIN { exit !($exponent <= 1.1) }"; then
			ok "$name"
		else
			not_ok "$name" "n^$exponent, $instructions instructions each"
		fi
	done <<<"$lines"
}

counted count 4 ", from 500 to 2,000 sites"
counted count-series 3 ""
exit $cases_failed
