/* SPDX-License-Identifier: Apache-2.0 */
/* The live table: what is inserted can be removed, also with many threads; live = inserted - removed. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/live.h"
#include "keeper/snapshot/live_scan.h"
#include "support/heap_maker.h"

static uint64_t count_live(const struct heap *heap)
{
	uint64_t live = 0;
	struct live_entry entry;
	for (uint32_t level = 0; level < SEEP_LIVE_LEVELS; level++) {
		for (uint32_t slot = 0; slot < heap->capacity[SEEP_AREA_LIVE0 + level]; slot++)
			live += live_read(heap, level, slot, &entry) == LIVE_ENTRY;
	}
	return live;
}

static uint64_t balance(const struct heap *heap)
{
	return load_relaxed(&heap->header->live_inserted) - load_relaxed(&heap->header->live_removed);
}

static void a_sample_comes_back_as_it_was_inserted(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	struct live_entry entry = {.address = 0x7f0012345670,
				   .size = SEEP_SIZE_LIMIT,
				   .birth_ns = 99,
				   .rate_index = 63,
				   .site = 77,
				   .thread = 0xffffffff},
			  out;
	assert_true(live_insert(&heap, &entry));
	assert_int_equal(count_live(&heap), 1);
	assert_false(live_remove(&heap, 0x7f0012345680, &out));
	assert_true(live_remove(&heap, entry.address, &out));
	assert_int_equal(out.address, entry.address);
	assert_int_equal(out.size, entry.size);
	assert_int_equal(out.birth_ns, entry.birth_ns);
	assert_int_equal(out.rate_index, entry.rate_index);
	assert_int_equal(out.site, entry.site);
	assert_int_equal(out.thread, entry.thread);
	assert_false(live_remove(&heap, entry.address, &out));
	assert_int_equal(count_live(&heap), 0);
	heap_unmake(&heap);
}

/* Readers see it all the while. The address's next owner takes it out, and then it is nobody's. */
static void what_is_held_stays_until_it_is_dropped(void **state)
{
	(void)state;
	struct heap heap;
	struct live_hold hold, second;
	struct live_entry entry = {.address = 0x7f0012345670, .size = 500, .birth_ns = 1}, out;
	heap_make(&heap, 512 << 10, 0);
	assert_false(live_hold(&heap, entry.address, 1, &hold));
	assert_true(live_insert(&heap, &entry));
	assert_true(live_hold(&heap, entry.address, 1, &hold));
	assert_int_equal(count_live(&heap), 1);
	assert_int_equal(balance(&heap), 1);
	assert_int_equal(live_read(&heap, hold.level, hold.slot, &out), LIVE_ENTRY);
	assert_int_equal(out.address, entry.address);
	assert_true(live_keep(&heap, &hold));
	assert_true(live_hold(&heap, entry.address, 300, &hold));
	assert_true(live_remove(&heap, entry.address, &out));
	assert_int_equal(out.size, 500);
	entry.birth_ns = 2;
	assert_true(live_insert(&heap, &entry));
	assert_false(live_drop(&heap, &hold));
	assert_true(live_hold(&heap, entry.address, 2, &second));
	assert_false(live_drop(&heap, &hold));
	assert_false(live_keep(&heap, &hold));
	assert_true(live_drop(&heap, &second));
	assert_int_equal(count_live(&heap), 0);
	assert_int_equal(balance(&heap), 0);
	entry.address |= UINT64_C(3) << 57; /* no room for a tag: it is refused, and counted */
	assert_false(live_insert(&heap, &entry));
	heap_unmake(&heap);
}

/* The filter may send free(NULL) here, and a free slot holds 0. */
static void no_free_slot_is_taken_for_the_null_pointer(void **state)
{
	(void)state;
	struct heap heap;
	struct live_entry out;
	heap_make(&heap, 512 << 10, 0);
	for (uint64_t i = 1; i < 5000; i++) { /* every home has been in use once */
		struct live_entry entry = {.address = i * 48};
		assert_true(live_insert(&heap, &entry));
	}
	for (uint64_t i = 1; i < 5000; i++)
		assert_true(live_remove(&heap, i * 48, &out));
	assert_false(live_remove(&heap, 0, &out));
	assert_false(live_remove(&heap, SEEP_LIVE_WRITING, &out));
	assert_int_equal(balance(&heap), 0);
	heap_unmake(&heap);
}

static void takes_the_small_level_first(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_true(live_insert(&heap, &(struct live_entry){.address = 0x5500000000 + 64 * i}));
	uint64_t in_first = 0;
	struct live_entry entry;
	for (uint32_t slot = 0; slot < heap.capacity[SEEP_AREA_LIVE0]; slot++)
		in_first += live_read(&heap, 0, slot, &entry) == LIVE_ENTRY;
	assert_int_equal(in_first, 1000);
	heap_unmake(&heap);
}

static void fills_to_most_of_its_size_then_refuses_and_stays_right(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	uint64_t slots = 0, inserted = 0;
	for (int level = 0; level < SEEP_LIVE_LEVELS; level++)
		slots += heap.capacity[SEEP_AREA_LIVE0 + level];
	while (
	    live_insert(&heap, &(struct live_entry){.address = 0x7f0000000000 + 48 * inserted, .birth_ns = inserted}))
		inserted++;
	assert_true(inserted > slots * 6 / 10);
	assert_int_equal(count_live(&heap), inserted);
	for (uint64_t i = 0; i < inserted; i++) {
		struct live_entry entry;
		assert_true(live_remove(&heap, 0x7f0000000000 + 48 * i, &entry));
		assert_int_equal(entry.birth_ns, i);
	}
	assert_int_equal(count_live(&heap), 0);
	assert_int_equal(balance(&heap), 0);
	heap_unmake(&heap);
}

static void regular_addresses_fill_it_as_far_as_others(void **state)
{
	(void)state;
	for (uint64_t stride = 16; stride <= 1 << 20; stride *= 4) {
		struct heap heap;
		heap_make(&heap, 512 << 10, 0);
		uint64_t slots = 0, inserted = 0;
		for (int level = 0; level < SEEP_LIVE_LEVELS; level++)
			slots += heap.capacity[SEEP_AREA_LIVE0 + level];
		while (live_insert(&heap, &(struct live_entry){.address = 0x7f0000000000 + stride * inserted}))
			inserted++;
		if (inserted <= slots * 7 / 10)
			fail_msg("full at %lu of %lu, addresses %lu bytes apart", inserted, slots, stride);
		heap_unmake(&heap);
	}
}

#define THREADS 8
#define ROUNDS 20000
#define HELD 64

static void *churn(void *argument)
{
	struct heap *heap = ((void **)argument)[0];
	uint64_t thread = (uintptr_t)((void **)argument)[1], held[HELD] = {0}, next = 0;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t slot = i * 31 % HELD;
		struct live_entry entry;
		if (held[slot]) {
			if (!live_remove(heap, held[slot], &entry) || entry.size != held[slot] % 1000)
				return (void *)1;
		}
		/* each thread's own addresses, reused quickly, interleaved with the others' */
		held[slot] = 0x7f0000000000 + (next++ % 200 * THREADS + thread) * 16;
		for (uint64_t other = 0; other < HELD; other++) {
			if (other != slot && held[other] == held[slot])
				held[slot] = 0;
		}
		if (held[slot] &&
		    !live_insert(heap,
				 &(struct live_entry){.address = held[slot], .size = held[slot] % 1000, .birth_ns = i}))
			return (void *)2;
	}
	for (uint64_t slot = 0; slot < HELD; slot++) {
		struct live_entry entry;
		if (held[slot] && slot % 2 && !live_remove(heap, held[slot], &entry))
			return (void *)3;
	}
	return NULL;
}

static _Atomic bool reading;

/* A reader beside the writers: everything that it accepts is whole. */
static void *read_all(void *argument)
{
	const struct heap *heap = argument;
	uintptr_t torn = 0;
	while (load_relaxed(&reading)) {
		for (uint32_t slot = 0; slot < heap->capacity[SEEP_AREA_LIVE0]; slot++) {
			struct live_entry entry;
			if (live_read(heap, 0, slot, &entry) == LIVE_ENTRY && entry.size != entry.address % 1000)
				torn++;
		}
	}
	return (void *)torn;
}

static void keeps_its_balance_under_eight_threads_and_a_reader(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	pthread_t threads[THREADS], reader;
	void *arguments[THREADS][2], *result;
	store_relaxed(&reading, true);
	assert_int_equal(pthread_create(&reader, NULL, read_all, &heap), 0);
	for (uintptr_t i = 0; i < THREADS; i++) {
		arguments[i][0] = &heap;
		arguments[i][1] = (void *)i;
		assert_int_equal(pthread_create(&threads[i], NULL, churn, arguments[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
	store_relaxed(&reading, false);
	assert_int_equal(pthread_join(reader, &result), 0);
	assert_null(result);
	assert_int_equal(count_live(&heap), balance(&heap));
	assert_true(balance(&heap) > 0);
	heap_unmake(&heap);
}

/* As in tests/model/live.pml, with real threads: an address belongs to the allocator, to one of the threads, or to the
 * program, whose own order of its hand-over is all that the table has to go by. */
#define ADDRESSES 600
#define CALLS 40000

enum address_state { POOL, BUSY, TAKEN };

static struct program_address {
	_Atomic int state;
	uint64_t birth_ns; /* of the entry; of the one thread that has made it BUSY */
} addresses[ADDRESSES];

static uint64_t content(uint64_t address, uint64_t birth_ns)
{
	return (address * 31 ^ birth_ns * 17) & 0xffffff;
}

static uint64_t address_of(uint64_t number)
{
	return 0x7f0000000000 + number * 4096;
}

static bool address_seize(struct program_address *address, int from)
{
	return atomic_compare_exchange_strong_explicit(&address->state, &from, BUSY, memory_order_acquire,
						       memory_order_relaxed);
}

static bool entry_is_sound(const struct live_entry *entry)
{
	return entry->size == content(entry->address, entry->birth_ns) &&
	       entry->site == (uint32_t)(entry->size ^ 0x5555) && entry->thread == (uint32_t)entry->birth_ns;
}

static bool put_in(const struct heap *heap, struct program_address *address, uint64_t number, uint64_t birth_ns)
{
	struct live_entry entry = {.address = address_of(number), .birth_ns = birth_ns};
	entry.size = content(entry.address, birth_ns);
	entry.site = (uint32_t)(entry.size ^ 0x5555);
	entry.thread = (uint32_t)birth_ns;
	address->birth_ns = birth_ns;
	return live_insert(heap, &entry);
}

/* malloc, free and realloc of addresses that other threads have made. */
static void *trade(void *argument)
{
	struct heap *heap = ((void **)argument)[0];
	uint64_t thread = (uintptr_t)((void **)argument)[1], random = thread + 1, birth_ns = thread + 1;
	for (uint64_t i = 0; i < CALLS; i++, birth_ns += THREADS) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint64_t number = (random >> 33) % ADDRESSES;
		struct program_address *address = &addresses[number];
		struct live_entry entry;
		int after = TAKEN;
		if (address_seize(address, TAKEN)) {
			if (!live_remove(heap, address_of(number), &entry) || !entry_is_sound(&entry) ||
			    entry.birth_ns != address->birth_ns)
				return (void *)1;
			if (random >> 60 & 1) /* free; otherwise realloc in its place */
				after = POOL;
		} else if (!address_seize(address, POOL)) {
			continue;
		}
		if (after == TAKEN && !put_in(heap, address, number, birth_ns))
			return (void *)2;
		store_release(&address->state, after);
	}
	return NULL;
}

/* A keeper's scan meanwhile finds whole entries, and each once unless it was inserted anew. */
static void *scan_all(void *argument)
{
	const struct heap *heap = argument;
	static uint64_t seen[ADDRESSES];
	uintptr_t faults = 0;
	while (load_relaxed(&reading)) {
		struct live_scan scan = live_scan_begin(heap);
		struct live_entry entry;
		enum live_read what;
		for (int i = 0; i < ADDRESSES; i++)
			seen[i] = 0;
		while ((what = live_scan_next(&scan, &entry)) != LIVE_EMPTY) {
			if (what != LIVE_ENTRY)
				continue;
			uint64_t number = (entry.address - address_of(0)) / 4096;
			faults += number >= ADDRESSES || !entry_is_sound(&entry) || seen[number] == entry.birth_ns;
			if (number < ADDRESSES)
				seen[number] = entry.birth_ns;
		}
	}
	return (void *)faults;
}

static void addresses_that_go_from_thread_to_thread_are_found_by_whoever_frees_them(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	pthread_t threads[THREADS], scanner;
	void *arguments[THREADS][2], *result;
	uint64_t taken = 0;
	store_relaxed(&reading, true);
	assert_int_equal(pthread_create(&scanner, NULL, scan_all, &heap), 0);
	for (uintptr_t i = 0; i < THREADS; i++) {
		arguments[i][0] = &heap;
		arguments[i][1] = (void *)i;
		assert_int_equal(pthread_create(&threads[i], NULL, trade, arguments[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
	store_relaxed(&reading, false);
	assert_int_equal(pthread_join(scanner, &result), 0);
	assert_null(result);
	for (int i = 0; i < ADDRESSES; i++)
		taken += load_relaxed(&addresses[i].state) == TAKEN;
	assert_true(taken > 0);
	assert_int_equal(count_live(&heap), taken);
	assert_int_equal(balance(&heap), taken);
	heap_unmake(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sample_comes_back_as_it_was_inserted),
	    cmocka_unit_test(what_is_held_stays_until_it_is_dropped),
	    cmocka_unit_test(no_free_slot_is_taken_for_the_null_pointer),
	    cmocka_unit_test(takes_the_small_level_first),
	    cmocka_unit_test(fills_to_most_of_its_size_then_refuses_and_stays_right),
	    cmocka_unit_test(regular_addresses_fill_it_as_far_as_others),
	    cmocka_unit_test(keeps_its_balance_under_eight_threads_and_a_reader),
	    cmocka_unit_test(addresses_that_go_from_thread_to_thread_are_found_by_whoever_frees_them),
	};
	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
