/* SPDX-License-Identifier: Apache-2.0 */
/* A heap file in memory: see heap_maker.h. */
#include "support/heap_maker.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"

void heap_make(struct heap *heap, uint64_t rate, uint64_t max_live)
{
	struct seep_heap_header header = {.pid = (uint64_t)getpid()};
	heap_header_begin(&header, rate);
	area_plan(&header, rate, max_live);
	atomic_init(&header.phase, SEEP_HEAP_RECORDING);
	void *map =
	    mmap(NULL, header.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert(map != MAP_FAILED);
	memcpy(map, &header, sizeof header);
	struct seep_fault fault;
	bool bound = heap_bind(heap, map, header.file_bytes, &fault);
	assert(bound);
	(void)bound;
}

void heap_unmake(struct heap *heap)
{
	munmap(heap->header, heap->bytes);
}
