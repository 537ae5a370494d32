/* SPDX-License-Identifier: Apache-2.0 */
/* The ring: order, a full ring, holes, corruption, and many producers beside one consumer. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/sites.h"
#include "support/heap_maker.h"

static struct event allocation(uint32_t site, uint64_t size)
{
	return (struct event){.kind = SEEP_EVENT_ALLOCATED, .site = site, .size = size};
}

static void reads_back_what_was_pushed_in_order(void **state)
{
	(void)state;
	struct heap heap;
	struct event event;
	heap_make(&heap, 1, 0);
	for (uint32_t i = 1; i <= 3; i++) {
		struct event pushed = {.kind = SEEP_EVENT_FREED,
				       .site = i,
				       .size = 100 * i,
				       .rate_index = i,
				       .thread = 7 * i,
				       .time_ns = 11 * i};
		assert_true(ring_push(&heap, &pushed));
	}
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(ring_read(&heap, i - 1, &event), RING_EVENT);
		assert_int_equal(event.kind, SEEP_EVENT_FREED);
		assert_int_equal(event.site, i);
		assert_int_equal(event.size, 100 * i);
		assert_int_equal(event.rate_index, i);
		assert_int_equal(event.thread, 7 * i);
		assert_int_equal(event.time_ns, 11 * i);
	}
	assert_int_equal(ring_read(&heap, 3, &event), RING_EMPTY);
	heap_unmake(&heap);
}

static void a_free_by_a_growing_realloc_is_counted_as_such(void **state)
{
	(void)state;
	struct heap heap;
	struct event event = allocation(1, 1000);
	heap_make(&heap, 1, 0);
	assert_true(ring_push(&heap, &event));
	event.kind = SEEP_EVENT_FREED;
	assert_true(ring_push(&heap, &event));
	event.kind = SEEP_EVENT_FREED_REMOTELY;
	event.grown = true;
	assert_true(ring_push(&heap, &event));
	assert_int_equal(ring_read(&heap, 2, &event), RING_EVENT);
	assert_int_equal(event.kind, SEEP_EVENT_FREED_REMOTELY);
	assert_true(event.grown);
	assert_int_equal(ring_fold(&heap, 8, false), 3);
	assert_int_equal(load_relaxed(&heap.sites[1].freed.samples), 2);
	assert_int_equal(load_relaxed(&heap.sites[1].freed_grown.samples), 1);
	heap_unmake(&heap);
}

static void a_full_ring_refuses_and_takes_again_after_folding(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	uint32_t capacity = heap.capacity[SEEP_AREA_RING];
	struct event event = allocation(1, 10);
	for (uint32_t i = 0; i < capacity; i++)
		assert_true(ring_push(&heap, &event));
	assert_false(ring_push(&heap, &event));
	assert_int_equal(ring_fold(&heap, 5, false), 5);
	for (int i = 0; i < 5; i++)
		assert_true(ring_push(&heap, &event));
	assert_false(ring_push(&heap, &event));
	assert_int_equal(ring_fold(&heap, SIZE_MAX, false), capacity);
	assert_int_equal(load_relaxed(&heap.sites[1].allocated.samples), capacity + 5);
	heap_unmake(&heap);
}

static void waits_at_a_hole_while_alive_and_counts_it_when_dead(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	struct event event = allocation(1, 10);
	assert_true(ring_push(&heap, &event));
	add_relaxed(&heap.header->ring_head, 1); /* reserved by a thread that was killed */
	assert_true(ring_push(&heap, &event));
	assert_int_equal(ring_fold(&heap, SIZE_MAX, false), 1);
	assert_int_equal(ring_fold(&heap, SIZE_MAX, true), 2);
	assert_int_equal(load_relaxed(&heap.sites[1].allocated.samples), 2);
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_RING_HOLES]), 1);
	heap_unmake(&heap);
}

static void notices_any_flipped_bit_of_a_record(void **state)
{
	(void)state;
	struct heap heap;
	struct event event = {.kind = SEEP_EVENT_ALLOCATED, .site = 3, .size = 4711, .thread = 2, .time_ns = 123456789};
	heap_make(&heap, 1, 0);
	assert_true(ring_push(&heap, &event));
	unsigned passed = 0;
	for (unsigned bit = 32; bit < 256; bit++) { /* the low half of the commit word is the position: a hole */
		uint64_t *words = (uint64_t *)&heap.ring[0];
		words[bit / 64] ^= UINT64_C(1) << bit % 64;
		passed += ring_read(&heap, 0, &event) == RING_EVENT;
		words[bit / 64] ^= UINT64_C(1) << bit % 64;
	}
	assert_int_equal(passed, 0);
	assert_int_equal(ring_read(&heap, 0, &event), RING_EVENT);
	heap_unmake(&heap);
}

#define PRODUCERS 8
#define EVENTS 40000

static _Atomic int finished;

struct producer {
	struct heap *heap;
	uint32_t site;
	uint64_t self_folded;
};

static void *produce(void *argument)
{
	struct producer *producer = argument;
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct event event = allocation(producer->site, 1 + i % 64);
		if (!ring_push(producer->heap, &event)) {
			site_fold(producer->heap, &event);
			producer->self_folded++;
		}
	}
	add_release(&finished, 1);
	return NULL;
}

static void loses_nothing_with_eight_producers_and_one_consumer(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	pthread_t threads[PRODUCERS];
	struct producer producers[PRODUCERS];
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){.heap = &heap, .site = 1 + i % 4}; /* two threads a site */
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
	}
	uint64_t folded = 0, self_folded = 0;
	while (load_acquire(&finished) < PRODUCERS)
		folded += ring_fold(&heap, 1000, false);
	for (int i = 0; i < PRODUCERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		self_folded += producers[i].self_folded;
	}
	folded += ring_fold(&heap, SIZE_MAX, false);
	assert_int_equal(folded + self_folded, (uint64_t)PRODUCERS * EVENTS);
	for (int site = 1; site <= 4; site++) {
		assert_int_equal(load_relaxed(&heap.sites[site].allocated.samples), 2 * EVENTS);
		assert_true(double_load(&heap.sites[site].allocated.bytes.certain) == 2 * EVENTS / 64 * (64 * 65 / 2));
	}
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_RING_HOLES]), 0);
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_RING_CORRUPT]), 0);
	heap_unmake(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_back_what_was_pushed_in_order),
	    cmocka_unit_test(a_free_by_a_growing_realloc_is_counted_as_such),
	    cmocka_unit_test(a_full_ring_refuses_and_takes_again_after_folding),
	    cmocka_unit_test(waits_at_a_hole_while_alive_and_counts_it_when_dead),
	    cmocka_unit_test(notices_any_flipped_bit_of_a_record),
	    cmocka_unit_test(loses_nothing_with_eight_producers_and_one_consumer),
	};
	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
