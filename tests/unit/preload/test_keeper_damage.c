/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots of heap files that are not whole: what a death left unfinished is counted, and no damage makes the building
 * crash, or the snapshot invalid.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/live.h"
#include "keeper/heap/ring.h"
#include "keeper/snapshot/build.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

static const struct build_options consumer = {.trigger = SEEP_TRIGGER_TIMER, .number = 7, .consumer = true};
static const struct build_options post_mortem = {.trigger = SEEP_TRIGGER_POSTMORTEM, .dead = true};

/* Reserves a position and dies: a producer that was killed before its commit. */
static void hole_make(const struct heap *heap)
{
	add_relaxed(&heap->header->ring_head, 1);
}

static void holes_and_torn_entries_count_only_when_the_program_is_dead(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	recording_allocate(&heap, 1, 10, 3, 0x10000);
	hole_make(&heap);
	recording_allocate(&heap, 1, 10, 2, 0x20000);
	for (uint32_t slot = 0; slot < heap.capacity[SEEP_AREA_LIVE0]; slot++) {
		if (load_relaxed(&heap.live[0][slot].address) == 0x20010)
			store_relaxed(&heap.live[0][slot].address, SEEP_LIVE_WRITING);
	}
	struct seep_image image = snapshot_made(&heap, &consumer, &snapshot);
	assert_int_equal(snapshot.sites[1].allocated.samples, 5);
	assert_int_equal(snapshot.live_count, 4);
	assert_int_equal(snapshot.losses[SEEP_LOSS_RING_HOLES], 0);
	assert_int_equal(snapshot.losses[SEEP_LOSS_LIVE_TORN], 0);
	seep_snapshot_free(&image);
	image = snapshot_made(&heap, &post_mortem, &snapshot);
	assert_int_equal(snapshot.sites[1].allocated.samples, 5);
	assert_int_equal(snapshot.losses[SEEP_LOSS_RING_HOLES], 1);
	assert_int_equal(snapshot.losses[SEEP_LOSS_LIVE_TORN], 1);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void an_event_that_was_being_folded_is_doubted(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	recording_allocate(&heap, 1, 10, 3, 0x10000);
	store_relaxed(&heap.header->ring_folding, 1);
	struct seep_image image = snapshot_made(&heap, &post_mortem, &snapshot);
	assert_int_equal(snapshot.losses[SEEP_LOSS_EVENTS_DOUBTED], 1);
	assert_true(snapshot.header->flags & SEEP_SNAPSHOT_DOUBTED);
	assert_int_equal(snapshot.sites[1].allocated.samples, 3);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

static void a_dead_programs_time_is_when_it_was_last_seen(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 1, 0);
	store_relaxed(&heap.header->alive_ns, 1000);
	struct live_entry entry = {.address = 0x5000, .size = 100, .birth_ns = 1500};
	struct event event = {.kind = SEEP_EVENT_ALLOCATED, .size = 100, .time_ns = 2000};
	assert_true(live_insert(&heap, &entry) && ring_push(&heap, &event));
	struct seep_image image = snapshot_made(&heap, &post_mortem, &snapshot);
	assert_int_equal(snapshot.header->time_ns, 2000);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

/*
 * Damage: a small program's worth of records fills the file, then bits are flipped where there are data. Fences on both
 * sides of the mapping make any access outside it a crash.
 */
struct fenced {
	char *around;
	size_t bytes;
	struct heap heap;
};

static struct fenced fenced_copy(const struct heap *from)
{
	struct fenced fenced = {.bytes = from->bytes};
	size_t rounded = (from->bytes + 4095) / 4096 * 4096;
	struct seep_fault fault;
	fenced.around = mmap(NULL, rounded + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(fenced.around != MAP_FAILED);
	assert_int_equal(mprotect(fenced.around + 4096, rounded, PROT_READ | PROT_WRITE), 0);
	memcpy(fenced.around + 4096, from->header, from->bytes);
	assert_true(heap_bind(&fenced.heap, fenced.around + 4096, from->bytes, &fault));
	return fenced;
}

/* Offset of a byte in a used part of the file: the header, or the first few KiB of an area. */
static size_t somewhere(const struct heap *heap)
{
	if (rand() % 4 == 0)
		return (size_t)rand() % sizeof(struct seep_heap_header);
	const struct seep_area *area = &heap->header->areas[rand() % SEEP_AREA_COUNT];
	size_t end = heap->bytes - area->offset, span = rand() % 3 ? 2048 : 65536;
	return area->offset + (size_t)rand() % (end < span ? end : span);
}

static void flipped_bits_never_make_an_invalid_snapshot(void **state)
{
	(void)state;
	struct heap heap;
	heap_make(&heap, 512 << 10, 1024);
	for (unsigned site = 0; site < 20; site++) {
		recording_allocate(&heap, site, 1000 * site, 50, 0x10000 + 0x10000 * site);
		recording_free(&heap, 20, 0x10000 + 0x10000 * site, 1000 << site);
		if (site == 10)
			ring_fold(&heap, 2000, false);
	}
	struct fenced fenced = fenced_copy(&heap);
	srand(42);
	int built = 0, refused = 0;
	for (int round = 0; round < 1000; round++) { /* more of it: make fuzz */
		size_t places[8], flips = 1 + (size_t)rand() % 8;
		char before[8], *map = (char *)fenced.heap.header;
		for (size_t i = 0; i < flips; i++) {
			places[i] = somewhere(&heap);
			before[i] = map[places[i]];
			map[places[i]] = (char)(rand() % 2 ? before[i] ^ (1 << rand() % 8) : rand());
		}
		struct seep_heap_view view = {.map = map, .bytes = fenced.bytes};
		struct seep_image image;
		struct seep_fault fault = {0};
		struct snapshot snapshot;
		if (seep_snapshot_build(&view, SEEP_TRIGGER_POSTMORTEM, 1, &image, &fault)) {
			const char *wrong = snapshot_parse(image.data, image.bytes, &snapshot);
			if (wrong)
				fail_msg("round %d: %s", round, wrong);
			seep_snapshot_free(&image);
			built++;
		} else {
			assert_string_not_equal(fault.text, "");
			refused++;
		}
		for (size_t i = flips; i-- > 0;)
			map[places[i]] = before[i];
	}
	assert_true(built > 250 && refused > 5);
	munmap(fenced.around, (fenced.bytes + 4095) / 4096 * 4096 + 8192);
	heap_unmake(&heap);
}

/* fuzz_heap found values that no samples add up to; readers would refuse such a snapshot. */
static void sums_of_no_samples_are_left_out(void **state)
{
	(void)state;
	static const double sums[] = {1e-9, 1e-300, 1e41, 1e99, 1e300, INFINITY, NAN, -1, 1e39, 0.5};
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 512 << 10, 0);
	recording_allocate(&heap, 1, 1000, 10, 0x10000);
	recording_free(&heap, 10, 0x10000, 5);
	ring_fold(&heap, 100, false);
	recording_allocate(&heap, 1, 1000, 10, 0x20000);
	recording_free(&heap, 10, 0x20000, 5);
	seep_atomic_double *places[] = {
	    &heap.sites[1].allocated.bytes.uncertain,
	    &heap.sites[1].allocated.bytes.variance,
	    &heap.sites[1].allocated.bytes.largest,
	    &heap.sites[1].allocated.bytes.certain,
	    &heap.sites[1].freed.objects.uncertain,
	    &heap.sites[1].freed.objects.variance,
	    &heap.lifetimes[1].objects,
	    &heap.lifetimes[1].objects_squared,
	    &heap.lifetimes[1].bytes,
	    &heap.lifetimes[1].bytes_squared,
	};
	for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
		const uint64_t before = load_relaxed(places[place]);
		for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
			uint64_t bits;
			memcpy(&bits, &sums[i], sizeof bits);
			store_relaxed(places[place], bits);
			struct seep_image image = snapshot_made(&heap, &post_mortem, &snapshot);
			seep_snapshot_free(&image);
		}
		store_relaxed(places[place], before);
	}
	heap_unmake(&heap);
}

/* Counters that lie, chains in a circle, one chain for all sites: the work stays bounded by the file's size. */
static void lying_counters_and_circular_chains_are_bounded(void **state)
{
	(void)state;
	struct heap heap;
	struct snapshot snapshot;
	heap_make(&heap, 512 << 10, 0);
	recording_allocate(&heap, 1, 1000, 10, 0x10000);
	recording_free(&heap, 10, 0x10000, 5);
	ring_fold(&heap, 100, false);
	store_relaxed(&heap.header->site_count, UINT32_MAX);
	store_relaxed(&heap.header->lifetime_count, UINT32_MAX);
	store_relaxed(&heap.header->ring_head, UINT64_MAX);
	store_relaxed(&heap.header->ring_tail, 5);
	for (uint32_t i = 0; i < heap.capacity[SEEP_AREA_LIFETIMES]; i++) {
		store_relaxed(&heap.lifetimes[i].next, i + 1 < heap.capacity[SEEP_AREA_LIFETIMES] ? i + 1 : 1);
		store_relaxed(&heap.lifetimes[i].samples, 1);
		store_relaxed(&heap.lifetimes[i].bin, i % 64);
	}
	for (uint32_t i = 0; i < heap.capacity[SEEP_AREA_SITES]; i++) {
		store_relaxed(&heap.sites[i].lifetimes, 1 + i % 7);
		store_relaxed(&heap.sites[i].stack, 1);
		store_relaxed(&heap.sites[i].allocated.samples, 1);
	}
	heap.stacks[1].depth = UINT16_MAX;
	store_relaxed(&heap.stacks[1].next, 1);
	struct seep_image image = snapshot_made(&heap, &post_mortem, &snapshot);
	assert_in_range(snapshot.lifetime_count, 1, heap.capacity[SEEP_AREA_LIFETIMES]);
	assert_in_range(snapshot.node_count, 1, heap.capacity[SEEP_AREA_STACKS] * SEEP_CELL_WORDS);
	/* readers take stacks of 1,024 frames at most */
	unsigned depth = 0;
	for (uint32_t node = snapshot.sites[1].node; node; node = snapshot.nodes[node].parent)
		depth++;
	assert_int_equal(depth, 1024);
	assert_true(snapshot.sites[1].flags & SEEP_SITE_TRUNCATED);
	seep_snapshot_free(&image);
	heap_unmake(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holes_and_torn_entries_count_only_when_the_program_is_dead),
	    cmocka_unit_test(an_event_that_was_being_folded_is_doubted),
	    cmocka_unit_test(a_dead_programs_time_is_when_it_was_last_seen),
	    cmocka_unit_test(flipped_bits_never_make_an_invalid_snapshot),
	    cmocka_unit_test(sums_of_no_samples_are_left_out),
	    cmocka_unit_test(lying_counters_and_circular_chains_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
