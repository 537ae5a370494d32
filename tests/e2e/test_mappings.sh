#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a program maps by itself: exact by site, with holes, replacements and moves; in every command that shows sites.
# time limit: 120 s
. "$(dirname "$0")/lib.sh"

compile maps_memory "$ROOT/tests/e2e/programs/maps_memory.c"
"$SEEP" run -o rec --interval 1s -- "$WORK/maps_memory" 2>err >out
check_equal "a program that maps and allocates nothing is recorded" "0" "$?"
last=$(ls rec/*.seep | tail -n 1)
"$SEEP" report --mappings --json --by function "$last" >report.json
cat >figures.py <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
seen = {site["stack"][0]["function"]: (site["inuse_bytes"] / 2**20, site["alloc_bytes"] / 2**20, site["inuse_objects"])
        for site in d["sites"]}
wanted = {
    "holed": (9, 10, 2), "replaced": (6, 8, 1), "replacing": (2, 2, 1), "moved": (0, 1, 0), "moving": (8, 8, 1),
    "reserved": (0, 2**20, 0), "opened": (0, 8, 0), "attached": (3, 6, 1), "grown": (1, 3, 1), "shared": (4, 4, 1), "gone": (0, 40, 0),
}
for name, figures in wanted.items():
    if seen.get(name) != figures:
        print(f"{name}: {seen.get(name)}, not {figures}")
for name in seen.keys() - wanted.keys():
    print(f"{name} maps nothing by itself")
EOF
check_equal "each site is exact" "" "$(python3 figures.py report.json)"
check_equal "nothing is lost" "0 False" "$(python3 -c 'import json; l = json.load(open("report.json"))["losses"]; print(l["mappings"], l["lower_bound"])')"
check_match "the heap's report says that there is more" 'mapped by the program itself 33.0 MiB' "$("$SEEP" report "$last")"
check_match "the format's own reader agrees" '' "$(python3 "$ROOT/tests/e2e/support/read_snapshot.py" "$last" 2>&1 | grep -i error)"
check_match "folded stacks" 'main.*;holed 9437184' "$("$SEEP" export --mappings --format folded "$last")"
check_match "a flame graph" 'holed' "$("$SEEP" flame --mappings -o - "$last")"
check_equal "what is no snapshot has no mappings" "3" "$(printf 'main;f 10\n' >x.folded; "$SEEP" report --mappings x.folded >/dev/null 2>&1; echo $?)"

"$SEEP" run -o early -- "$WORK/maps_memory" early >/dev/null 2>&1
check_match "what was mapped before the first sample counts, too" 'allocate_after_mapping;early 262144' "$("$SEEP" export --mappings --format folded early)"

"$SEEP" run -o often -- "$WORK/maps_memory" often >/dev/null 2>&1
check_equal "calls before any sample are exact, however many there are" "409600 100 0" \
	"$("$SEEP" report --mappings --json often >often.json; json_get often.json "d['sites'][0]['inuse_bytes'], d['sites'][0]['inuse_objects'], d['losses']['mappings']" | tr -d '(,)')"

LD_PRELOAD=libjemalloc.so.2 "$SEEP" run -o jemalloc -- "$WORK/maps_memory" early >/dev/null 2>&1
"$SEEP" report --json jemalloc >report.json
check_equal "what the allocator maps is not the program's, from its very first call on" "262144 True" \
	"$(json_get report.json "d['memory']['mappings_bytes'], d['memory']['allocator_mappings_bytes'] > 2**26" | tr -d '(,)')"

"$SEEP" run -o leak --interval 250ms -- "$WORK/maps_memory" 16 >/dev/null 2>&1
"$SEEP" report --mappings --json --by function "$(ls leak/*.seep | tail -n 2 | head -n 1)" >report.json
check_equal "while it runs, of what was reserved that is in use which may be accessed" "3145728 1" \
	"$(json_get report.json "next((s['inuse_bytes'], s['inuse_objects']) for s in d['sites'] if s['stack'][0]['function'] == 'opened')" | tr -d '(,)')"
leaks=$("$SEEP" leaks --mappings leak)
check_match "what goes on mapping is a leak, by the same rules" '^MAPPINGS LEAK  1 place, [0-9.]+ MiB .*leaking' "$(sed -n '/^MAPPINGS/,/^$/p' <<<"$leaks" | tr '\n' ' ')"
check_match "what is never touched is none" 'GROWING .*untouched.* nothing of it was ever touched: it takes up addresses, and no memory' "$(tr '\n' ' ' <<<"$leaks")"
check_match "and is found unasked" 'leaking' "$("$SEEP" leaks leak)"
"$SEEP" report --mappings --residency --json --by function --top 1 leak >report.json
check_equal "what is in memory comes first where that was asked for" "leaking True" \
	"$(json_get report.json "d['sites'][0]['stack'][0]['function'], d['sites'][0]['resident_bytes'] >= 2**20" | tr -d "(',)")"
# The same beside a leaking heap, on one screen: the program's line comes before everything else.
compile both <<'END'
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
void *kept[10000];
__attribute__((noinline)) void map(void) {
	memset(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1 << 20);
}
int main(void) {
	for (int i = 0; i < 4000; i++) {
		kept[i] = memset(malloc(500), 1, 500); /* leaks */
		if (i % 20 == 0) map();
		usleep(500);
	}
	return 0;
}
END
"$SEEP" run -o beside -r 2K --interval 200ms -- ./both >/dev/null 2>&1
screen=$("$SEEP" leaks beside)
check_match "beside a heap that leaks, what is mapped is said" '^MAPPINGS LEAK ' "$screen"
check "on one screen" test "$(wc -l <<<"$screen")" -lt 24 -a "$(wc -L <<<"$screen")" -le 80
check_match "whose first rows have the program's line" 'leaking|<stdin>:' "$(head -n 10 <<<"$screen" | grep -A3 '^LEAKING ')"
check_match "with what else a mapping may be" 'a cache that is still filling looks the same' "$(sed -n '/^MAPPINGS/,$p' <<<"$screen")"
check_match "all of both is in the long form" '^MAPPINGS LEAK ' "$("$SEEP" leaks -v beside)"
check_match "under a head of its own" '^  both ' "$("$SEEP" leaks -v beside | tr '\n' ' ' | grep -o '  *both ([^)]*)' | tail -n 1)"
# Blocks that seep could not see are not counted as mapped.
compile sooner <<'END'
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
void *volatile block;
static void before_anybody(void) {
	for (int i = 0; i < 20; i++) block = malloc(10000);
}
__attribute__((section(".preinit_array"), used)) static void (*const early)(void) = before_anybody;
int main(void) {
	for (int i = 0; i < 20; i++) block = malloc(10000);
	memset(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1 << 20);
	return 0;
}
END
"$SEEP" run -o sooner.recording -r 1 -- ./sooner >/dev/null 2>&1
check_match "blocks from before the recording are lost to the heap" '^lost: [0-9]+ samples dropped at start-up' "$("$SEEP" report sooner.recording)"
check_match "and what was mapped is exact" 'in use 1.00 MiB exact' "$("$SEEP" report --mappings sooner.recording)"
"$SEEP" diff --mappings leak >diff.txt
check_match "what grew" 'leaking' "$(cat diff.txt)"
exit $cases_failed
