/* SPDX-License-Identifier: Apache-2.0 */
/* A walk through the live table: every entry once, and no page that nobody has written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "keeper/heap/live.h"
#include "keeper/snapshot/live_scan.h"
#include "support/heap_maker.h"

/* Enough entries that all levels are used and windows wrap around their ends. */
static void every_live_entry_is_found_once(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 0);
	enum { COUNT = 50000 };
	static uint8_t seen[COUNT];
	memset(seen, 0, sizeof seen);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct live_entry entry = {.address = 0x10000 + 16 * i, .size = i, .birth_ns = i};
		assert_true(live_insert(&heap, &entry));
	}
	for (uint64_t i = 0; i < COUNT; i += 3) {
		struct live_entry entry;
		assert_true(live_remove(&heap, 0x10000 + 16 * i, &entry));
	}
	struct live_scan scan = live_scan_begin(&heap);
	struct live_entry entry;
	while (live_scan_next(&scan, &entry) == LIVE_ENTRY) {
		assert_in_range(entry.size, 0, COUNT - 1);
		seen[entry.size]++;
	}
	for (uint64_t i = 0; i < COUNT; i++)
		assert_int_equal(seen[i], i % 3 != 0);
	heap_unmake(&heap);
}

static void untouched_slots_are_left_alone(void **state)
{
	(void)state;
	struct heap heap;
	struct live_entry entry = {.address = 0x10000, .size = 5};
	static unsigned char resident[4 << 20];
	heap_make(&heap, 1, 0);
	assert_true(live_insert(&heap, &entry));
	struct live_scan scan = live_scan_begin(&heap);
	int found = 0;
	while (live_scan_next(&scan, &entry) == LIVE_ENTRY)
		found++;
	assert_int_equal(found, 1);
	size_t bytes = heap.capacity[SEEP_AREA_LIVE2] * sizeof(struct seep_heap_live), pages = 0;
	assert_true(bytes / 4096 <= sizeof resident);
	assert_int_equal(mincore(heap.live[2], bytes, resident), 0);
	for (size_t i = 0; i < bytes / 4096; i++)
		pages += resident[i] & 1;
	assert_in_range(pages, 0, 2); /* only those beside a neighbour in a large page */
	heap_unmake(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_live_entry_is_found_once),
	    cmocka_unit_test(untouched_slots_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
