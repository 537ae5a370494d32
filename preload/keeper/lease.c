/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's lease: see lease.h. */
#include "keeper/lease.h"

#include "base/atomics.h"
#include "base/clock.h"
#include "base/syscall.h"
#include "keeper/process.h"

#define PID_BITS 32

uint32_t lease_holder(const struct seep_heap_header *header)
{
	return (uint32_t)load_acquire(&header->lease);
}

bool lease_is_live(const struct seep_heap_header *header)
{
	uint32_t holder = lease_holder(header);
	if (holder == 0)
		return false;
	if (holder == header->pid)
		return process_alive(header);
	uint64_t seen_ns = load_relaxed(&header->lease_ns), now_ns = clock_read_ns(CLOCK_MONOTONIC);
	return process_exists(holder, 0) && seen_ns <= now_ns && now_ns - seen_ns < LEASE_SILENCE_NS;
}

/* The new holder settles what the old one left unsaid. */
static void doubt_settle(const struct heap *heap)
{
	uint64_t tail = load_acquire(&heap->header->ring_tail);
	if (load_acquire(&heap->header->ring_folding) == tail)
		return;
	heap_count_loss(heap, SEEP_LOSS_EVENTS_DOUBTED);
	store_release(&heap->header->ring_folding, tail);
}

static bool take(const struct heap *heap, struct lease *lease, uint64_t now)
{
	struct seep_heap_header *header = heap->header;
	uint64_t word = ((now >> PID_BITS) + 1) << PID_BITS | (uint32_t)system_getpid();
	/* before the word: a lease whose holder is alive and fresh must never look silent */
	store_relaxed(&header->lease_ns, clock_read_ns(CLOCK_MONOTONIC));
	/* acquire: we see all that the last holder folded; release: whoever finds us sees the generation */
	if (!atomic_compare_exchange_strong_explicit(&header->lease, &now, word, memory_order_acq_rel,
						     memory_order_relaxed))
		return false;
	lease->word = word;
	doubt_settle(heap);
	return true;
}

bool lease_take(const struct heap *heap, struct lease *lease)
{
	uint64_t now = load_acquire(&heap->header->lease);
	return !lease_is_live(heap->header) && take(heap, lease, now);
}

bool lease_take_over(const struct heap *heap, struct lease *lease)
{
	return take(heap, lease, load_acquire(&heap->header->lease));
}

bool lease_renew(const struct heap *heap, struct lease *lease)
{
	if (lease->word == 0 || load_acquire(&heap->header->lease) != lease->word)
		return false;
	store_relaxed(&heap->header->lease_ns, clock_read_ns(CLOCK_MONOTONIC));
	return true;
}

void lease_give_back(const struct heap *heap, struct lease *lease)
{
	uint64_t expected = lease->word, word = (expected >> PID_BITS) << PID_BITS;
	if (expected)
		atomic_compare_exchange_strong_explicit(&heap->header->lease, &expected, word, memory_order_acq_rel,
							memory_order_relaxed);
	lease->word = 0;
}
