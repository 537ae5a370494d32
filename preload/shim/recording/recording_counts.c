/* SPDX-License-Identifier: Apache-2.0 */
/* Counts beside the samples, which begin before a recording does: see recording.h. */
#include "keeper/base/atomics.h"
#include "shim/recording/recording.h"
#include "shim/recording/recording_private.h"
#include "shim/recording/setup.h"

static seep_atomic64 lost_in_setup;                    /* samples due while there was no recording yet */
static seep_atomic64 counted_early;                    /* bytes, by the countdowns */
static seep_atomic64 worked_early;                     /* units of work */
static seep_atomic64 unseen_allocations, unseen_bytes; /* before the constructor */

void recording_count(uint64_t bytes)
{
	const struct heap *heap = recording_heap();
	add_relaxed(heap ? &heap->header->counted_bytes : &counted_early, bytes);
}

static void work_add(const struct heap *heap, uint64_t units)
{
	const uint64_t known = UINT64_C(1) << SEEP_MEMORY_WORK;

	add_relaxed(&heap->header->memory[SEEP_MEMORY_WORK], units);
	if (!(load_relaxed(&heap->header->memory_known) & known))
		or_relaxed(&heap->header->memory_known, known);
}

void recording_count_work(uint64_t units)
{
	const struct heap *heap = recording_heap();
	if (heap)
		work_add(heap, units);
	else
		add_relaxed(&worked_early, units);
}

void recording_forget_counts(void)
{
	store_relaxed(&worked_early, 0);
	store_relaxed(&counted_early, 0);
	store_relaxed(&lost_in_setup, 0);
}

void recording_count_unseen(uint64_t bytes)
{
	if (recording_setup.pid)
		return; /* the constructor is at work: its look-ups allocate, the program does not */
	add_relaxed(&unseen_allocations, 1);
	add_relaxed(&unseen_bytes, bytes);
}

void recording_is_not_bypassed(void)
{
	const uint32_t others = ~(uint32_t)SEEP_STATUS_BYPASSED;
	const struct heap *heap = recording_heap();
	__atomic_fetch_and(&recording_setup.status, others, __ATOMIC_RELAXED);
	__atomic_store_n(&recording_setup.bypassed, NULL, __ATOMIC_RELAXED);
	if (!heap)
		return;
	atomic_fetch_and_explicit(&heap->header->status, others, memory_order_relaxed);
	__atomic_store_n(heap->header->bypassed, 0, __ATOMIC_RELAXED);
}

void recording_lose_sample(void)
{
	const struct heap *heap = recording_heap();
	if (heap)
		heap_count_loss(heap, SEEP_LOSS_SAMPLES_REENTRY);
	else
		add_relaxed(&lost_in_setup, 1);
}

static void take_back(seep_atomic64 *lost)
{
	uint64_t count = load_relaxed(lost);
	while (count && !atomic_compare_exchange_weak_explicit(lost, &count, count - 1, memory_order_relaxed,
							       memory_order_relaxed))
		;
}

void recording_find_sample(void)
{
	const struct heap *heap = recording_heap();
	take_back(heap ? &heap->header->losses[SEEP_LOSS_SAMPLES_REENTRY] : &lost_in_setup);
}

void recording_find_early_sample(const struct heap *heap)
{
	take_back(&heap->header->losses[SEEP_LOSS_SAMPLES_SETUP]);
}

/* The expected number of samples among the allocations before the constructor, at most one for each. */
static uint64_t unseen_samples(void)
{
	uint64_t samples = load_relaxed(&unseen_bytes) / recording_setup.options.rate;
	uint64_t allocations = load_relaxed(&unseen_allocations);
	return samples < allocations ? samples : allocations;
}

void recording_hand_over_counts(const struct heap *heap, bool forked)
{
	uint64_t lost = atomic_exchange_explicit(&lost_in_setup, 0, memory_order_relaxed);
	if (!forked)
		lost += unseen_samples();
	add_relaxed(&heap->header->losses[SEEP_LOSS_SAMPLES_SETUP], lost);
	add_relaxed(&heap->header->counted_bytes, atomic_exchange_explicit(&counted_early, 0, memory_order_relaxed));
	const uint64_t work = atomic_exchange_explicit(&worked_early, 0, memory_order_relaxed);
	if (work)
		work_add(heap, work);
}
