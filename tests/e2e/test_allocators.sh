#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 240 s
# Every entry point of glibc, jemalloc, tcmalloc and mimalloc: with odd arguments it answers as without the shim, and at
# rate 1 no allocation is missed or counted twice.
. "$(dirname "$0")/lib.sh"

programs=$ROOT/tests/e2e/programs
libraries=/usr/lib/x86_64-linux-gnu
g++ -std=c++17 -O1 -g -o edge_cases "$programs/edge_cases.cpp"
g++ -std=c++17 -O1 -g -I"$ROOT/include" -o every_entry_point "$programs/every_entry_point.cpp"
g++ -std=c++17 -O1 -g -fPIC -shared -o plugin.so "$programs/plugin.cpp"
compile plugin_host "$programs/plugin_host.c"
export TCMALLOC_LARGE_ALLOC_REPORT_THRESHOLD=0 # its words hold addresses

# Compares the program's counts with seep's, by site; prints a line for each that differs.
differences() { # TRUTH REPORT.json
	/usr/bin/python3 "$ROOT/tests/e2e/support/exact.py" "" "$@" 2>&1
}

record() { # ALLOCATOR COMMAND...: records it exactly, into ./recording
	local allocator=$1 choice=()
	shift
	[ "$allocator" = glibc ] || choice=("--allocator=$allocator")
	rm -rf recording
	"$SEEP" run -r 1 -i 0 -o recording "${choice[@]}" -- "$@" >recorded.out 2>recorded.err
}

for allocator in glibc jemalloc tcmalloc mimalloc; do
	case $allocator in
	glibc) library= ;;
	jemalloc) library=:$libraries/libjemalloc.so.2 ;;
	tcmalloc) library=:$libraries/libtcmalloc_minimal.so.4 ;;
	mimalloc) library=:$libraries/libmimalloc.so.2 ;;
	esac
	alone=$(env ${library:+LD_PRELOAD=${library#:}} ./edge_cases 2>&1)
	check "$allocator: the odd arguments are all there" test "$(wc -l <<<"$alone")" -gt 200
	for rate in 512K 1; do
		seen=$(env LD_PRELOAD="$SHIM$library" SEEP_RATE=$rate SEEP_OUTPUT=edge.$allocator.$rate ./edge_cases 2>&1)
		check_equal "$allocator, rate $rate: results, errno, alignment and usable sizes are the allocator's own" "" \
			"$(diff <(echo "$alone") <(echo "$seen"))"
	done

	mkdir -p "truth.$allocator"
	record $allocator ./every_entry_point "truth.$allocator"
	check_equal "$allocator: the program that calls every entry point ends well" 0 $?
	check_equal "$allocator: the allocator is named" "$allocator" \
		"$("$SEEP" report --json recording >report.json && json_get report.json "d['process']['allocator']")"
	check_equal "$allocator: every entry point is counted once, by site" "" \
		"$(differences "truth.$allocator/truth.end" report.json)"

	# mimalloc aborts where operator new must throw
	[ $allocator = mimalloc ] && export NO_THROW=1
	record $allocator ./plugin_host "truth.$allocator" ./plugin.so
	check_equal "$allocator: a C program with a C++ plugin ends well" "100 1
100 1
100 1" "$(cat recorded.out)"
	"$SEEP" report --json recording >report.json
	check_equal "$allocator: a C program's C++ plugin is counted once, by site" "" \
		"$(differences "truth.$allocator/truth.end" report.json)"
done

# Names that the shim exports without such an allocator: they do what its manual says, and their blocks are counted.
compile without <<'END'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define WEAK __attribute__((weak))
WEAK void *mi_malloc(size_t), *mi_zalloc_aligned(size_t, size_t), *mi_recalloc(void *, size_t, size_t),
	*mi_reallocf(void *, size_t), *mi_calloc(size_t, size_t), *tc_memalign(size_t, size_t), *tc_realloc(void *, size_t),
	*tc_new_aligned(size_t, size_t);
WEAK char *mi_strndup(const char *, size_t);
WEAK void mi_free(void *), tc_free(void *), tc_delete_sized_aligned(void *, size_t, size_t);
WEAK int tc_version(int *, int *, const char **), mi_version(void);
static int is(const char *memory, char value, size_t size)
{
	while (size && memory[size - 1] == value)
		size--;
	return size == 0;
}
int main(void)
{
	char *memory = mi_zalloc_aligned(1000, 256), *text = mi_strndup("seventeen", 5);
	printf("%d%d%d ", (uintptr_t)memory % 256 == 0, is(memory, 0, 1000), !strcmp(text, "seven"));
	free(text);
	memset(memory, 1, 1000);
	memory = mi_recalloc(memory, 3, 1000);
	printf("%d%d ", is(memory, 1, 1000), is(memory + 1100, 0, 1900));
	memory = mi_reallocf(memory, SIZE_MAX - 4096);
	printf("%d ", !memory);
	printf("%d ", !mi_calloc(SIZE_MAX / 2, 3));
	memory = tc_realloc(mi_malloc(10), 100000);
	free(memory);
	memory = tc_memalign(4096, 5000);
	printf("%d ", (uintptr_t)memory % 4096 == 0);
	mi_free(memory);
	memory = tc_new_aligned(500, 128);
	printf("%d ", (uintptr_t)memory % 128 == 0);
	tc_delete_sized_aligned(memory, 500, 128);
	tc_free(malloc(100));
	mi_free(NULL);
	printf("%d\n", !tc_version && !mi_version); /* who asks for all names learns the truth */
	mi_malloc(77);
	return 0;
}
END
for allocator in glibc jemalloc; do
	record $allocator ./without
	check_equal "$allocator: tcmalloc's and mimalloc's names do what they say without them" "111 11 1 1 1 1 1" "$(cat recorded.out)"
	"$SEEP" report --json recording >report.json
	check_equal "$allocator: and what they gave is counted until it is given back" "[77]" \
		"$(json_get report.json "[s['inuse_bytes'] for s in d['sites'] if s['inuse_bytes'] and s['inuse_bytes'] < 1024]")"
done

# jemalloc frees an arena without naming its blocks. Calls are bound at once, later, or without stubs; the file may be at its address.
for linked in "" -Wl,-z,now -fno-plt -no-pie; do
	# shellcheck disable=SC2086 # no word or one
	gcc -O1 -g $linked -o arenas "$programs/arenas.c" $libraries/libjemalloc.so.2
	record glibc ./arenas
	check_equal "calls about arenas answer as alone${linked:+ ($linked)}" "$(./arenas)" "$(cat recorded.out)"
	"$SEEP" report --json recording >report.json
	check_equal "arenas freed as a whole are counted${linked:+ ($linked)}" "[4, False]" \
		"$(json_get report.json "[d['losses'][key] for key in ('arenas_freed', 'lower_bound')]")"
done
"$SEEP" report recording >report.txt
check "and the report calls nothing exact beside them" grep -q 'in use .* about  *allocated' report.txt
check "and says what they mean" grep -q '4 arenas freed as a whole (what they held may count as in use)' report.txt

# A mimalloc that doesn't tell what lies in a heap. The report needs one block.
gcc -fPIC -shared -o silent.so -xc - <<<'#include <stdlib.h>
void *mi_malloc(size_t size) { return malloc(size); }
void mi_heap_destroy(void *heap) { (void)heap; }'
gcc -o destroys -xc - -x none ./silent.so <<<'void *mi_malloc(unsigned long); void mi_heap_destroy(void *);
int main(void) { mi_heap_destroy(mi_malloc(7)); }' 2>/dev/null
record glibc ./destroys
"$SEEP" report --json recording >report.json
check_equal "and so is a heap of which mimalloc says nothing" 1 "$(json_get report.json "d['losses']['arenas_freed']")"

# An allocator that checks how blocks are given back ends a program that does not give them back the way they came.
LD_PRELOAD=$SHIM:$libraries/libtcmalloc_minimal_debug.so.4 SEEP_OUTPUT=checked /bin/true 2>checked.err
check_equal "an allocator that checks how blocks are given back is taken at its word" "0 " "$? $(cat checked.err)"
exit $cases_failed
