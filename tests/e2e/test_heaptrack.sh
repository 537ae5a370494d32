#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep and heaptrack_print say the same about heaptrack's files: totals, each stack's bytes and calls, and the peak,
# whatever packed the file.
. "$(dirname "$0")/lib.sh"
cat >program.c <<'END_OF_PROGRAM'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static inline __attribute__((always_inline)) void *fill_inlined(size_t n) { return memset(malloc(n), 1, n); }
static void *kept[5000], *cache[5000];
static int count;
__attribute__((noinline)) void keep(size_t n) { kept[count++] = fill_inlined(n); }
__attribute__((noinline)) void turn_over(void) { for (int i = 0; i < 300; i++) free(fill_inlined(70)); }
__attribute__((noinline)) void fill_cache(int from, int to) { for (int i = from; i < to; i++) cache[i] = realloc(calloc(1, 10), 600); }
__attribute__((noinline)) void drop_cache(void) { for (int i = 0; i < 5000; i++) free(cache[i]); }
int main(void) {
	for (int i = 0; i < 200; i++) {
		keep(900 + i);
		turn_over();
		usleep(2000);
		fill_cache(25 * i, 25 * i + 25);
	}
	keep(0);
	drop_cache();
	usleep(100000);
	keep(1234567);
	return 0;
}
END_OF_PROGRAM
compile program program.c
timeout 100 heaptrack -o track ./program >heaptrack.log 2>&1
if [ ! -s track.zst ]; then
	not_ok "heaptrack records the program" "$(cat heaptrack.log)"
	exit 1
fi
zstd -dcq track.zst >track.plain
gzip -c track.plain >track.gz

# COST OPERAND [OPTION...]: each stack's value by both tools. Frames are compared as a set, since heaptrack_print puts
# inlined calls behind their caller, and leaves out what called main; addresses without a name have other names.
cat >same.py <<'END_OF_PROGRAM'
import sys
def stacks(path):
    sums = {}
    for line in open(path):
        names, value = line.rsplit(" ", 1)
        names = frozenset(name.split(" (")[0] for name in names.split(";") if name and not name.startswith("0x") and "+0x" not in name and "start" not in name)
        sums[names] = sums.get(names, 0) + int(value)
    return {names: value for names, value in sums.items() if value}
theirs, ours = stacks(sys.argv[1]), stacks(sys.argv[2])
for names in theirs.keys() | ours.keys():
    if theirs.get(names, 0) != ours.get(names, 0):
        print(sorted(names), theirs.get(names, 0), ours.get(names, 0))
print(len(theirs) > 0)
END_OF_PROGRAM
same_stacks() {
	local cost=$1
	shift
	timeout 60 heaptrack_print -f track.zst --disable-builtin-suppressions --flamegraph-cost-type "$cost" -F theirs >print.log 2>&1
	"$SEEP" export --format=folded "$@" -o ours 2>seep.log
	check_equal "every stack has heaptrack's ($cost)" True "$(/usr/bin/python3 same.py theirs ours)"
}
same_stacks leaked track.zst
same_stacks allocations --value=alloc_objects track.zst
same_stacks peak 'track.zst#peak'

said() { sed -n "s/^$1: *\([0-9.]*[KMG]\?\).*/\1/p" print.log; }
# heaptrack's K is 1,000 bytes.
heaptrack_unit() { /usr/bin/python3 -c 'import sys; n = int(sys.argv[1]); print(f"{n / 1e6:.2f}M" if n >= 1e6 else f"{n / 1e3:.2f}K")' "$1"; }
"$SEEP" report --json track.zst >report.json
check_equal "what is left at the end is heaptrack's" "$(said 'total memory leaked')" "$(heaptrack_unit "$(json_get report.json "d['totals']['inuse_bytes']")")"
check_equal "and calls to allocate" "$(said 'calls to allocation functions')" "$(json_get report.json "d['totals']['alloc_objects']")"
"$SEEP" report --json 'track.zst#peak' >peak.json
check_equal "and the peak" "$(said 'peak heap memory consumption')" "$(heaptrack_unit "$(json_get peak.json "d['totals']['inuse_bytes']")")"
check_equal "every allocation was counted, so intervals have no width" True \
	"$(json_get report.json "d['totals']['inuse_low'] == d['totals']['inuse_bytes'] == d['totals']['inuse_high']")"
check_equal "functions, inlined calls, files and lines are there" "fill_inlined program.c 4 True keep" \
	"$(json_get report.json "(lambda s: f\"{s[0]['function']} {s[0]['file'].split('/')[-1]} {s[0]['line']} {s[0]['inlined']} {s[1]['function']}\")(d['sites'][0]['stack'])")"
for packed in gz plain; do
	check_equal "it is read as .$packed, too" "$("$SEEP" export --format=folded track.zst)" "$("$SEEP" export --format=folded track.$packed)"
done

"$SEEP" diff --json 'track.zst#peak' track.zst >diff.json
check_match "two moments of it have a difference, with its time" '^0\.[0-9]+ fill_cache -3000000 True$' \
	"$(json_get diff.json "f\"{d['seconds']:.2f} {d['sites'][-1]['stack'][0]['function']} {d['sites'][-1]['growth_bytes']} {d['same_process']}\"")"
check_equal "a time chooses one" True \
	"$("$SEEP" report --json 'track.zst#200ms' >early.json && json_get early.json "0 < d['totals']['alloc_objects'] < $(json_get report.json "d['totals']['alloc_objects']")")"
"$SEEP" flame track.zst -o track.svg 2>/dev/null
check "a flame graph can be drawn of it" xmllint --noout track.svg
check "and one of what it frees after its peak" "$SEEP" flame --base 'track.zst#peak' track.zst -o freed.html
"$SEEP" export --format=pprof track.zst -o track.pb.gz 2>/dev/null
check_equal "pprof made of it has its total" "$(json_get report.json "d['totals']['inuse_bytes']")" \
	"$("$SEEP" report --json track.pb.gz >pprof.json && json_get pprof.json "d['totals']['inuse_bytes']")"
check_match "seep leaks says why not, and what to do" 'heaptrack.*ages.*seep diff' "$("$SEEP" leaks track.zst 2>&1)"
check_match "and seep diff of it alone which moments" 'two moments, FILE#1m FILE' "$("$SEEP" diff track.zst 2>&1)"
check_match "raw data is named" "track.raw: offset 10: is heaptrack's raw data: heaptrack_interpret" \
	"$(printf 'v 10400 3\nx 4 /a/b\n' >track.raw; "$SEEP" report track.raw 2>&1)"

# Files that were cut or have flipped bits: they give a profile or a line.
size=$(stat -c %s track.zst)
for cut in 3 100 $((size / 2)) $((size - 3)); do
	head -c "$cut" track.zst >cut.zst
	"$SEEP" report cut.zst >out 2>err
	check_equal "cut at $cut bytes it is refused in a line" "3 0 1" "$? $(stat -c %s out) $(wc -l <err)"
done
exit $cases_failed
