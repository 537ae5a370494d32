#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# seep flame: its output, and, in Chromium, its use. time limit: 180 s
. "$(dirname "$0")/lib.sh"
support=$ROOT/tests/e2e/support

# Phase 1 fills a table and a cache; phase 2 drops the cache and leaks. Each waits for a line, so that a snapshot can be
# taken between them.
cat >program.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void *keep(size_t count, size_t size) {
	char **blocks = malloc(count * sizeof *blocks);
	for (size_t i = 0; i < count; i++) blocks[i] = memset(malloc(size), 1, size);
	return blocks;
}
static char **cache;
__attribute__((noinline)) void *table_fill(void) { return keep(8000, 1000); }
__attribute__((noinline)) void cache_fill(void) { cache = keep(5000, 1000); }
__attribute__((noinline)) void cache_drop(void) { for (int i = 0; i < 5000; i++) free(cache[i]); free(cache); }
__attribute__((noinline)) void *leak_grow(void) { return keep(6000, 1000); }
void *volatile held[2];
__attribute__((noinline)) void work(int phase) {
	if (phase == 1) { held[0] = table_fill(); cache_fill(); }
	if (phase == 2) { cache_drop(); held[1] = leak_grow(); }
}
int main(void) {
	char line[16];
	while (fgets(line, sizeof line, stdin)) { work(atoi(line)); puts("done"); fflush(stdout); }
	return 0;
}
END
compile program program.c
mkfifo requests answers
exec 3<>requests 4<>answers # for reading and writing: opening them like this waits for nobody
"$SEEP" run -r 16K -o recording -- ./program <requests >answers 2>seep.log 3>&- 4>&- &
seep_pid=$!
pids+=("$seep_pid")
phase() { echo "$1" >&3; read -r -t 20 -u 4 _; }
phase 1
program=$(child_of "$seep_pid")
before=$("$SEEP" snapshot "$program" 2>snapshot.log) || not_ok "a snapshot can be taken" "$program: $(cat snapshot.log seep.log)"
phase 2
after=$("$SEEP" snapshot "$program" 2>/dev/null)
exec 3>&-
wait "$seep_pid"

mkdir pages
output=$("$SEEP" flame "$before" -o pages/single.svg 2>&1)
check_equal "seep flame succeeds" 0 $?
check_match "and says what it wrote" '^seep: wrote pages/single.svg \([0-9.]+ KiB\)$' "$output"
check "the SVG is well-formed" xmllint --noout pages/single.svg
check "it refers to nothing outside itself" bash -c '! grep -oE "(href|src)=\"[^#\"]+|url\([^)]*\)|@import" pages/single.svg'
check "--base draws the difference" "$SEEP" flame "$after" --base "$before" -o pages/difference.svg
check "the difference is well-formed" xmllint --noout pages/difference.svg
check "without -o it is flame.svg" "$SEEP" flame "$before"
check "the same bytes each time" cmp flame.svg pages/single.svg
"$SEEP" flame "$before" -o - >stdout.svg 2>stderr
check "-o - writes the SVG to standard output" cmp stdout.svg pages/single.svg
check_equal "and nothing else" "" "$(cat stderr)"
check "a recording is its last snapshot" "$SEEP" flame recording -o last.svg
check_match "which is named in the drawing" 'recording/00000[0-9].seep' "$(cat last.svg)"

# Folded stacks.
"$SEEP" flame "$before" -o single.folded 2>/dev/null
check_match "folded: callers first, the value last" '^.*main;work;table_fill(;keep)? [0-9]+$' "$(cat single.folded)"
"$SEEP" report --json "$before" >report.json 2>/dev/null
folded_sum() { awk -v column="$2" '{ sum += $(NF - column) } END { printf "%.0f\n", sum }' "$1"; }
difference=$(($(folded_sum single.folded 0) - $(json_get report.json "d['totals']['inuse_bytes']")))
if [ ${difference#-} -le $(($(wc -l <single.folded) + 1)) ]; then
	ok "folded: the values' sum is the report's total"
else
	not_ok "folded: the values' sum is the report's total" "off by $difference"
fi
"$SEEP" flame "$after" --base "$before" -o difference.folded 2>/dev/null
check_equal "folded difference: before comes first" "$(folded_sum single.folded 0)" "$(folded_sum difference.folded 1)"
check_match "folded difference: what vanished is there" 'cache_fill(;keep)? [1-9][0-9]* 0$' "$(cat difference.folded)"
"$SEEP" flame "$after" --value=alloc_objects -o objects.folded 2>/dev/null
allocated=$(folded_sum objects.folded 0)
if [ "$allocated" -gt 12000 ] && [ "$allocated" -lt 30000 ]; then
	ok "--value=alloc_objects counts allocations, freed ones too"
else
	not_ok "--value=alloc_objects counts allocations, freed ones too" "19000 in truth, $allocated seen"
fi

refused() { # NAME STATUS PATTERN ARGUMENT...
	local name=$1 wanted=$2 pattern=$3 output status
	shift 3
	output=$("$SEEP" flame "$@" 2>&1 >stdout)
	status=$?
	if [ $status -eq "$wanted" ] && [ ! -s stdout ] && [ "$(wc -l <<<"$output")" -eq 1 ] && grep -qE -- "$pattern" <<<"$output"; then
		ok "$name"
	else
		not_ok "$name" "exit status $status, standard error:
$output"
	fi
}
refused "a suffix that is no format is usage" 2 "flame.png" "$before" -o flame.png
refused "an unknown value is usage" 2 "--value=bytes" "$before" --value=bytes
refused "the later snapshot as base is usage" 2 "is later than" "$before" --base "$after"
refused "a missing operand is usage" 2 "missing" -o x.svg
head -c 3000 "$after" >cut.seep
refused "a cut snapshot is bad input" 3 "cut.seep" cut.seep -o cut.svg
refused "a cut base is bad input" 3 "cut.seep" "$after" --base cut.seep -o cut.svg
refused "a directory that is not there is an error" 3 "nowhere/x.svg" "$before" -o nowhere/x.svg
check "no partial output is left behind" bash -c '! ls -A | grep -E "^cut\.(svg|folded)$|^x\.svg$|^\."'

# Symbols may have any name. No debug information: then the names come from the symbol table.
gcc -O1 -g0 -o hostile -x c - <<'END'
#include <stdlib.h>
#include <string.h>
void *evil(void) __asm__("\"<script>document.title='owned'</script>\"");
void *quoted(void) __asm__("\"]]></title><img src=x onerror=alert(1)>&amp;\"");
__attribute__((noinline)) void *evil(void) { return memset(malloc(1 << 20), 1, 1 << 20); }
__attribute__((noinline)) void *quoted(void) { return memset(malloc(1 << 20), 1, 1 << 20); }
void *volatile held[2];
int main(void) { held[0] = evil(); held[1] = quoted(); return 0; }
END
"$SEEP" run -r 1K -o hostile.recording -- ./hostile 2>/dev/null
"$SEEP" flame hostile.recording -o pages/hostile.svg 2>/dev/null
check "hostile names leave it well-formed" xmllint --noout pages/hostile.svg

# Many frames: functions that call each other in ever-new orders.
/usr/bin/python3 - >large.c <<'END'
count = 400
print('#include <stdlib.h>\n#include <string.h>\ntypedef void step(unsigned seed, int depth);')
print('static step', ', '.join(f'f{i}' for i in range(count)), ';')
print('static step *const steps[] = {', ', '.join(f'f{i}' for i in range(count)), '};')
print('static void next(unsigned seed, int depth);')
for i in range(count):
    print(f'__attribute__((noinline)) static void f{i}(unsigned seed, int depth) '
          f'{{ if (depth) steps[(seed = seed * 1664525 + 1013904223) >> 16 & 255](seed, depth - 1);'
          f' else memset(malloc({100 + i}), 1, {100 + i}); __asm__ volatile(""); }}')
print('int main(void) { for (unsigned i = 0; i < 3000; i++) f0(i, 40 + i % 60); return 0; }')
END
sed -i '/static void next/d' large.c
compile large large.c
"$SEEP" run -r 1 -o large.recording -- ./large 2>/dev/null
"$SEEP" flame large.recording -o pages/large.svg 2>/dev/null
check "a large drawing is well-formed" xmllint --noout pages/large.svg

if command -v node >/dev/null && command -v "${CHROMIUM:-chromium-headless-shell}" >/dev/null; then
	timeout 120 node "$support/flame_pages.js" pages || cases_failed=1
else
	not_ok "the pages work in Chromium" "chromium or node is missing: make deps"
fi
exit $cases_failed
