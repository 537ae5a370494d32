/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full tables make room: sites without live samples are given up, all sums stay the same, and live sites keep their
 * names.
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
#include "support/recycle_maker.h"

static const struct build_options consumer = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};

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

/* All stacks live: callers are cut off, and at last only the leaf frame is left, but none is without a name. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_nothing_needs_makes_room),
	    cmocka_unit_test(what_was_sampled_least_goes_first),
	    cmocka_unit_test(tables_full_of_the_living_cut_stacks),
	    cmocka_unit_test(modules_without_end_find_room),
	};
	return cmocka_run_group_tests_name("recycle", tests, NULL, NULL);
}
