#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The cost of the commands grows as the number of sites does. Instructions are counted, because they are the same on any
# machine.
. "$(dirname "$0")/lib.sh"

make -s -C "$ROOT" BUILD="$BUILD" "$BUILD/bench/make_snapshots" || exit 1
lines=$(/usr/bin/python3 -B "$ROOT/tests/bench/scale/scale.py" "$BUILD" count 2>&1)
check_equal "7 counts were made" 7 "$(grep -cP '\t-?[0-9.]+\t-?[0-9]+$' <<<"$lines")"
while IFS=$'\t' read -r command exponent instructions; do
	name="$command costs no more than n^1.1"
	if awk "BEGIN { exit !($exponent <= 1.1) }"; then
		ok "$name"
	else
		not_ok "$name" "n^$exponent, $instructions instructions each"
	fi
done <<<"$lines"
exit $cases_failed
