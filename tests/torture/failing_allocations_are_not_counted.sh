# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A call that fails is no allocation, at rates above 1, too: whatever size was asked for in vain, by whatever entry point,
# none of its bytes is counted (1024 PiB were), what follows is sampled as without it, and no sample is said to be lost.

cat >failing.c <<'C'
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#define WEAK __attribute__((weak))
WEAK void *mallocx(size_t, int), *tc_malloc(size_t), *mi_malloc(size_t);
static void *volatile hold;
static void fail(volatile size_t size, void *old)
{
	hold = malloc(size);
	hold = calloc(size, 1);
	hold = calloc(size, 3);
	hold = realloc(old, size);
	hold = reallocarray(old, size, 1);
	hold = aligned_alloc(64, size);
	hold = memalign(64, size);
	if (size < SIZE_MAX / 2 && mallocx)
		hold = mallocx(size, 0);
	if (tc_malloc)
		hold = tc_malloc(size);
	if (mi_malloc)
		hold = mi_malloc(size);
}
int main(void)
{
	static const size_t sizes[] = {(size_t)1 << 60, SIZE_MAX / 2, SIZE_MAX / 4, SIZE_MAX / 8 - 77, (size_t)1 << 47,
				       ((size_t)1 << 48) + 40000, ((size_t)0x7abc << 48) + 50000, (size_t)1 << 40, 5000000001};
	struct rlimit limit = {(size_t)3 << 30, (size_t)3 << 30};
	setrlimit(RLIMIT_AS, &limit);
	void *old = malloc(100);
	for (int i = 0; i < 30000; i++) {
		fail(sizes[i % (sizeof sizes / sizeof *sizes)], old);
		hold = malloc(i % 3 ? 50000 : 300);
		free(hold);
	}
	return 0; /* 1.003 GB were had */
}
C
gcc -w -g -O1 -o bin/failing failing.c
for allocator in glibc jemalloc; do
	library=$(library_of $allocator)
	for way in run preload; do
		case ${PAIRS:-}:$allocator:$way in one:glibc:run | one:jemalloc:preload) continue ;; esac
		if [ $way = run ]; then
			"$SEEP" run -r 64K -o "runs/$allocator.$way" ${library:+--allocator=jemalloc} -- bin/failing 2>said
		else
			LD_PRELOAD=$SHIM${library:+:$library} SEEP_RATE=64K SEEP_OUTPUT=$PWD/runs/$allocator.$way bin/failing
		fi
		"$SEEP" report --last --json "runs/$allocator.$way" >report.json
		# 12,600 samples are expected: 5 % off would be chance once in 10^7 runs
		check_equal "failing allocations on $allocator by $way: none is counted, and nothing is lost" "True True 0" \
			"$(/usr/bin/python3 -c '
import json
report = json.load(open("report.json"))
print(report["memory"]["counted_bytes"] < 1.05e9,
      0.95e9 < sum(site["alloc_bytes"] for site in report["sites"]) < 1.05e9, report["losses"]["samples_reentry"])')"
	done
done
