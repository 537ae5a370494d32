#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s Each entry point's estimate at coarse rates is compared with the truth, on glibc, jemalloc, tcmalloc
# and mimalloc: a run at rate 1 would not show an entry point that takes too many sample points, or none.
. "$(dirname "$0")/lib.sh"

# Not optimised, so that each site keeps its function.
g++ -std=c++17 -g -I"$ROOT/include" -o entry_points_often "$ROOT/tests/e2e/programs/entry_points_often.cpp"

for allocator in glibc jemalloc tcmalloc mimalloc; do
	choice=()
	[ $allocator = glibc ] || choice=("--allocator=$allocator")
	for rate in 512K 64K; do # the permitted error of a site's estimate falls with the root of the rate
		mib=32 && [ $rate = 512K ] || mib=8
		rm -rf recording truth.end
		"$SEEP" run -r $rate -i 0 -o recording "${choice[@]}" -- ./entry_points_often . $mib >out 2>err
		check_equal "$allocator at $rate: the program ends well" 0 $?
		check "$allocator at $rate: the table's entry points are called" test "$(wc -l <truth.end)" -gt 80
		"$SEEP" report --last --json recording >report.json
		check_equal "$allocator at $rate: each entry point's estimate agrees with the truth" "$(($(wc -l <truth.end) + 1)) compared" \
			"$(/usr/bin/python3 "$ROOT/tests/e2e/support/estimates.py" truth.end report.json $((${rate%K} << 10)) $((200 << 10)))"
	done
done

# What a thread or a child allocates first is a sample no more often than what comes later: 300 firsts of 100 bytes at
# 1 GiB are one in 35,000 runs.
compile firsts <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void *volatile kept;
static void *first(void *unused) { kept = malloc(100); return unused; }
int main(void)
{
	for (int i = 0; i < 200; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, first, NULL);
		pthread_join(thread, NULL);
	}
	for (int i = 0; i < 100; i++) {
		if (fork() == 0) {
			first(NULL);
			_exit(0);
		}
		wait(NULL);
	}
	return 7;
}
END
"$SEEP" run -r 1G -o firsts.%p -- ./firsts 2>err
check_match "first allocations of threads and children are no samples by themselves" '^7 seep: nothing was recorded' "$? $(cat err)"
exit $cases_failed
