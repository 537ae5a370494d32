/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full tables make room: sites without live samples are given up, all sums stay
 * what they were, what lives keeps its name; with threads that go on meanwhile,
 * and with a kill at any moment.
 */
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
#include "keeper/heap/modules.h"
#include "keeper/heap/pool.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/site_users.h"
#include "keeper/heap/sites.h"
#include "keeper/heap/stacks.h"
#include "keeper/snapshot/build.h"
#include "keeper/snapshot/live_scan.h"
#include "keeper/snapshot/recycle.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

#define SITES 64
#define LEAF 0x100000 /* of a stack: this and a number, which is also the size of what comes from there */

static const struct build_options consumer = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
static const struct build_options post_mortem = {.trigger = SEEP_TRIGGER_POSTMORTEM, .dead = true};

/* A heap file with few sites, and few live samples, which each round reads. */
static void small_make(struct heap *heap, uint64_t rate)
{
	heap_make(heap, rate, 0);
	heap->capacity[SEEP_AREA_SITES] = SITES;
	heap->capacity[SEEP_AREA_INDEX0] = heap->capacity[SEEP_AREA_INDEX1] = 16;
	heap->capacity[SEEP_AREA_INDEX2] = 2 * SITES;
	heap->capacity[SEEP_AREA_STACKS] = 5 * SITES;
	heap->capacity[SEEP_AREA_LIFETIMES] = 4 * SITES;
	heap->capacity[SEEP_AREA_MODULES] = 32;
	for (int level = 0; level < SEEP_LIVE_LEVELS; level++)
		heap->capacity[SEEP_AREA_LIVE0 + level] = heap->capacity[SEEP_AREA_HOMES0 + level] = 512;
}

static uint64_t loss(const struct heap *heap, enum seep_loss_key key)
{
	return load_relaxed(&heap->header->losses[key]);
}

static void push(const struct heap *heap, const struct event *event)
{
	if (!ring_push(heap, event))
		site_fold(heap, event);
	site_let_go(heap, event->site);
}

/* As the recorder does, from a stack of `depth` frames that `number` decides; the site. */
static uint32_t allocate(const struct heap *heap, uint64_t address, unsigned number, unsigned depth)
{
	uintptr_t stack[64];
	for (unsigned i = 0; i < depth; i++)
		stack[i] = LEAF + number + 0x10000 * i;
	struct live_entry entry = {.address = address, .size = number, .birth_ns = address};
	entry.site = stack_site(heap, stack, depth, false);
	if (!live_insert(heap, &entry))
		abort();
	push(heap, &(struct event){
		       .kind = SEEP_EVENT_ALLOCATED, .size = number, .site = entry.site, .time_ns = entry.birth_ns});
	return entry.site;
}

static void release(const struct heap *heap, uint64_t address, uint64_t lifetime_ns)
{
	struct live_entry entry;
	if (!live_remove(heap, address, &entry))
		abort();
	push(heap,
	     &(struct event){.kind = SEEP_EVENT_FREED, .size = entry.size, .site = entry.site, .time_ns = lifetime_ns});
}

/* The keeper's step. */
static void keep(const struct heap *heap)
{
	ring_fold(heap, heap->capacity[SEEP_AREA_RING], false);
	if (recycle_is_due(heap))
		recycle(heap);
}

struct sums {
	uint64_t allocated, freed, in_use, lifetimes, nameless; /* samples; those in use without a stack */
	double allocated_bytes, freed_bytes;
};

static struct sums sums_of(const struct snapshot *snapshot)
{
	struct sums sums = {0};
	for (uint64_t i = 0; i < snapshot->site_count; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		sums.allocated += site->allocated.samples;
		sums.freed += site->freed.samples;
		sums.in_use += site->in_use.samples;
		sums.nameless += site->node ? 0 : site->in_use.samples;
		sums.allocated_bytes += measure_bytes(&site->allocated);
		sums.freed_bytes += measure_bytes(&site->freed);
	}
	for (uint64_t i = 0; i < snapshot->lifetime_count; i++)
		sums.lifetimes += snapshot->lifetimes[i].samples;
	return sums;
}

/* Every live sample is where it was allocated from: sizes tell. */
static bool names_are_right(const struct heap *heap)
{
	struct live_scan scan = live_scan_begin(heap);
	struct live_entry entry;
	uint64_t frame;
	while (live_scan_next(&scan, &entry) == LIVE_ENTRY) {
		const struct seep_heap_cell *stack = stack_of_site(heap, entry.site);
		if (!stack)
			return false;
		struct stack_reader reader = stack_read_begin(heap, stack);
		if (!stack_read(&reader, &frame) || frame != LEAF + entry.size)
			return false;
	}
	return true;
}

static void what_nothing_needs_makes_room(void **state)
{
	enum { STACKS = 20000, LEAKS = 20 };
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	double bytes = 0;
	small_make(&heap, 1);
	for (unsigned i = 0; i < STACKS; i++) {
		bool leaks = i % (STACKS / LEAKS) == 7;
		allocate(&heap, 0x10000 + 16 * (uint64_t)i, 1 + i, 1 + i % 30);
		if (!leaks)
			release(&heap, 0x10000 + 16 * (uint64_t)i, UINT64_C(1) << i % 40);
		bytes += 1 + i;
		if (i % 8 == 0)
			keep(&heap);
	}
	assert_true(names_are_right(&heap));
	for (int turn = 0; turn < 2; turn++) { /* read from the ring, then folded */
		struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
		struct sums sums = sums_of(&snapshot);
		assert_int_equal(sums.allocated, STACKS);
		assert_int_equal(sums.freed, STACKS - LEAKS);
		assert_int_equal(sums.lifetimes, STACKS - LEAKS);
		assert_int_equal(sums.in_use, LEAKS);
		assert_int_equal(sums.nameless, 0);
		assert_true(sums.allocated_bytes == bytes);
		assert_in_range(snapshot.losses[SEEP_LOSS_SITES_RETIRED], STACKS - SITES - LEAKS, STACKS);
		assert_int_equal(snapshot.sites[snapshot.site_count - 1].flags, SEEP_SITE_RETIRED);
		seep_snapshot_free(&image);
		ring_fold(&heap, SIZE_MAX, false);
	}
	assert_int_equal(loss(&heap, SEEP_LOSS_STACKS_FULL) + loss(&heap, SEEP_LOSS_STACKS_CUT) +
			     loss(&heap, SEEP_LOSS_LIFETIMES_FULL),
			 0);
	heap_unmake(&heap);
}

static void what_was_sampled_least_goes_first(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	small_make(&heap, 1);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned number = i % 2 ? 1 + i % 20 : 100 + i; /* ten that come again and again, and others once */
		allocate(&heap, 0x10000 + 16 * (uint64_t)i, number, 3);
		release(&heap, 0x10000 + 16 * (uint64_t)i, 5);
		if (i % 8 == 7)
			keep(&heap);
	}
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	for (unsigned number = 2; number <= 20; number += 2) {
		const struct seep_site *site = snapshot_site(&snapshot, LEAF + number);
		assert_non_null(site);
		assert_int_equal(site->allocated.samples, 100);
	}
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

/* All of it lives: callers are cut off, and at last only the leaf frame is left; none is without a name. */
static void tables_full_of_the_living_cut_stacks(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	small_make(&heap, 1);
	unsigned samples = 0;
	for (unsigned caller = 0; caller < 100; caller++) {
		for (unsigned number = 1; number <= 4; number++) {
			uintptr_t stack[20] = {LEAF + number, 0x1000 + caller};
			for (unsigned i = 2; i < 20; i++)
				stack[i] = 0x2000 + i;
			struct live_entry entry = {.address = 0x10000 + 16 * (uint64_t)samples++,
						   .size = number,
						   .birth_ns = 1,
						   .site = stack_site(&heap, stack, 20, false)};
			assert_int_not_equal(entry.site, 0);
			assert_true(live_insert(&heap, &entry));
			site_let_go(&heap, entry.site);
			keep(&heap);
		}
	}
	assert_true(names_are_right(&heap));
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(sums_of(&snapshot).nameless, 0);
	assert_int_equal(sums_of(&snapshot).in_use, samples);
	assert_int_equal(snapshot.losses[SEEP_LOSS_STACKS_FULL], 0);
	assert_in_range(snapshot.losses[SEEP_LOSS_STACKS_CUT], samples - SITES, samples);
	seep_snapshot_free(&image);
	/* and when they are gone, stacks are whole again */
	struct live_entry entry;
	for (unsigned i = 0; i < samples; i++) {
		assert_true(live_remove(&heap, 0x10000 + 16 * (uint64_t)i, &entry));
		site_let_go(&heap, entry.site);
	}
	keep(&heap);
	uint64_t cut = loss(&heap, SEEP_LOSS_STACKS_CUT);
	uint32_t site = allocate(&heap, 0x10000, 7, 20);
	assert_int_equal(stack_of_site(&heap, site)->depth, 20);
	assert_int_equal(loss(&heap, SEEP_LOSS_STACKS_CUT), cut);
	heap_unmake(&heap);
}

/* A module of the test's own, at one of two places, under ever-new names. */
static _Alignas(4096) char places[2][8192];
static struct loaded_module loaded;

static bool find_one(uintptr_t address, struct loaded_module *module)
{
	if (address < loaded.start || address >= loaded.end)
		return false;
	*module = loaded;
	return true;
}

static void modules_without_end_find_room(void **state)
{
	enum { MODULES = 3000, LEAKS = 10 };
	(void)state;
	struct heap heap;
	char name[32];
	uint32_t leaks[LEAKS], count = 0;
	small_make(&heap, 1);
	modules_set_finder(find_one);
	for (unsigned i = 0; i < MODULES; i++) {
		char *place = places[i % 3 == 0];
		snprintf(name, sizeof name, "/tmp/plugin%u.so", i);
		loaded = (struct loaded_module){.start = (uintptr_t)place,
						.end = (uintptr_t)place + sizeof *places,
						.bias = (uintptr_t)place - 0x1000,
						.name = name};
		uintptr_t stack[2] = {loaded.start + 0x10 + i % 5, 0x77};
		uint32_t site = stack_site(&heap, stack, 2, false);
		struct live_entry entry = {
		    .address = 0x10000 + 16 * (uint64_t)i, .size = i, .birth_ns = 1, .site = site};
		assert_int_not_equal(site, 0);
		assert_true(live_insert(&heap, &entry));
		site_let_go(&heap, site);
		if (i % (MODULES / LEAKS) == 5)
			leaks[count++] = site;
		else
			release(&heap, entry.address, 5);
		if (i % 4 == 0) {
			keep(&heap);
			keep(&heap); /* from limbo to free */
		}
	}
	assert_int_equal(loss(&heap, SEEP_LOSS_MODULES_FULL), 0);
	assert_int_equal(loss(&heap, SEEP_LOSS_STACKS_FULL), 0);
	for (uint32_t i = 0; i < count; i++) {
		struct stack_reader reader = stack_read_begin(&heap, stack_of_site(&heap, leaks[i]));
		uint64_t frame;
		assert_true(stack_read(&reader, &frame));
		snprintf(name, sizeof name, "/tmp/plugin%u.so", i * (MODULES / LEAKS) + 5);
		assert_string_equal(module_entry(&heap, SEEP_FRAME_MODULE(frame))->path, name);
	}
	modules_set_finder(NULL);
	heap_unmake(&heap);
}

#define THREADS 4
#define TURNS 5000
#define HELD 8

struct worker {
	const struct heap *heap;
	unsigned number;
	bool wrong;
};
static _Atomic unsigned finished;

/* The keeper of a table this small needs some patience. */
static void let_the_keeper(const struct heap *heap)
{
	for (int i = 0; i < 50 && pool_left(heap, SEEP_AREA_SITES) < SITES / 8; i++)
		sched_yield();
}

/* Stacks of its own and some that all have; what is freed still has its name. */
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

/* What was committed to the ring, but for what its consumer was just folding. */
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

/* Program and keeper at once, at moments that chance decides. How many of them lie inside a round depends on the machine: it
 * is said. A successor goes on. */
static void a_kill_at_any_moment_leaves_all_sums(void **state)
{
	(void)state;
	struct heap heap;
	unsigned inside = 0;
	for (unsigned turn = 0; turn < 120 || (inside == 0 && turn < 600); turn++) {
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
	    cmocka_unit_test(what_nothing_needs_makes_room),
	    cmocka_unit_test(what_was_sampled_least_goes_first),
	    cmocka_unit_test(tables_full_of_the_living_cut_stacks),
	    cmocka_unit_test(modules_without_end_find_room),
	    cmocka_unit_test(threads_go_on_meanwhile),
	    cmocka_unit_test(a_kill_at_any_moment_leaves_all_sums),
	};
	return cmocka_run_group_tests_name("recycle", tests, NULL, NULL);
}
