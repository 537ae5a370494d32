#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep report --contents: zeros in the blocks of a running program, by the place that asked for them; refusals.
. "$(dirname "$0")/lib.sh"

compile contents <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define APART __attribute__((noinline))
static char *keep[4000];
APART void full(int i) { keep[i] = memset(malloc(4096), 1, 4096); }
APART void quarter(int i) { keep[i] = calloc(1, 4096); memset(keep[i], 7, 1024); }
APART void sparse(int i) { keep[i] = calloc(1, 4096); for (int k = 1; k < 4096; k += 2) keep[i][k] = 1; }
APART void reserved(int i) { keep[i] = malloc(1 << 20); memset(keep[i], 5, 1 << 18); }
APART void warm(int i) { keep[i] = memset(malloc(4096), 1, 4096); }
static void *churn(void *nothing)
{
	for (;; usleep(100)) {
		for (int i = 3100; i < 3200; i++) keep[i][i]++;
		char *block = malloc(3000);
		memset(block, 9, 3000);
		free(block);
	}
	return nothing;
}
int main(void)
{
	pthread_t thread;
	for (int i = 0; i < 1000; i++) { full(i); quarter(1000 + i); sparse(2000 + i); }
	for (int i = 0; i < 32; i++) reserved(3000 + i);
	for (int i = 3100; i < 3200; i++) warm(i);
	pthread_create(&thread, NULL, churn, NULL);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
END
cat >figures.py <<'END'
import json, sys
d = json.load(open("document.json"))
exact = d["rate"] == 1
rows = {}
for row in d["sites"]:
    rows[row["stack"][0]["function"] if row["stack"] else ""] = row
whole = {"full": (0, 0, 4096e3), "quarter": (3072e3, 3072e3, 4096e3), "sparse": (0, 2048e3, 4096e3), "reserved": (24 << 20, 24 << 20, 32 << 20)}
for name, (tail, zero, size) in whole.items():
    row = rows[name]
    seen = row["zero_tail_bytes"], row["zero_bytes"], row["read_bytes"]
    if exact and seen != (tail, zero, size):
        print(name, seen, row["inuse_bytes"], d["losses"])
    # a 95 % interval misses one in twenty; three times as wide it misses none
    low, high = row["zero_tail_low"], row["zero_tail_high"]
    if not exact and not (2 * low - high <= tail <= 2 * high - low and abs(seen[0] * size - tail * seen[2]) <= 1e-6 * size * size):
        print(name, seen, low, high)
print("that is all")
END
begin() { # RATE
	"$SEEP" run -r "$1" -i 0 -o "rec.$1" -- "$WORK/contents" >"out.$1" 2>/dev/null &
	pids+=("$!")
	wait_until 30 grep -q ready "out.$1"
	program=$(child_of "$!")
}

begin 1
validates report-1.json "$SEEP" report --contents --by function --json "$program"
check_equal "each place's zeros are counted exactly at rate 1" "that is all" "$(python3 figures.py)"
check_match "in words" 'zero tail .*24.0 MiB exact .*32.0 MiB  reserved' "$("$SEEP" report --contents --by function "$program" | tr '\n' ' ')"
validates report-1.json "$SEEP" report --contents --cold=3s --by function --json "$program"
check_equal "cold is what did not change, and nothing else" "{'full': 4096000, 'quarter': 4096000, 'sparse': 4096000, 'reserved': 33554432, 'warm': 0} 5" \
	"$(json_get document.json "{n: r['cold_bytes'] for n in ('full', 'quarter', 'sparse', 'reserved', 'warm') for r in d['sites'] if r['stack'] and r['stack'][0]['function'] == n}, d['looks']" |
		sed 's/^(//; s/, 5)$/ 5/')"
kill "$program"
wait "$!" 2>/dev/null
"$SEEP" report --contents --cold=1s rec.1 >out 2>err
check_match "of a program that has ended nothing is in its blocks" '^3 0 seep: rec.1: its process has ended' "$? $(wc -c <out) $(cat err)"
"$SEEP" report --contents "$(ls rec.1/*.seep | tail -n 1)" >out 2>err
check_match "nor in a snapshot" '^3 0 seep: .*: only a running program has contents in its blocks' "$? $(wc -c <out) $(cat err)"
"$SEEP" report --contents --mappings rec.1 >out 2>err
check_equal "what does not go together is told" "2 0 1" "$? $(wc -c <out) $(wc -l <err)"

begin 16K
"$SEEP" report --contents --by function --json "$program" >document.json
check_equal "of samples the same share of each place is zero" "that is all" "$(python3 figures.py)"
kill "$program"
wait "$!" 2>/dev/null
exit $cases_failed
