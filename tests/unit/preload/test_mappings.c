/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own mappings: the ring of calls, the table that they make, and its two states in the heap file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"
#include "keeper/mappings/mapping_fold.h"
#include "support/heap_maker.h"

#define PAGE UINT64_C(4096)
#define FOREVER UINT64_MAX /* a call that began after all that was mapped */

static struct mapping_event mapped(uint64_t address, uint64_t length, uint32_t site)
{
	return (struct mapping_event){
	    .kind = SEEP_MAPPING_MAPPED, .address = address, .length = length, .site = site, .since = FOREVER};
}

static struct mapping_event unmapped(uint64_t address, uint64_t length)
{
	return (struct mapping_event){
	    .kind = SEEP_MAPPING_UNMAPPED, .address = address, .length = length, .since = FOREVER};
}

static struct mapping_table table;
static uint64_t position;

static void apply(struct mapping_event event)
{
	mapping_table_apply(&table, &event, position++);
}

static int table_begin(void **state)
{
	(void)state;
	position = 0;
	return mapping_table_make(&table, 64, 8) ? 0 : -1;
}

static int table_end(void **state)
{
	(void)state;
	mapping_table_free(&table);
	return 0;
}

static const struct seep_heap_mapping_site *site_of(uint32_t stack)
{
	for (uint32_t i = 1; i < table.site_count; i++)
		if (table.sites[i].stack == stack)
			return &table.sites[i];
	return NULL;
}

static uint64_t bytes_of(uint32_t stack)
{
	return site_of(stack)->mapped_bytes - site_of(stack)->unmapped_bytes;
}

static void a_hole_leaves_both_ends(void **state)
{
	(void)state;
	apply(mapped(10 * PAGE, 10 * PAGE, 1));
	apply(unmapped(14 * PAGE, 2 * PAGE));
	assert_int_equal(table.count, 2);
	assert_int_equal(bytes_of(1), 8 * PAGE);
	assert_int_equal(mapping_site_live(site_of(1)), 2);
	apply(unmapped(0, 100 * PAGE));
	assert_int_equal(table.count, 0);
	assert_int_equal(bytes_of(1), 0);
	assert_int_equal(mapping_site_live(site_of(1)), 0);
	assert_int_equal(site_of(1)->mapped_bytes, 10 * PAGE);
}

static void ends_are_cut_off(void **state)
{
	(void)state;
	apply(mapped(10 * PAGE, 10 * PAGE, 1));
	apply(unmapped(8 * PAGE, 4 * PAGE));
	apply(unmapped(19 * PAGE, 4 * PAGE));
	assert_int_equal(table.count, 1);
	assert_int_equal(table.mappings[0].start, 12 * PAGE);
	assert_int_equal(table.mappings[0].end, 19 * PAGE);
	assert_int_equal(bytes_of(1), 7 * PAGE);
}

static void a_mapping_takes_the_place_of_others(void **state)
{
	(void)state;
	apply(mapped(10 * PAGE, 10 * PAGE, 1));
	apply(mapped(30 * PAGE, 1 * PAGE, 1));
	apply(mapped(15 * PAGE, 16 * PAGE, 2));
	assert_int_equal(bytes_of(1), 5 * PAGE);
	assert_int_equal(bytes_of(2), 16 * PAGE);
	assert_int_equal(table.count, 2);
}

/* Another thread has mapped the range that this one unmapped, and was the first to say so. */
static void what_was_mapped_meanwhile_stays(void **state)
{
	(void)state;
	apply(mapped(10 * PAGE, 10 * PAGE, 1));
	struct mapping_event unmap = unmapped(10 * PAGE, 10 * PAGE);
	unmap.since = position;
	apply(mapped(10 * PAGE, 5 * PAGE, 2));
	apply(unmap);
	assert_int_equal(bytes_of(1), 0);
	assert_int_equal(bytes_of(2), 5 * PAGE);
	assert_int_equal(table.count, 1);
}

static void a_mapping_that_moves_is_its_mover_s(void **state)
{
	(void)state;
	struct mapping_event move = {.kind = SEEP_MAPPING_MOVED,
				     .address = 50 * PAGE,
				     .length = 20 * PAGE,
				     .old_address = 10 * PAGE,
				     .old_length = 10 * PAGE,
				     .site = 2,
				     .since = FOREVER};
	struct mapping_event shared = mapped(10 * PAGE, 10 * PAGE, 1);
	shared.sort = SEEP_MAPPING_SHARED;
	apply(shared);
	apply(move);
	assert_int_equal(bytes_of(1), 0);
	assert_int_equal(bytes_of(2), 20 * PAGE);
	assert_int_equal(site_of(2)->sort, SEEP_MAPPING_SHARED);
	move = (struct mapping_event){.kind = SEEP_MAPPING_MOVED,
				      .address = 50 * PAGE,
				      .length = 5 * PAGE,
				      .old_address = 50 * PAGE,
				      .old_length = 20 * PAGE,
				      .site = 3,
				      .since = FOREVER};
	apply(move); /* it shrinks in place, and stays site 2's */
	assert_int_equal(bytes_of(2), 5 * PAGE);
	assert_null(site_of(3));
}

static void a_segment_goes_as_a_whole(void **state)
{
	(void)state;
	struct mapping_event segment = mapped(10 * PAGE, 10 * PAGE, 1);
	segment.sort = SEEP_MAPPING_SEGMENT;
	apply(segment);
	apply((struct mapping_event){.kind = SEEP_MAPPING_DETACHED, .address = 11 * PAGE, .since = FOREVER});
	assert_int_equal(bytes_of(1), 10 * PAGE);
	apply((struct mapping_event){.kind = SEEP_MAPPING_DETACHED, .address = 10 * PAGE, .since = FOREVER});
	assert_int_equal(bytes_of(1), 0);
}

static void what_is_corrected_is_gone(void **state)
{
	(void)state;
	apply(mapped(10 * PAGE, 10 * PAGE, 1));
	assert_true(mapping_table_correct(&table, 0, 14 * PAGE, 16 * PAGE));
	assert_int_equal(table.count, 2);
	assert_int_equal(bytes_of(1), 8 * PAGE);
	assert_false(mapping_table_correct(&table, 0, 10 * PAGE, 14 * PAGE));
	assert_int_equal(table.count, 1);
	assert_int_equal(table.mappings[0].start, 16 * PAGE);
	assert_int_equal(bytes_of(1), 4 * PAGE);
}

static void sites_without_mappings_make_room(void **state)
{
	(void)state;
	apply(mapped(PAGE, PAGE, 1000));
	for (uint32_t site = 1; site <= 20; site++) {
		apply(mapped(10 * PAGE, PAGE, site));
		apply(unmapped(10 * PAGE, PAGE));
	}
	assert_int_equal(table.site_count, 8);
	assert_int_equal(bytes_of(1000), PAGE);
	uint64_t calls = 0, bytes = 0;
	for (uint32_t i = 0; i < table.site_count; i++) {
		calls += table.sites[i].mapped;
		bytes += table.sites[i].mapped_bytes - table.sites[i].unmapped_bytes;
	}
	assert_int_equal(calls, 21);
	assert_int_equal(bytes, PAGE);
	assert_int_equal(table.lost, 0);
}

static void what_has_no_room_is_counted_as_lost(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 70; i++)
		apply(mapped(2 * i * PAGE, PAGE, 1));
	assert_int_equal(table.count, 64);
	assert_int_equal(table.lost, 6);
	assert_int_equal(bytes_of(1), 64 * PAGE);
	apply(mapped(UINT64_MAX - PAGE, 2 * PAGE, 1)); /* beyond all addresses */
	assert_int_equal(table.lost, 7);
}

/* A thousand calls at random, beside a map of pages. */
static void random_calls_agree_with_a_map_of_pages(void **state)
{
	(void)state;
	enum { PAGES = 64, SITES = 5 };
	uint32_t owner[PAGES] = {0};
	srand(7);
	for (int call = 0; call < 1000; call++) {
		const uint64_t start = (uint64_t)rand() % PAGES, length = 1 + (uint64_t)rand() % (PAGES - start);
		const uint32_t site = rand() % 3 ? 1 + (uint32_t)rand() % SITES : 0;
		apply(site ? mapped(start * PAGE, length * PAGE, site) : unmapped(start * PAGE, length * PAGE));
		for (uint64_t page = start; page < start + length; page++)
			owner[page] = site;
	}
	for (uint32_t site = 1; site <= SITES; site++) {
		uint64_t pages = 0, pieces = 0, covered = 0;
		for (uint32_t page = 0; page < PAGES; page++)
			pages += owner[page] == site;
		for (uint32_t i = 0; i < table.count; i++) {
			const struct seep_heap_mapping *piece = &table.mappings[i];
			pieces += table.sites[piece->site].stack == site;
			covered += table.sites[piece->site].stack == site ? piece->end - piece->start : 0;
		}
		assert_int_equal(bytes_of(site), pages * PAGE);
		assert_int_equal(covered, pages * PAGE);
		assert_int_equal(mapping_site_live(site_of(site)), pieces);
	}
}

static uint64_t lost_in(const struct heap *heap)
{
	return heap->header->mapping_states[load_relaxed(&heap->header->mapping_round) % 2].lost;
}

static void folding_keeps_the_state_in_the_file(void **state)
{
	(void)state;
	struct heap heap;
	struct mapping_table read;
	heap_make(&heap, 1, 0);
	struct mapping_event first = mapped(10 * PAGE, 10 * PAGE, 1), second = mapped(40 * PAGE, PAGE, 2);
	assert_int_equal(mapping_ring_push(&heap, &first), MAPPING_PUSHED);
	mapping_fold(&heap, false);
	assert_int_equal(load_relaxed(&heap.header->mapping_round), 1);
	assert_int_equal(mapping_ring_push(&heap, &second), MAPPING_PUSHED);
	/* one is in the state, one in the ring */
	assert_true(mapping_table_read(&read, &heap, false));
	assert_int_equal(read.count, 2);
	assert_int_equal(read.site_count, 3);
	mapping_table_free(&read);
	mapping_fold(&heap, false);
	mapping_fold(&heap, false); /* nothing is left to fold */
	assert_int_equal(load_relaxed(&heap.header->mapping_round), 2);
	assert_true(mapping_table_read(&read, &heap, false));
	assert_int_equal(read.count, 2);
	assert_int_equal(read.sites[1].mapped_bytes, 10 * PAGE);
	mapping_table_free(&read);
	heap_unmake(&heap);
}

static void a_full_ring_refuses_and_goes_on_after_folding(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	const uint32_t capacity = heap.capacity[SEEP_AREA_MAPPING_RING];
	struct mapping_event event = mapped(PAGE, PAGE, 1);
	uint32_t halves = 0;
	for (uint32_t i = 0; i < capacity; i++) {
		const enum mapping_push pushed = mapping_ring_push(&heap, &event);
		assert_int_not_equal(pushed, MAPPING_REFUSED);
		halves += pushed == MAPPING_PUSHED_HALF;
	}
	assert_int_equal(halves, 1);
	assert_int_equal(mapping_ring_push(&heap, &event), MAPPING_REFUSED);
	mapping_fold(&heap, false);
	assert_int_not_equal(mapping_ring_push(&heap, &event), MAPPING_REFUSED);
	assert_int_equal(lost_in(&heap), 0);
	heap_unmake(&heap);
}

static bool there_is_space(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context)
{
	(void)heap, (void)offset, (void)bytes, (void)context;
	return true;
}

/* In a heap file that has only its first room. */
static void a_burst_of_calls_finds_room(void **state)
{
	(void)state;
	struct heap heap;
	struct mapping_table read;
	heap_make(&heap, 1, 0);
	area_plan_room(heap.header, true);
	const uint32_t calls = heap.capacity[SEEP_AREA_MAPPING_RING];
	for (uint32_t i = 0; i < calls; i++) {
		struct mapping_event event = mapped(2 * i * PAGE, PAGE, 1);
		assert_int_not_equal(mapping_ring_push(&heap, &event), MAPPING_REFUSED);
	}
	assert_true(calls > area_room(&heap, SEEP_AREA_MAPPINGS) / 2);
	assert_true(mapping_table_read(&read, &heap, true)); /* before the keeper comes, and if it never does */
	assert_int_equal(read.count, calls);
	assert_int_equal(read.lost, 0);
	mapping_table_free(&read);
	area_keep_ahead(&heap, there_is_space, NULL);
	mapping_fold(&heap, false);
	assert_int_equal(lost_in(&heap), 0);
	heap_unmake(&heap);
}

/* A producer that was killed: events behind it wait, until the program has ended or the ring is full. */
static void a_hole_is_waited_for_and_then_counted(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	struct mapping_event event = mapped(PAGE, PAGE, 1);
	add_relaxed(&heap.header->mapping_head, 1);
	assert_int_equal(mapping_ring_push(&heap, &event), MAPPING_PUSHED);
	mapping_fold(&heap, false);
	assert_int_equal(load_relaxed(&heap.header->mapping_tail), 0);
	while (mapping_ring_push(&heap, &event) != MAPPING_REFUSED)
		continue;
	mapping_fold(&heap, false);
	assert_int_equal(load_relaxed(&heap.header->mapping_tail), load_relaxed(&heap.header->mapping_head));
	assert_int_equal(lost_in(&heap), 1);
	add_relaxed(&heap.header->mapping_head, 1);
	mapping_fold(&heap, true);
	assert_int_equal(lost_in(&heap), 2);
	heap_unmake(&heap);
}

static void a_damaged_event_is_counted(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 1, 0);
	struct mapping_event event = mapped(PAGE, PAGE, 1);
	mapping_ring_push(&heap, &event);
	store_relaxed(&heap.mapping_ring[0].length, 17);
	mapping_fold(&heap, false);
	assert_int_equal(lost_in(&heap), 1);
	heap_unmake(&heap);
}

static void nonsense_in_the_state_is_left_out(void **state)
{
	(void)state;
	struct heap heap;
	struct mapping_table read;
	heap_make(&heap, 1, 0);
	struct mapping_event event = mapped(PAGE, PAGE, 1);
	mapping_ring_push(&heap, &event);
	mapping_fold(&heap, false);
	struct seep_heap_mapping_state *of = &heap.header->mapping_states[1];
	of->count = of->site_count = UINT32_MAX;
	heap.mappings[2 * 3 + 1].site = 77777777;
	heap.mappings[2 * 3 + 1].end = PAGE;
	assert_true(mapping_table_read(&read, &heap, false));
	for (uint32_t i = 0; i < read.count; i++)
		assert_true(read.mappings[i].site < read.site_count && read.mappings[i].start < read.mappings[i].end);
	mapping_table_free(&read);
	heap_unmake(&heap);
}

int main(void)
{
#define ON_A_TABLE(test) cmocka_unit_test_setup_teardown(test, table_begin, table_end)
	const struct CMUnitTest tests[] = {
	    ON_A_TABLE(a_hole_leaves_both_ends),
	    ON_A_TABLE(ends_are_cut_off),
	    ON_A_TABLE(a_mapping_takes_the_place_of_others),
	    ON_A_TABLE(what_was_mapped_meanwhile_stays),
	    ON_A_TABLE(a_mapping_that_moves_is_its_mover_s),
	    ON_A_TABLE(a_segment_goes_as_a_whole),
	    ON_A_TABLE(what_is_corrected_is_gone),
	    ON_A_TABLE(sites_without_mappings_make_room),
	    ON_A_TABLE(what_has_no_room_is_counted_as_lost),
	    ON_A_TABLE(random_calls_agree_with_a_map_of_pages),
	    cmocka_unit_test(folding_keeps_the_state_in_the_file),
	    cmocka_unit_test(a_full_ring_refuses_and_goes_on_after_folding),
	    cmocka_unit_test(a_burst_of_calls_finds_room),
	    cmocka_unit_test(a_hole_is_waited_for_and_then_counted),
	    cmocka_unit_test(a_damaged_event_is_counted),
	    cmocka_unit_test(nonsense_in_the_state_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
