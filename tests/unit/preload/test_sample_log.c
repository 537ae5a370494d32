/* SPDX-License-Identifier: Apache-2.0 */
/* Samples from before the constructor: kept, freed, moved, and handed over to the recording once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/live.h"
#include "shim/host/filter.h"
#include "shim/record/recorder.h"
#include "shim/record/sample_log.h"
#include "shim/recording/gate.h"
#include "shim/recording/recording.h"
#include "shim/recording/recording_private.h"
#include "shim/recording/setup.h"
#include "shim/sample/memory_probe.h"
#include "support/recording_maker.h"

#define MOST 16

static char blocks[MOST + 1][1024]; /* far enough from each other for the filter */
static char output[] = "/tmp/seep.sample_log.XXXXXX";

static int prepare(void **state)
{
	(void)state;
	if (!mkdtemp(output))
		return -1;
	struct options *options = &recording_setup.options;
	snprintf(options->output, sizeof options->output, "%s/recording", output);
	options->rate = 1;
	options->max_live = 1000;
	options->heap = OPTION_HEAP_RECORDING;
	options->keeper_outside = true;
	recording_setup.unwinder = unwinder_select(NULL);
	recording_setup.early = true;
	recording_setup.pid = (int)getpid();
	recording_prepare();
	return 0;
}

static int clean(void **state)
{
	(void)state;
	char path[600];
	snprintf(path, sizeof path, "%s/recording", output);
	directory_remove(path);
	rmdir(output);
	return 0;
}

static bool add(int block)
{
	return sample_log_add(blocks[block], 64, __builtin_frame_address(0));
}

static void each_is_taken_once_as_what_became_of_it(void **state)
{
	(void)state;
	bool alive;
	for (int i = 0; i < 3; i++)
		assert_true(add(i));
	assert_true(filter_test(blocks[1]));
	sample_log_forget(blocks[1]);
	assert_false(filter_test(blocks[1]));
	struct logged_sample *first = sample_log_take(&alive);
	assert_ptr_equal(first->address, blocks[0]);
	assert_true(alive && first->depth > 0);
	struct logged_sample *second = sample_log_take(&alive);
	assert_ptr_equal(second->address, blocks[1]);
	assert_false(alive);
	assert_true(second->freed_ns >= second->birth_ns);
	struct logged_sample *third = sample_log_take(&alive);
	assert_true(alive);
	assert_true(sample_log_put(first));
	assert_false(filter_test(blocks[0]));
	sample_log_forget(third->address); /* by another thread, while it is put into the live table */
	assert_false(sample_log_put(third));
	assert_null(sample_log_take(&alive));
	assert_int_equal(load_relaxed(&sample_log_used), 0);
}

static void a_full_log_refuses_another_sample(void **state)
{
	(void)state;
	bool alive;
	for (int i = 0; i < MOST; i++)
		assert_true(add(i));
	assert_false(add(MOST));
	for (struct logged_sample *logged; (logged = sample_log_take(&alive)) != NULL;)
		assert_true(sample_log_put(logged));
}

/* A program that asks for nothing before its delay is over. */
static void a_delay_is_kept(void **state)
{
	(void)state;
	recording_setup.options.delay_ns = 1;
	assert_false(add(0));
	recording_setup.options.delay_ns = 0;
}

static uint64_t lost(const struct heap *heap)
{
	return load_relaxed(&heap->header->losses[SEEP_LOSS_SAMPLES_SETUP]);
}

/* The recorder's own way. The recording begins for another reason: what is kept counts as lost until a sample brings it. */
static void the_recording_gets_what_is_alive(void **state)
{
	(void)state;
	struct live_entry entry;
	const void *frame = __builtin_frame_address(0);
	recording_forget_counts(); /* those of the tests above */
	recorder_sample(blocks[0], 100, frame, NULL);
	recorder_sample(blocks[1], 200, frame, NULL);
	assert_null(recording_heap());
	recorder_forget(blocks[1]);
	recording_setup.early = false;
	const struct heap *heap = recording_heap_or_begin();
	assert_non_null(heap);
	assert_int_equal(lost(heap), 2);
	recorder_sample(blocks[2], 300, frame, NULL);
	assert_int_equal(lost(heap), 0);
	assert_true(live_remove(heap, (uintptr_t)blocks[0], &entry));
	assert_int_equal(entry.size, 100);
	assert_false(live_remove(heap, (uintptr_t)blocks[1], &entry));
	assert_true(live_remove(heap, (uintptr_t)blocks[2], &entry));
	assert_false(add(3)); /* there is a recording */
}

/* A filter that nobody here saw may not know the call that asks whether memory can be read. */
static void a_filter_that_the_keeper_sees_ends_all_questions(void **state)
{
	(void)state;
	const uintptr_t page = (uintptr_t)blocks & ~(uintptr_t)(SEEP_HEAP_PAGE - 1);
	assert_true(probe_page_readable(page));
	store_relaxed(&recording_heap()->header->confined, 1);
	recorder_sample(blocks[4], 100, __builtin_frame_address(0), NULL);
	assert_false(probe_page_readable(page));
}

/* Where no page for it was to be had. */
static void nobody_is_a_child_without_a_gate(void **state)
{
	(void)state;
	assert_false(gate_is_in_forked_child());
}

int main(void)
{
	const struct CMUnitTest before[] = {cmocka_unit_test(nobody_is_a_child_without_a_gate)};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_is_taken_once_as_what_became_of_it),
	    cmocka_unit_test(a_full_log_refuses_another_sample),
	    cmocka_unit_test(a_delay_is_kept),
	    cmocka_unit_test(the_recording_gets_what_is_alive),
	    cmocka_unit_test(a_filter_that_the_keeper_sees_ends_all_questions), /* the last: it is for good */
	};
	return cmocka_run_group_tests_name("without a gate", before, NULL, NULL) ||
	       cmocka_run_group_tests_name("sample_log", tests, prepare, clean);
}
