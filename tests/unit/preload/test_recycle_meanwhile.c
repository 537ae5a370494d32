/* SPDX-License-Identifier: Apache-2.0 */
/* Tables make room while threads go on, and when program and keeper are killed at any moment. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/live.h"
#include "keeper/heap/pool.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/stacks.h"
#include "keeper/snapshot/build.h"
#include "keeper/snapshot/recycle.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"
#include "support/recycle_maker.h"

static const struct build_options consumer = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
static const struct build_options post_mortem = {.trigger = SEEP_TRIGGER_POSTMORTEM, .dead = true};

#define THREADS 4
#define TURNS 5000
#define HELD 8
#ifdef __SANITIZE_THREAD__
#define KILLS 15 /* it sees nothing of another process */
#else
#define KILLS 120
#endif

struct worker {
	const struct heap *heap;
	unsigned number;
	bool wrong;
};
static _Atomic unsigned finished;

/* The keeper of such a small table needs some patience. */
static void let_the_keeper(const struct heap *heap)
{
	for (int i = 0; i < 50 && pool_left(heap, SEEP_AREA_SITES) < SITES / 8; i++)
		sched_yield();
}

/* Stacks of its own and some that all have; freed blocks still have their names. */
static void *work(void *argument)
{
	struct worker *worker = argument;
	uint64_t first = 0x7f0000000000 + ((uint64_t)worker->number << 32);
	for (unsigned i = 0; i < TURNS; i++) {
		uint64_t address = first + 16 * (uint64_t)(i % HELD);
		struct live_entry entry;
		if (i >= HELD) {
			uint64_t frame = 0;
			if (!live_remove(worker->heap, address, &entry))
				abort();
			const struct seep_heap_cell *stack = stack_of_site(worker->heap, entry.site);
			struct stack_reader reader;
			if (stack) {
				reader = stack_read_begin(worker->heap, stack);
				stack_read(&reader, &frame);
			}
			worker->wrong |= entry.site && frame != LEAF + entry.size;
			push(worker->heap, &(struct event){.kind = SEEP_EVENT_FREED,
							   .size = entry.size,
							   .site = entry.site,
							   .time_ns = UINT64_C(1) << i % 20});
		}
		if (i % 8 == 0)
			let_the_keeper(worker->heap);
		allocate(worker->heap, address, i % 2 ? 1 + i % 7 : 10 + (i * THREADS + worker->number) % 40000,
			 1 + i % 20);
	}
	add_release(&finished, 1);
	return NULL;
}

static void threads_go_on_meanwhile(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	pthread_t threads[THREADS];
	struct worker workers[THREADS];
	small_make(&heap, 1);
	store_relaxed(&finished, 0);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.heap = &heap, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned turn = 0; load_acquire(&finished) < THREADS; turn++) {
		keep(&heap);
		if (turn % 16 == 0) {
			struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
			seep_snapshot_free(&image);
		}
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(workers[i].wrong);
	}
	for (uint32_t i = 1; i < load_relaxed(&heap.header->site_count); i++)
		assert_int_equal(load_relaxed(&heap.sites[i].users) & ~SEEP_SITE_OPEN, 0);
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	struct sums sums = sums_of(&snapshot);
	assert_int_equal(sums.allocated, THREADS * TURNS);
	assert_int_equal(sums.freed, THREADS * (TURNS - HELD));
	assert_int_equal(sums.in_use, THREADS * HELD);
	assert_true(snapshot.losses[SEEP_LOSS_SITES_RETIRED] > 1000);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

/* Until it is killed. */
static void live_on(const struct heap *heap, unsigned number)
{
	for (;; number++) {
		uint64_t address = 0x10000 + 16 * (uint64_t)(number % 8);
		struct live_entry entry;
		if (live_remove(heap, address, &entry))
			push(heap,
			     &(struct event){
				 .kind = SEEP_EVENT_FREED, .size = entry.size, .site = entry.site, .time_ns = number});
		allocate(heap, address, 1 + number % 60000, 1 + number % 20);
		if (number % 4 == 0)
			keep(heap);
	}
}

/* Everything that was committed to the ring, except the record that its consumer was folding. */
static void counters_are_whole(const struct heap *heap)
{
	struct snapshot snapshot;
	struct seep_image built = snapshot_made(heap, &post_mortem, &snapshot);
	struct sums sums = sums_of(&snapshot);
	uint64_t events = load_relaxed(&heap->header->ring_head) - snapshot.losses[SEEP_LOSS_RING_HOLES];
	assert_in_range(sums.allocated + sums.freed, events, events + snapshot.losses[SEEP_LOSS_EVENTS_DOUBTED]);
	seep_snapshot_free(&built);
}

static void nothing_is_given_out_twice(const struct heap *heap)
{
	static uint8_t seen[5 * SITES];
	memset(seen, 0, sizeof seen);
	for (uint32_t i = 1; i < SITES; i++) {
		uint32_t cell = load_relaxed(&heap->sites[i].stack);
		for (; cell; cell = load_relaxed(&heap->stacks[cell].next)) {
			assert_int_equal(seen[cell], 0);
			seen[cell] = 1;
		}
	}
	for (uint32_t cell = (uint32_t)load_relaxed(&heap->header->free[SEEP_AREA_STACKS]); cell;
	     cell = load_relaxed(&heap->stacks[cell].next)) {
		assert_int_equal(seen[cell], 0);
		seen[cell] = 1;
	}
	memset(seen, 0, sizeof seen);
	for (uint32_t site = (uint32_t)load_relaxed(&heap->header->free[SEEP_AREA_SITES]); site;
	     site = load_relaxed(&heap->sites[site].next_free)) {
		assert_int_equal(seen[site], 0);
		seen[site] = 1;
		assert_int_equal(load_relaxed(&heap->sites[site].users), 0);
		assert_int_equal(load_relaxed(&heap->sites[site].allocated.samples), 0);
	}
}

/* Program and keeper at once, at random moments. How many of them are inside a round depends on the machine, and is
 * printed. A successor goes on. */
static void a_kill_at_any_moment_leaves_all_sums(void **state)
{
	(void)state;
	struct heap heap;
	unsigned inside = 0;
	for (unsigned turn = 0; turn < KILLS || (inside == 0 && turn < 5 * KILLS); turn++) {
		if (turn % 5 == 0)
			small_make(&heap, 1);
		uint32_t rounds = load_relaxed(&heap.header->recycled);
		pid_t child = child_fork();
		if (child == 0)
			live_on(&heap, turn * 1000);
		for (int i = 0; i < 50000 && load_relaxed(&heap.header->recycled) == rounds; i++)
			usleep(100);
		usleep(turn * 37 % 1000);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		for (uint32_t i = 1, found = 0; i < SITES && !found; i++)
			inside += found = load_relaxed(&heap.sites[i].users) & SEEP_SITE_CLOSED ? 1 : 0;
		counters_are_whole(&heap);
		if (load_relaxed(&heap.header->ring_folding) != load_relaxed(&heap.header->ring_tail))
			heap_count_loss(&heap, SEEP_LOSS_EVENTS_DOUBTED); /* as who takes the lease */
		ring_fold(&heap, SIZE_MAX, true);
		recycle(&heap); /* ends the round */
		counters_are_whole(&heap);
		nothing_is_given_out_twice(&heap);
		if (turn % 5 == 4)
			heap_unmake(&heap);
	}
	print_message("# %u kills inside a round\n", inside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(threads_go_on_meanwhile),
	    cmocka_unit_test(a_kill_at_any_moment_leaves_all_sums),
	};
	return cmocka_run_group_tests_name("recycle meanwhile", tests, NULL, NULL);
}
