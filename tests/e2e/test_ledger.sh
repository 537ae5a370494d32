#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep memory: the classes add up to RSS, for a program that knows its own and for real ones; refusals. time limit: 120
# s
. "$(dirname "$0")/lib.sh"

compile places_of_memory "$ROOT/tests/e2e/programs/places_of_memory.c"
"$SEEP" run -r 1 -o rec -- "$WORK/places_of_memory" >out 2>/dev/null &
seep_pid=$!
pids+=("$seep_pid")
wait_until 30 grep -q ready out
program=$(child_of "$seep_pid")

validates memory-1.json "$SEEP" memory --json "$program"
cat >figures.py <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
mib = {c["class"]: c["resident_bytes"] / 2**20 for c in d["classes"]}
heap = {key: value / 2**20 for key, value in d["heap"].items() if isinstance(value, int)}
wanted = [
    ("all of it", d["resident_bytes"] / 2**20, d["rss_bytes"] / 2**20, 0.5 + d["rss_change_bytes"] / 2**20),
    ("heap", mib["heap"], 64, 1.5), ("shared", mib["shared"], 12, 0.1), ("stacks", mib["stacks"], 8, 0.3),
    ("own", mib["own"], 20, 0.5), ("unexplained", mib.get("unexplained", 0), 0, 0.3), ("heap in use", heap["inuse_bytes"], 24, 0.3),
    ("untouched", heap["inuse_untouched_bytes"], 64, 0.1), ("kept", heap["rest_bytes"], 40, 1),
]
for name, seen, true, most in wanted:
    if abs(seen - true) > most:
        print(f"{name}: {seen:.2f} MiB, not {true:.2f}")
print("that is all")
EOF
check_equal "each class is as large as the program knows" "that is all" "$(python3 figures.py document.json)"
text=$("$SEEP" memory "$program")
check_match "the terminal says the sum" 'The classes add up to .* MiB, as RSS does' "$text"
check_match "what is mapped past malloc" '20.0 MiB .17.* of RSS. was mapped by the program or a library itself' "${text//$'\n'/ }"
check_match "and what the heap keeps" 'are free but kept by glibc' "${text//$'\n'/ }"
check_equal "it fits 24 lines of 80 columns" "" "$(awk 'length($0) > 80 || NR > 24' <<<"$text")"

# Memory by the place that asked for it.
taken=$("$SEEP" snapshot "$program")
validates report-1.json "$SEEP" report --residency --json "$taken"
cat >places.py <<'EOF_PLACES'
import json
rows = json.load(open("document.json"))["sites"]
sums = {key: round(sum(r[key + "_bytes"] for r in rows) / 2**20) for key in ("inuse", "resident", "swapped", "untouched")}
print(sums, all(abs(r["inuse_bytes"] - r["resident_bytes"] - r["swapped_bytes"] - r["untouched_bytes"]) < 4 and r["resident_low"] <= r["resident_bytes"] <= r["resident_high"] for r in rows))
EOF_PLACES
check_equal "report says of each place what of it is in memory" "{'inuse': 88, 'resident': 24, 'swapped': 0, 'untouched': 64} True" "$(python3 places.py)"
check_match "in words" 'in memory .*never touched.*64.0 MiB  main' "$("$SEEP" report --residency --by line "$taken" | tr '\n' ' ')"
validates report-1.json "$SEEP" report --residency --mappings --json "$taken"
check_equal "and of what it mapped" "{'inuse': 32, 'resident': 32, 'swapped': 0, 'untouched': 0} True" "$(python3 places.py)"
compile huge <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
enum { MIB = 1 << 20 };
__attribute__((noinline)) char *many(void) { char *block = malloc(32 * MIB); madvise((char *)(((unsigned long)block + 4095) & ~4095ul), 31 * MIB, MADV_HUGEPAGE); return memset(block, 1, 32 * MIB); }
__attribute__((noinline)) char *few(void) { return memset(malloc(16 * MIB), 1, 16 * MIB); }
int main(void) { char *kept[2] = {many(), few()}; puts("ready"); fflush(stdout); pause(); return kept[0] == kept[1]; }
END
"$SEEP" run -r 1 -o huge.rec -- "$WORK/huge" >huge.out 2>/dev/null &
pids+=("$!")
wait_until 30 grep -q ready huge.out
huge=$(child_of "$!")
"$SEEP" report --residency --json "$("$SEEP" snapshot "$huge")" >document.json
cat >huge.py <<'END'
import json, re
kernel = sum(int(kib) * 1024 for kib in re.findall(r"^AnonHugePages: *(\d+) kB", open("smaps").read(), re.M))
sites = {row["stack"][0]["function"]: row["huge_bytes"] for row in json.load(open("document.json"))["sites"] if row["stack"]}
classes = {c["class"]: c["huge_bytes"] for c in json.load(open("memory.json"))["classes"]}
print(kernel > 0, sites.get("many") == kernel - sites.get("few", 0), classes["heap"] == kernel)
END
cat "/proc/$huge/smaps" >smaps
"$SEEP" memory --json "$huge" >memory.json
if grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled || ! grep -q '^AnonHugePages: *[1-9]' smaps; then
	skip "huge pages are told, by place and by class" "there are none here"
else
	check_equal "huge pages are told, by place and by class" "True True True" "$(python3 huge.py)"
	check_match "in words" 'heap \(glibc\).*; [0-9.]+ MiB in huge pages' "$("$SEEP" memory "$huge" | tr '\n' ' ')"
fi
kill "$huge"

kill -9 "$program"
wait "$seep_pid" 2>/dev/null

# An aligned block lies amid the chunk that malloc mapped for it, and may be a mapping of its own by its advice. What the program asks for
# by sbrk() stands amid malloc's heap. Shared memory counts in each process; one of the two has sampled
# nothing, and has given memory back that the kernel has not taken.
compile aligned <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
enum { MIB = 1 << 20 };
int main(void) {
	void *block;
	char *shared = mmap(NULL, 40 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *back = mmap(NULL, 20 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(shared, 1, 40 * MIB);
	memset(back, 1, 20 * MIB);
	if (fork() == 0) {
		for (int i = 0; i < 40 * MIB; i += 4096) (void)((volatile char *)shared)[i];
		memset(back, 1, 20 * MIB);
		madvise(back, 20 * MIB, MADV_FREE);
		puts("ready"), fflush(stdout);
		for (;;) pause();
	}
	if (posix_memalign(&block, 2 * MIB, 16 * MIB)) return 1;
	madvise(block, 16 * MIB, MADV_SEQUENTIAL);
	memset(block, 1, 16 * MIB);
	for (int i = 0; i < 3000; i++) {
		if (i == 1000) memset(sbrk(5 * MIB + 8), 1, 5 * MIB);
		block = memset(malloc(1000), 1, 1000);
	}
	puts("ready"), fflush(stdout);
	for (;;) pause();
}
END
"$SEEP" run -r 1M -o aligned.rec -- "$WORK/aligned" >aligned.out 2>/dev/null &
pids+=("$!")
ready_twice() { [ "$(grep -c ready aligned.out)" = 2 ]; }
wait_until 30 ready_twice
program=$(child_of "$!")
child=$(child_of "$program")
"$SEEP" memory --json "$program" >aligned.json
check_equal "an aligned block is in use, and what is behind memory by sbrk is, too; that is the program's own" "19 0 25" \
	"$(json_get aligned.json "round(d['heap']['allocated_bytes'] / 2**20), round(abs(d['heap']['unexplained_bytes']) / 2**20), round(next(c['resident_bytes'] for c in d['classes'] if c['class'] == 'own') / 2**20)" | tr -d '(,)')"
both=$("$SEEP" memory "$program" "$child" 2>both.err | tr '\n' ' ')
check_match "processes are added up, recorded or not" '2 processes added up.*sum of pid '"$program RSS [0-9.]+ MiB, pid $child RSS 6[0-9.]+ MiB"'.*80.0 MiB .* is shared memory: it counts in every process' "$both"
check_match "and who is not is said" "not recorded: $child; .*: seep attach $child" "$(cat both.err)"
validates memory-1.json "$SEEP" memory --json "$child"
check_equal "what was given back and is there still" "20" "$(json_get document.json "d['given_back_bytes'] // 2**20")"
check_match "is said to be free" '20.0 MiB .[0-9.]+ % of RSS. is free already: it was given back by madvise' "$("$SEEP" memory "$child" | tr '\n' ' ')"
kill -9 "$child" "$program"
wait "$!" 2>/dev/null
"$SEEP" report --residency "$(ls rec/*.seep | tail -n 1)" >out 2>err
check_equal "where nobody looked, one line says so" "3 0 1" "$? $(wc -c <out) $(wc -l <err)"
check_match "of a killed program the last snapshot that has it" 'add up to' "$("$SEEP" memory rec)"
check_match "report --residency takes it, too" 'in memory .*64.0 MiB  main' "$("$SEEP" report --residency --by line rec 2>&1 | tr '\n' ' ')"
"$SEEP" memory "$(ls rec/*.seep | tail -n 1)" >out 2>err
check_equal "a snapshot without it is told so, in one line" "3 1" "$? $(wc -l <err)"

# Memory outside of all allocators, looked at while it grows.
"$SEEP" run -r 16K -i 200ms -o grows -- "$WORK/places_of_memory" 400 >out 2>/dev/null &
pids+=("$!")
says_elsewhere() { "$SEEP" leaks grows >text && tr '\n' ' ' <text | grep -q 'it grew elsewhere: mapped past malloc'; }
wait_until 60 says_elsewhere
check_match "leaks says first that RSS grew elsewhere, and where" 'RSS [0-9.]+ MiB RSS grew by [0-9.]+ MiB from .*, and what is in use .*: it grew elsewhere: mapped past malloc \+[0-9.]+ MiB.*says by which calls' "$(tr '\n' ' ' <text)"
kill -9 "$(child_of "$!")"
wait "$!" 2>/dev/null
validates leaks-2.json "$SEEP" leaks --json --prometheus=grows.prom grows
check_equal "and so does its document" "True" "$(json_get document.json "'it grew elsewhere' in d['memory_growth']['elsewhere']")"
cat >metrics.py <<'EOF'
import json
from prometheus_client.parser import text_string_to_metric_families
classes = {s.labels["class"]: s.value for f in text_string_to_metric_families(open("grows.prom").read()) for s in f.samples if s.name == "seep_memory_bytes"}
growth = json.load(open("document.json"))["memory_growth"]
print(len(classes), abs(sum(v for c, v in classes.items() if c != "hugetlb") - growth["rss_after_bytes"]) < 1)
EOF
check_equal "metrics have each class, and their sum is RSS" "13 True" "$(python3 metrics.py)"
have=()
for snapshot in grows/*.seep; do
	"$SEEP" memory "$snapshot" >/dev/null 2>&1 && have+=("$snapshot")
done
last=$(ls grows/*.seep | tail -n 1)
check_match "diff says which classes grew" 'RSS \+[0-9.]+ MiB: .*mapped past malloc \+[0-9.]+ MiB' "$("$SEEP" diff "${have[0]}" "${have[-1]}" | tr '\n' ' ')"
"$SEEP" diff --json "${have[0]}" "$last" >ends.json
explained=$(json_get ends.json "d['totals']['growth_bytes'] >= (d['after']['memory']['rss_bytes'] - d['before']['memory']['rss_bytes']) / 2")
check_equal "and, where the heap does not explain it, whether that can be told" "$([ "$explained" = True ] || echo "AFTER holds no record of the process's mappings")" \
	"$("$SEEP" diff "${have[0]}" "$last" | tr '\n' ' ' | grep -o "AFTER holds no record of the process's mappings")"
check_match "of a recording, by the last snapshots that can tell" 'RSS \+[0-9.]+ MiB from [0-9.]+ m?s to [0-9.]+ s: mapped past malloc \+[0-9.]+ MiB' "$("$SEEP" diff grows | tr '\n' ' ')"
growth_of() { "$SEEP" diff --json "$1" >document.json && json_get document.json "d['memory_growth']"; }
"$SEEP" bundle -o grows.bundle grows 2>err
check_equal "a bundle says what the recording says" "$(growth_of grows)" "$(growth_of grows.bundle)"
mkdir once && ls grows/*.seep | head -n 12 | grep -vxFf <(printf '%s\n' "${have[@]:1}") | xargs cp -t once
check_equal "one look is no growth" None "$(growth_of once)"
validates diff-1.json "$SEEP" diff --json "${have[0]}" "${have[-1]}"
check_equal "its document has the classes, which add up" "True" "$(json_get document.json "abs(sum(c['after_bytes'] for c in d['memory_growth']['classes']) - d['memory_growth']['rss_after_bytes']) < 100")"
exit $cases_failed
