/* SPDX-License-Identifier: Apache-2.0 */
/* A program may write whatever it likes into its heap file while a keeper, perhaps root's, works on it: every check
 * must be of the value that is used afterwards. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include <seep/keeper.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/live.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/sites.h"
#include "keeper/heap/stacks.h"

#define GUARD_BYTES (UINT64_C(1) << 30) /* on either side: a wrong index meets it */
#define DURATION_NS UINT64_C(2000000000)
#define SAMPLES 3000

static _Atomic bool scribbling;

/* A heap file between pages that nobody may touch. */
static struct heap heap_between_guards(void)
{
	static struct seep_heap_header header = {.pid = 4711};
	struct seep_fault fault;
	struct heap heap;
	heap_header_begin(&header, 512 << 10);
	area_plan(&header, 512 << 10, 0);
	store_relaxed(&header.phase, SEEP_HEAP_RECORDING);
	char *around = mmap(NULL, header.file_bytes + 2 * GUARD_BYTES, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(around != MAP_FAILED);
	char *map = around + GUARD_BYTES;
	assert_int_equal(mprotect(map, header.file_bytes, PROT_READ | PROT_WRITE), 0);
	memcpy(map, &header, sizeof header);
	assert_true(heap_bind(&heap, map, header.file_bytes, &fault));
	return heap;
}

static void heap_fill(const struct heap *heap)
{
	for (uint64_t i = 0; i < SAMPLES; i++) {
		uintptr_t stack[] = {0x1000 + i % 60, 0x2000, 0x3000 + i % 20, 0x4000};
		uint32_t site = stack_site(heap, stack, 2 + i % 3, i % 2);
		struct event event = {
		    .kind = SEEP_EVENT_ALLOCATED, .size = 100 * i, .site = site, .time_ns = UINT64_C(1) << i % 40};
		live_insert(heap, &(struct live_entry){
				      .address = 0x10000 + 64 * i, .size = 100 * i, .birth_ns = i + 1, .site = site});
		ring_push(heap, &event);
		event.kind = SEEP_EVENT_FREED;
		site_fold(heap, &event);
	}
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Words that an index, a size or a pointer might be. */
static uint64_t harmful_word(uint64_t *state)
{
	static const uint64_t words[] = {
	    0, 1, 2, 3, 0xffff, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 31, UINT64_C(1) << 63};
	uint64_t chance = random_next(state);
	return chance % 4 ? words[chance / 4 % (sizeof words / sizeof *words)] : random_next(state) >> chance % 64;
}

/* The beginning of an area, which is in use, or the part of the header that changes; at times the other one. */
static void *scribble(void *argument)
{
	const struct heap *heap = argument;
	char *map = (char *)heap->header;
	uint64_t areas[SEEP_AREA_COUNT], state = 88172645463325252;
	for (int id = 0; id < SEEP_AREA_COUNT; id++)
		areas[id] = heap->header->areas[id].offset;
	while (load_relaxed(&scribbling)) {
		uint64_t chance = random_next(&state), place = random_next(&state) % (SAMPLES * 32);
		uint64_t changing = offsetof(struct seep_heap_header, phase);
		if (chance % 8 == 0)
			place = changing + place % (sizeof *heap->header - changing);
		else if (chance % 4096 == 1)
			place = place % changing;
		else
			place += areas[chance / 8 % SEEP_AREA_COUNT];
		place = place / 8 * 8;
		if (place + 8 <= heap->bytes)
			store_relaxed((seep_atomic64 *)(void *)(map + place), harmful_word(&state));
	}
	return NULL;
}

/* Other things that must be unchanged for anything to be read. */
static void header_mend(const struct heap *heap, const struct seep_heap_header *sound)
{
	memcpy(heap->header, sound, offsetof(struct seep_heap_header, phase));
	store_relaxed(&heap->header->phase, SEEP_HEAP_RECORDING);
	store_relaxed(&heap->header->rate_count, 1);
}

static void whatever_the_program_writes_the_keeper_stays_inside(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	skip(); /* it is nothing but races */
#endif
	static struct seep_heap_header sound;
	struct heap heap = heap_between_guards();
	struct seep_heap_view view = {.map = heap.header, .bytes = heap.bytes, .writable = true};
	pthread_t scribbler;
	unsigned built = 0;
	heap_fill(&heap);
	memcpy(&sound, heap.header, sizeof sound);
	store_relaxed(&scribbling, true);
	assert_int_equal(pthread_create(&scribbler, NULL, scribble, &heap), 0);
	uint64_t start_ns = clock_read_ns(CLOCK_MONOTONIC);
	while (clock_read_ns(CLOCK_MONOTONIC) - start_ns < DURATION_NS) {
		struct seep_image image = {0};
		struct seep_fault fault = {0};
		header_mend(&heap, &sound);
		ring_fold(&heap, SAMPLES, true);
		if (seep_snapshot_build(&view, SEEP_TRIGGER_POSTMORTEM, 1, &image, &fault)) {
			built++;
			seep_snapshot_free(&image);
		}
	}
	store_relaxed(&scribbling, false);
	assert_int_equal(pthread_join(scribbler, NULL), 0);
	assert_true(built > 0);
	munmap((char *)heap.header - GUARD_BYTES, heap.bytes + 2 * GUARD_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_the_program_writes_the_keeper_stays_inside),
	};
	return cmocka_run_group_tests_name("keeper hostile", tests, NULL, NULL);
}
