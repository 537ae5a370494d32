/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's lease: see lease.h. */
#include "keeper/program/lease.h"

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/program/namespace.h"
#include "keeper/program/owner.h"
#include "keeper/program/process.h"

#define PID_BITS 32

uint32_t lease_holder(const struct seep_heap_header *header)
{
	return (uint32_t)load_acquire(&header->lease);
}

struct holder {
	uint64_t pid, namespace, start_ticks;
	bool known; /* the holder has written down who it is */
};

static struct holder holder_read(const struct seep_heap_header *header)
{
	uint64_t word = load_acquire(&header->lease);
	struct holder holder = {.pid = (uint32_t)word};
	bool written = word >> PID_BITS && load_acquire(&header->lease_generation) == word >> PID_BITS;
	holder.namespace = load_acquire(&header->lease_namespace);
	holder.start_ticks = load_acquire(&header->lease_start_ticks);
	/* a successor writes after it has changed the word */
	holder.known = written && load_acquire(&header->lease) == word;
	return holder;
}

/* The holder writes this again with each sign of life, because one that lost the lease long ago may write late. */
static void holder_write(struct seep_heap_header *header, const struct lease *lease)
{
	uint64_t generation = lease->word >> PID_BITS;
	if (load_relaxed(&header->lease_generation) == generation &&
	    load_relaxed(&header->lease_namespace) == lease->namespace &&
	    load_relaxed(&header->lease_start_ticks) == lease->start_ticks)
		return;
	store_release(&header->lease_generation, 0);
	store_release(&header->lease_namespace, lease->namespace);
	store_release(&header->lease_start_ticks, lease->start_ticks);
	store_release(&header->lease_generation, generation);
}

/* The recorded program itself, by a thread of its own? */
static bool is_program(const struct seep_heap_header *header, const struct holder *holder)
{
	uint64_t theirs = load_relaxed(&header->pid_namespace);
	return holder->pid == header->pid && (!holder->known || !theirs || holder->namespace == theirs);
}

static bool may_exist(const struct holder *holder)
{
	if (!holder->known)
		return true;
	if (holder->namespace == process_namespace())
		return process_exists(holder->pid, holder->start_ticks);
	return !namespace_sees_all() || namespace_find(holder->pid, holder->start_ticks) != 0;
}

bool lease_is_live(const struct seep_heap_header *header)
{
	struct holder holder = holder_read(header);
	if (holder.pid == 0)
		return false;
	if (is_program(header, &holder))
		return owner_is_alive(header);
	uint64_t seen_ns = load_relaxed(&header->lease_ns), now_ns = clock_read_ns(CLOCK_MONOTONIC);
	return seen_ns <= now_ns && now_ns - seen_ns < LEASE_SILENCE_NS && may_exist(&holder);
}

/* The new holder counts the event that the old one left in doubt. */
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
	uint64_t parent_pid, word = ((now >> PID_BITS) + 1) << PID_BITS | (uint32_t)system_getpid();
	/* before the word: a lease whose holder is alive and fresh must never look silent */
	store_relaxed(&header->lease_ns, clock_read_ns(CLOCK_MONOTONIC));
	/* acquire: we see all that the last holder folded; release: whoever finds us sees the generation */
	if (!atomic_compare_exchange_strong_explicit(&header->lease, &now, word, memory_order_acq_rel,
						     memory_order_relaxed))
		return false;
	lease->word = word;
	lease->namespace = process_namespace();
	process_identify((uint32_t)word, &parent_pid, &lease->start_ticks);
	holder_write(header, lease);
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
	holder_write(heap->header, lease);
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
