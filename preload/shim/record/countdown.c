/* SPDX-License-Identifier: Apache-2.0 */
/* The slow half of a thread's countdown: see countdown.h, and docs/FAST_PATH.md. */
#include "shim/record/countdown.h"

#include "keeper/base/atomics.h"
#include "shim/recording/gate.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"
#include "shim/sample/sampler.h"
#include "shim/sample/thread.h"

__attribute__((
    aligned(8))) _Thread_local struct thread_state thread_state; /* aligned, so that no padding comes before it */

static uint64_t draw_gap(struct thread_state *thread)
{
	if (!recording_is_possible())
		return THREAD_STRETCH;
	uint64_t rate = recording_setup.options.rate;
	uint64_t gap = rate <= 1 ? THREAD_ALWAYS : sampler_draw_gap(&thread->random, rate);
	return rate <= 1 || gap < THREAD_STRETCH ? gap : THREAD_STRETCH;
}

/* The thread is new to this address space. Threads that begin at once, and children of one process, must not share a
 * generator. The child of a clone() that nobody saw (one in assembly) inherits a countdown, which is used up first.
 * True: no sample point lies in this first allocation, and nothing is left to do. */
static bool countdown_begin(struct thread_state *thread, size_t size)
{
	bool inherited = thread->random;
	thread->random = sampler_seed(sampler_seed(recording_entropy() ^ (uintptr_t)thread) + thread->random);
	thread->era = gate_era();
	if (inherited)
		return false;
	thread->gap = draw_gap(thread);
	uint64_t bytes = size + (size == 0);
	bool within = thread->gap != THREAD_ALWAYS && thread->gap >= bytes;
	thread->countdown = thread->gap - (within ? bytes : size);
	return within;
}

/* A countdown exceeds its gap only if a size that no allocator has pushed it up: then thread_count() has let through
 * what came since, perhaps a sample. Where everything is sampled, such a size must have pushed it to 0 or more. */
static bool is_pushed(int64_t countdown, uint64_t gap)
{
	return countdown > (gap == THREAD_ALWAYS ? -1 : (int64_t)gap);
}

/* A new gap may replace the rest of the old one: the rest of a gap is distributed as a gap. */
void countdown_heal(void)
{
	struct thread_state *thread = &thread_state;
	uint64_t found = load_from_signals(&thread->countdown);
	if (!thread->random || !is_pushed((int64_t)found, thread->gap))
		return;
	uint64_t gap = draw_gap(thread);
	if (!exchange_from_signals(&thread->countdown, &found, gap))
		return; /* a handler has just done it */
	thread->gap = gap;
	recording_lose_sample();
}

/* The outcome of settling a countdown. */
struct settlement {
	uint64_t counted;        /* bytes up to the last sample point or the end of a stretch */
	uint64_t countdown, gap; /* to go on with */
	bool due, lost; /* a point lies in this allocation; one may lie in an earlier one that was not settled */
};

/* `before` is the countdown before `bytes` were taken off. Only a size that no allocator has can bring it far below
 * its end: that call failed, and nothing is lost by it. */
static struct settlement settle(struct thread_state *thread, int64_t before, uint64_t bytes)
{
	struct settlement result = {.gap = thread->gap};
	bool always = result.gap == THREAD_ALWAYS;
	int64_t end = always ? (int64_t)THREAD_ALWAYS : 0;
	bool absurd = before < end - (int64_t)THREAD_ABSURD, passed = !absurd && before < end;
	if (passed)
		result.counted = result.gap - (uint64_t)before;
	result.lost = passed || is_pushed(before, result.gap);
	bool is_over = !absurd && !passed && before > (int64_t)result.gap &&
		       bytes > (uint64_t)before; /* over, although it was pushed up */
	if (absurd || passed || (before > (int64_t)result.gap && !is_over))
		before = (int64_t)(result.gap = draw_gap(thread));
	uint64_t left = (uint64_t)before;
	always = result.gap == THREAD_ALWAYS;
	while (result.gap == THREAD_STRETCH && bytes > left) {
		result.counted += result.gap;
		bytes -= left;
		result.gap = left = draw_gap(thread);
		always = result.gap == THREAD_ALWAYS;
	}
	result.due = always || bytes > left;
	if (result.due) {
		result.counted += result.gap - left + bytes;
		result.gap = left = draw_gap(thread);
		bytes = 0;
	}
	result.countdown = left - bytes;
	return result;
}

/* True: a signal handler that interrupted us found our countdown, took it for one that a jump had abandoned, and
 * began a new one. */
static bool is_settled(uint64_t after, uint64_t gap, size_t size)
{
	if (gap == THREAD_ALWAYS)
		return after == gap && size > 0;
	return (int64_t)after >= 0 && !is_pushed((int64_t)after, gap) && size > 0;
}

static bool countdown_settle(struct thread_state *thread, size_t size)
{
	uint64_t after = load_from_signals(&thread->countdown);
	struct settlement settlement;
	do {
		if (is_settled(after, thread->gap, size)) {
			recording_find_sample();
			return recording_is_possible();
		}
		settlement = settle(thread, (int64_t)(after + size), size + (size == 0));
	} while (!exchange_from_signals(&thread->countdown, &after, settlement.countdown));
	thread->gap = settlement.gap;
	if (settlement.counted)
		recording_count(settlement.counted);
	if (settlement.lost)
		recording_lose_sample();
	return settlement.due && recording_is_possible();
}

void countdown_undo(size_t size)
{
	ENTRY_PLAIN_FLAGS;
	struct thread_state *thread = &thread_state;
	uint64_t after = load_from_signals(&thread->countdown);
	if (size >= THREAD_ABSURD) {
		thread->countdown += size;
		countdown_heal();
		return;
	}
	do {
		if (is_settled(after, thread->gap, size)) {
			thread_use();
			recording_find_sample();
			thread_end_use();
			return;
		}
	} while (!exchange_from_signals(&thread->countdown, &after, after + size));
}

bool countdown_is_due(size_t size)
{
	ENTRY_PLAIN_FLAGS;
	struct thread_state *thread = &thread_state;
	uint64_t bytes = size + (size == 0);
	if (!recording_is_prepared()) {
		thread->countdown = 0; /* before the constructor has run the rate is not known */
		recording_count_unseen(bytes);
		return false;
	}
	if ((!thread->random || thread->era != gate_era()) && countdown_begin(thread, size))
		return false;
	thread_use();
	bool due = countdown_settle(thread, size);
	thread_end_use();
	return due;
}
