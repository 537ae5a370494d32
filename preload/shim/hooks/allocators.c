/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocators' own APIs. A program may mix them with malloc and free, so
 * every way to give memory back must be seen, and every way to get it is
 * counted once.
 */
#include "shim/hooks/forms.h"

SEEP_ENTRY_POINTS_OF_ALLOCATORS(HOOK)

/* xallocx resizes in place or not at all. Only a block whose size has changed counts as a free and an allocation,
 * and the size that it has now is the size allocated. */
size_t xallocx(void *address, size_t size, size_t extra, int flags)
{
	struct resize resize;
	size_t before = real.sallocx(address, flags);
	resize_begin(&resize, address);
	size_t after = real.xallocx(address, size, extra, flags);
	resize_end(&resize, after == before ? NULL : address, after, 0);
	if (after != before)
		COUNT(address, after);
	return after;
}

static bool forget_area(const void *heap, const struct real_area *area, void *block, size_t size, void *mine)
{
	(void)heap, (void)block, (void)size, (void)mine;
	recorder_forget_range(area->blocks, area->committed);
	return true;
}

/* mi_heap_destroy frees all blocks of a heap without naming them; the heap's areas tell which samples go with it. A
 * thread's first heap cannot be destroyed: its blocks live on. */
void mi_heap_destroy(void *heap)
{
	if (real.mi_heap_visit_blocks && real.mi_heap_get_backing && heap != real.mi_heap_get_backing())
		real.mi_heap_visit_blocks(heap, false, forget_area, NULL);
	real.mi_heap_destroy(heap);
}
