#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep is killed while it joins or leaves a process, or gives up (docs/ATTACH.md): what the process keeps, and what the next seep finds.
# time limit: 300 s
. "$(dirname "$0")/lib.sh"

# A thread that is borrowed has all of its registers again by itself.
wide=-mavx
! grep -qw avx512bw /proc/cpuinfo || wide=-mavx512bw
gcc -w -O1 $wide -pthread -o numbers "$ROOT/tests/soak/attach_nasty.c"
gcc -O1 -D_GNU_SOURCE -o attach_kill "$ROOT/tests/soak/attach_kill.c"
if grep -qw avx /proc/cpuinfo; then
	background ./numbers alone >numbers.out
	output=$(./attach_kill "$SEEP" "$background_pid" "$WORK/numbers.rec" 11 -r 64K)
	check_equal "it outlives a seep that is killed behind any call that does something to it" "0 2" \
		"$? $(grep -c 'killed at [1-9]' <<<"$output")"
	check_equal "with all the numbers in its registers" "" "$(cat numbers.out)"
	kill "$background_pid"
fi

exit $cases_failed
