/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The countdown over all sizes and positions: after any size it is in its range again within a few allocations, and
 * what may have been missed is counted.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/atomics.h"
#include "record/recorder.h"
#include "record/recording.h"

static const uint64_t rates[] = {1, 4096, 512 << 10, UINT64_C(1) << 40};

static char output[] = "/tmp/seep.countdown.XXXXXX";
static const struct heap *heap;

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(output))
		return -1;
	struct options *options = &recording_setup.options;
	snprintf(options->output, sizeof options->output, "%s/recording", output);
	options->rate = 512 << 10;
	options->max_live = 1000;
	options->heap = OPTION_HEAP_RECORDING;
	options->keeper_outside = true;
	recording_prepare();
	recording_setup.pid = (int)getpid();
	heap = recording_heap_or_begin();
	return heap ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	char path[600];
	snprintf(path, sizeof path, "%s/recording", output);
	DIR *directory = opendir(path);
	for (struct dirent *entry; directory && (entry = readdir(directory));)
		unlinkat(dirfd(directory), entry->d_name, 0);
	if (directory)
		closedir(directory);
	rmdir(path);
	rmdir(output);
	return 0;
}

static uint64_t lost(void)
{
	return load_relaxed(&heap->header->losses[SEEP_LOSS_SAMPLES_REENTRY]);
}

/* As a hook does it. True: it is a sample. */
static bool allocate(size_t size)
{
	return thread_count(size) && recorder_due(size);
}

/* A fresh thread of this rate, `left` bytes before its next point (at most what it drew). */
static void thread_make(uint64_t rate, uint64_t left)
{
	recording_setup.options.rate = rate;
	memset(&thread_state, 0, sizeof thread_state);
	allocate(0);
	if (rate > 1 && left < thread_state.gap)
		thread_state.countdown = left;
}

static bool in_range(void)
{
	const struct thread_state *thread = &thread_state;
	if (thread->gap == THREAD_ALWAYS)
		return thread->countdown == THREAD_ALWAYS;
	return thread->gap <= THREAD_STRETCH && thread->countdown <= thread->gap;
}

/* Sizes that there are: in range at once, a sample exactly where the point is passed, and nothing is lost. */
static void sizes_that_there_are_are_settled(void **state)
{
	(void)state;
	uint64_t before = lost();
	for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
		for (int bit = 0; bit < 47; bit++) {
			for (int off = -2; off <= 2; off++) {
				uint64_t size = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
				if (size >= THREAD_ABSURD)
					continue;
				for (uint64_t left = 0; left < UINT64_C(1) << 41; left = left * 7 + 1) {
					thread_make(rates[r], left);
					uint64_t countdown = thread_state.countdown;
					bool stretched = thread_state.gap == THREAD_STRETCH;
					bool sampled = allocate(size);
					assert_true(in_range());
					if (!stretched)
						assert_int_equal(sampled, rates[r] == 1 || size + !size > countdown);
				}
			}
		}
		for (uint64_t size = 0; size < 40 << 16; size += 1 << 16) {
			thread_make(rates[r], 3 << 16);
			allocate(size);
			assert_true(in_range());
		}
	}
	assert_int_equal(lost(), before);
}

static void heals(uint64_t rate, uint64_t size)
{
	thread_make(rate, 1000);
	uint64_t before = lost();
	assert_false(allocate(size));
	bool moved = !in_range();
	if (rate == 1 && (int64_t)thread_state.countdown < 0) { /* whatever comes next is a sample */
		assert_true(allocate(100));
		assert_true(in_range());
		return;
	}
	allocate(0);
	assert_true(in_range());
	assert_int_equal(lost() - before, moved);
}

/* Sizes that no allocator has: no samples; at the next thing that takes the slow half the countdown is in range. Where it
 * had been pushed up, a loss is counted. */
static void sizes_that_there_are_not_are_healed(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
		for (int bit = 0; bit < 64; bit++) {
			for (int off = -2; off <= 2; off++) {
				const uint64_t step = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
				const uint64_t sizes[] = {step, -step};
				for (int i = 0; i < 2; i++) {
					if (sizes[i] < THREAD_ABSURD)
						continue;
					heals(rates[r], sizes[i]);
				}
			}
		}
	}
}

/* malloc((size_t)-1000000000), and then 100 MB in pieces that go by the slow half now and then. */
static void a_negative_size_silences_no_thread_unseen(void **state)
{
	(void)state;
	for (size_t r = 1; r < 3; r++) {
		thread_make(rates[r], 1000);
		uint64_t before = lost();
		assert_false(allocate((size_t)-1000000000));
		for (int i = 0; i < 100000; i++)
			allocate(1000);
		recorder_forget(&before); /* a free that the filter took for one of a sample, or the end */
		assert_true(in_range());
		assert_int_equal(lost(), before + 1);
		recorder_heal();
		assert_int_equal(lost(), before + 1);
	}
}

/* 100 bytes each, as the first of a thread: the next sample point is in them once in 5,243. 20,000 hold 3.8 on average;
 * more than 30 would be chance once in 10^18 runs. Every byte is counted when its point comes, none before. */
static void the_first_allocation_is_a_sample_by_chance_alone(void **state)
{
	(void)state;
	unsigned samples = 0;
	recording_setup.options.rate = 512 << 10;
	for (int i = 0; i < 20000; i++) {
		thread_state = (struct thread_state){0};
		samples += allocate(100);
		assert_true(in_range());
	}
	assert_in_range(samples, 0, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sizes_that_there_are_are_settled),
	    cmocka_unit_test(sizes_that_there_are_not_are_healed),
	    cmocka_unit_test(a_negative_size_silences_no_thread_unseen),
	    cmocka_unit_test(the_first_allocation_is_a_sample_by_chance_alone),
	};
	return cmocka_run_group_tests_name("countdown", tests, begin, end);
}
