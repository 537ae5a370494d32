/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The countdown over all sizes and positions: a size that no allocator has leaves no trace, or is found later, and
 * samples that may have been missed are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "shim/record/countdown.h"
#include "shim/record/recorder.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"
#include "support/recording_maker.h"

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
	directory_remove(path);
	rmdir(output);
	return 0;
}

static uint64_t lost(void)
{
	return load_relaxed(&heap->header->losses[SEEP_LOSS_SAMPLES_REENTRY]);
}

typedef bool counting(size_t size);

/* Like a hook. True: it is a sample. A size that no allocator has is not allocated. */
static bool allocate_with(counting *count, size_t size)
{
	if (!count(size))
		return false;
	countdown_undo(size);
	return size < THREAD_ABSURD && thread_count(size) && countdown_is_due(size);
}

static bool allocate(size_t size)
{
	return allocate_with(thread_count, size);
}

static bool allocate_tersely(size_t size)
{
	return allocate_with(thread_count_tersely, size);
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

/* malloc() learns only afterwards of a few sizes of 8 GiB and more, which end just below a multiple of 4 GiB. */
static bool is_missed(uint64_t size)
{
	return (uint32_t)size > UINT32_MAX - (size >> 32);
}

static void is_settled_at_once(counting *allocate_so, uint64_t rate, uint64_t size)
{
	if (size >= THREAD_ABSURD || (allocate_so == allocate_tersely && is_missed(size)))
		return;
	for (uint64_t left = 0; left < UINT64_C(1) << 41; left = left * 7 + 1) {
		thread_make(rate, left);
		uint64_t countdown = thread_state.countdown;
		bool stretched = thread_state.gap == THREAD_STRETCH;
		bool sampled = allocate_so(size);
		assert_true(in_range());
		if (!stretched)
			assert_int_equal(sampled, rate == 1 || size + !size > countdown);
	}
}

/* Sizes that exist: they are in range at once, a sample comes exactly where the point is passed, and nothing is
 * lost. */
static void sizes_that_there_are_are_settled(void **state)
{
	(void)state;
	uint64_t before = lost();
	for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
		for (int bit = 0; bit < 47; bit++) {
			for (int off = -2; off <= 2; off++) {
				uint64_t size = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
				is_settled_at_once(allocate, rates[r], size);
				if (rates[r] > 1) /* else malloc takes its slow half in any case */
					is_settled_at_once(allocate_tersely, rates[r], size);
			}
		}
		for (uint64_t size = 0; size < 40 << 16; size += 1 << 16)
			is_settled_at_once(allocate, rates[r], size);
	}
	assert_int_equal(lost(), before);
}

/* Counted exactly, such a size leaves no trace at all. */
static void leaves_no_trace(uint64_t rate, uint64_t size)
{
	thread_make(rate, 1000);
	struct thread_state before = thread_state;
	assert_false(allocate(size));
	assert_memory_equal(&before, &thread_state, sizeof before);
}

/* Allocates by malloc(): the next allocation is a sample only by chance, and only a countdown that was pushed up means
 * a loss. */
static void heals(uint64_t rate, uint64_t size)
{
	thread_make(rate, 1000);
	uint64_t before = lost();
	assert_false(allocate_tersely(size));
	bool pushed = (int64_t)thread_state.countdown > (int64_t)thread_state.gap;
	if (pushed)
		countdown_heal();
	else
		allocate_tersely(100000);
	assert_true(in_range());
	assert_int_equal(lost() - before, pushed);
}

/* Sizes that no allocator has give no samples and lose nothing, unless malloc() learns about them too late. */
static void sizes_that_there_are_not_are_not_counted(void **state)
{
	(void)state;
	for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
		for (int bit = 0; bit < 64; bit++) {
			for (int off = -2; off <= 2; off++) {
				const uint64_t step = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off;
				const uint64_t sizes[] = {step, -step, step * 3, UINT64_MAX / 7 * step};
				for (int i = 0; i < 4; i++) {
					if (sizes[i] < THREAD_ABSURD)
						continue;
					leaves_no_trace(rates[r], sizes[i]);
					if (rates[r] > 1)
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
		assert_false(allocate_tersely((size_t)-1000000000));
		for (int i = 0; i < 100000; i++)
			allocate_tersely(1000);
		recorder_forget(&before); /* a free that the filter took for one of a sample, or the end */
		assert_true(in_range());
		assert_int_equal(lost(), before + 1);
		countdown_heal();
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
	    cmocka_unit_test(sizes_that_there_are_not_are_not_counted),
	    cmocka_unit_test(a_negative_size_silences_no_thread_unseen),
	    cmocka_unit_test(the_first_allocation_is_a_sample_by_chance_alone),
	};
	return cmocka_run_group_tests_name("countdown", tests, begin, end);
}
