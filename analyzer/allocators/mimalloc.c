/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mimalloc (2.0.9's mimalloc.h) has no statistics of what is in use unless it is built for them. So in the copy, each
 * thread is made to give back what it can, by mi_collect(true): the memory that goes away by this was free. The first
 * of these calls also takes over the pages that ended threads have left. Then each page of each thread's heap is asked
 * how many of its blocks are in use. Three things stay unknown: free pages between others, which a thread gives back
 * when it next frees a block there; heaps that a program makes beside (mi_heap_new()); mimalloc's own data.
 */
#include "allocators/questions.h"
#include "copy/room.h"

enum { AREAS_MOST = 1 << 20 }; /* areas of 64 GiB; a longer list has no end, because a thread was changing it */

/* mi_heap_area_t. The last member came with 2.0.7. */
struct heap_area {
	uint64_t blocks, reserved, committed, used, block_size, full_block_size;
};

struct sum {
	struct allocator_figures *figures;
	uint32_t areas;
	bool is_strange; /* the answer can't be true */
};

static void area_add(struct allocator_figures *figures, const struct heap_area *area, uint64_t each)
{
	const double all = (double)area->committed, used = (double)area->used * (double)each;

	if (!area->used) {
		figures->free_pages += all;
		return;
	}
	figures->allocated += used;
	figures->pinned += all - used;
}

/* heap, area, block, size, argument */
static bool area_visit(struct calls *calls, const uint64_t arguments[BORROWED_ARGUMENTS])
{
	struct sum *sum = calls->visit_context;
	struct heap_area area = {0};

	if (sum->areas++ == AREAS_MOST || !remote_read(&calls->memory, arguments[1], &area, sizeof area)) {
		sum->is_strange = true;
		return false;
	}
	const uint64_t padded = area.full_block_size, size = area.block_size;
	const uint64_t each = padded >= size && padded - size <= size / 4 + 64 ? padded : size;
	sum->is_strange = area.used && (!each || area.used > area.committed / each || area.committed > area.reserved);
	if (!sum->is_strange)
		area_add(sum->figures, &area, each);
	return !sum->is_strange;
}

static bool thread_ask(struct calls *calls, const uint64_t functions[FUNCTIONS_MOST], struct error *error)
{
	const uint64_t none[BORROWED_ARGUMENTS] = {0};
	uint64_t heap = 0, result;

	if (!calls_make(calls, functions[0], none, &heap, error))
		return false;
	const uint64_t arguments[BORROWED_ARGUMENTS] = {heap, false, CALLS_VISITOR};
	return !heap || calls_make(calls, functions[1], arguments, &result, error);
}

static bool thread_collect(struct calls *calls, const uint64_t functions[FUNCTIONS_MOST], struct error *error)
{
	const uint64_t forced[BORROWED_ARGUMENTS] = {true};
	uint64_t result;

	return calls_make(calls, functions[2], forced, &result, error);
}

/* Asks each thread of the copy, as if that thread called by itself. */
static bool threads_ask(struct calls *calls, const uint64_t functions[FUNCTIONS_MOST],
			bool (*ask)(struct calls *, const uint64_t *, struct error *), struct error *error)
{
	for (size_t i = 0; i < calls->image->thread_count; i++) {
		calls->registers.fs_base = calls->image->threads[i].registers.fs_base;
		if (!ask(calls, functions, error))
			return false;
	}
	return true;
}

bool mimalloc_ask(struct allocator_figures *figures, struct calls *calls, const uint64_t functions[FUNCTIONS_MOST],
		  struct error *error)
{
	struct sum sum = {.figures = figures};
	const uint64_t before = room_resident(calls->steps.pid);

	*figures = (struct allocator_figures){0};
	calls->visit = area_visit;
	calls->visit_context = &sum;
	bool asked = threads_ask(calls, functions, thread_collect, error);
	const uint64_t after = room_resident(calls->steps.pid);
	figures->free_pages = after < before ? (double)(before - after) : 0;
	asked = asked && threads_ask(calls, functions, thread_ask, error);
	if (asked && sum.is_strange)
		asked = error_set(error, "its figures of its pages contradict each other");
	calls->visit_context = NULL;
	calls->waited |= !asked; /* it has no locks: a thread may have been in the middle of a change */
	return asked;
}
