#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s
# What each entry point's estimate says at coarse rates beside the truth, on glibc, jemalloc, tcmalloc and mimalloc: an entry
# point that takes too many sample points, or none, is seen at no rate of 1.
. "$(dirname "$0")/lib.sh"

# Not optimised, so that each site keeps its function.
g++ -std=c++17 -g -Wno-deprecated -o entry_points_often "$ROOT/tests/e2e/programs/entry_points_often.cpp"

for allocator in glibc jemalloc tcmalloc mimalloc; do
	choice=()
	[ $allocator = glibc ] || choice=("--allocator=$allocator")
	for rate in 512K 64K; do
		rm -rf recording truth.end
		"$SEEP" run -r $rate -i 0 -o recording "${choice[@]}" -- ./entry_points_often . >out 2>err
		check_equal "$allocator at $rate: the program ends well" 0 $?
		"$SEEP" report --json recording >report.json
		check_equal "$allocator at $rate: each entry point's estimate agrees with the truth" "29 compared" \
			"$(/usr/bin/python3 "$ROOT/tests/e2e/support/estimates.py" truth.end report.json $((${rate%K} << 10)) $((200 << 10)))"
	done
done
exit $cases_failed
