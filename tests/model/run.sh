#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the models here in all interleavings with spin, by the lines in their heads:
#	search: FLAGS	must be without a fault; quick: FLAGS	the same in short, for --quick, which has each sixth broken one only
#	broken: FLAGS	the protocol with one rule taken out: spin must find the fault, or the model would show nothing
# An assertion that fails, a deadlock, and a search that was cut short are faults.
#
#	tests/model/run.sh [--quick] [MODEL...]
set -u
models=$(cd "$(dirname "$0")" && pwd)
# A short search has little to compile for, and needs no table of 16 million slots and no stack of a million steps.
what=search optimisation=-O2 sizes='-m1000000'
[ "${1:-}" != --quick ] || { what=quick optimisation=-O1 && shift; }
small='-m20000 -w20'
[ $what = search ] || sizes=$small
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

verdict() { # COMMAND-STATUS NAME
	if [ "$1" -eq 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		sed 's/^/# /' log
		failed=1
	fi
}

search() { # OPTIMISATION SIZES MODEL FLAG...
	local optimisation=$1 sizes=$2 model=$3
	shift 3
	rm -f pan ./*.trail
	spin -a "$@" "$model" >log 2>&1 && gcc $optimisation -w -DSAFETY -DCOLLAPSE -DMEMLIM=2048 -o pan pan.c >>log 2>&1 &&
		timeout 100 ./pan $sizes >>log 2>&1
}

# The whole of it was searched, and nothing found.
is_sound() {
	grep -q 'errors: 0' log && ! grep -Eq 'not completed|max search depth too small|out of memory' log
}

# An assertion of the model failed.
is_refuted() {
	grep -q 'pan:1: assertion violated' log && grep -q 'errors: 1' log
}

directives() { # MODEL KEY
	sed -n "s/^ \* $2: *//p" "$1"
}

# shellcheck disable=SC2048 # names
for name in ${*:-$(cd "$models" && basename -s .pml -- *.pml)}; do
	model=$models/$name.pml
	while read -r flags; do
		# shellcheck disable=SC2086 # a list of flags
		search $optimisation "$sizes" "$model" $flags && is_sound
		verdict $? "$name${flags:+ $flags}: all of $(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' log) states"
	done < <(directives "$model" $what)
	while read -r flags; do
		# shellcheck disable=SC2086
		search -O0 "$small" "$model" $flags # soon found
		is_refuted
		verdict $? "$name $flags: refuted"
	done < <(directives "$model" broken | { [ $what = search ] && cat || sed -n '1~6p'; })
done
exit $failed
