/* SPDX-License-Identifier: Apache-2.0 */
/* The first ones so far form a heap with the last of them at its root; nearly all other items come behind that. */
#include "work/first_few.h"

#include <stdlib.h>

#define FEW 8 /* a heap pays off only if there are this many times as many items as are wanted */

static void swap(uint32_t *a, uint32_t *b)
{
	const uint32_t kept = *a;

	*a = *b;
	*b = kept;
}

static void sink(uint32_t *heap, uint32_t count, uint32_t at, top_compare *compare, void *context)
{
	for (;;) {
		uint32_t last = at;
		for (uint64_t child = 2 * (uint64_t)at + 1; child < count && child <= 2 * (uint64_t)at + 2; child++)
			if (compare(&heap[child], &heap[last], context) > 0)
				last = (uint32_t)child;
		if (last == at)
			return;
		swap(&heap[at], &heap[last]);
		at = last;
	}
}

void top_sort(uint32_t *items, uint32_t count, uint32_t top, top_compare *compare, void *context)
{
	if (top > count / FEW) {
		qsort_r(items, count, sizeof *items, compare, context);
		return;
	}
	for (uint32_t at = top / 2; at-- > 0;)
		sink(items, top, at, compare, context);
	for (uint32_t i = top; top && i < count; i++) {
		if (compare(&items[i], &items[0], context) >= 0)
			continue;
		swap(&items[i], &items[0]);
		sink(items, top, 0, compare, context);
	}
	qsort_r(items, top, sizeof *items, compare, context);
}
