/* SPDX-License-Identifier: Apache-2.0 */
/* Samples from before the constructor: see sample_log.h. */
#include "shim/record/sample_log.h"

#include "shim/host/filter.h"
#include "shim/recording/gate.h"
#include "shim/recording/moment.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"

#define SAMPLES 16

enum { EMPTY, ALIVE, FREED, MOVING, MISSED, TAKEN };

static struct logged_sample samples[SAMPLES];

seep_atomic32 sample_log_used; /* entries, or more */

static bool change(struct logged_sample *logged, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong_explicit(&logged->state, &from, to, memory_order_acq_rel,
						       memory_order_acquire);
}

bool sample_log_add(const void *address, size_t size, const void *hook_frame)
{
	const struct unwinder *unwinder = recording_setup.unwinder;
	if (!recording_setup.early || !unwinder || recording_setup.options.delay_ns || gate_read() != GATE_CLOSED ||
	    gate_is_in_forked_child())
		return false;
	uint32_t number = load_relaxed(&sample_log_used) < SAMPLES ? add_relaxed(&sample_log_used, 1) : SAMPLES;
	if (number >= SAMPLES)
		return false;
	struct logged_sample *logged = &samples[number];
	struct unwinding unwinding = unwinder->capture(hook_frame, logged->frames, UNWINDER_FRAMES);
	logged->address = address;
	logged->size = size;
	logged->birth_ns = moment_now_ns();
	logged->depth = unwinding.depth;
	logged->truncated = unwinding.end != UNWINDING_COMPLETE;
	filter_mark(address);
	recording_lose_sample();
	store_release(&logged->state, ALIVE);
	return true;
}

void sample_log_forget(const void *address)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct logged_sample *logged = &samples[i];
		uint32_t state = load_acquire(&logged->state);
		if ((state != ALIVE && state != MOVING) || logged->address != address)
			continue;
		logged->freed_ns = moment_now_ns();
		if (change(logged, ALIVE, FREED) || change(logged, MOVING, MISSED))
			filter_unmark(address);
	}
}

/* A forked child has what its parent keeps, and it is the parent's. */
struct logged_sample *sample_log_take(bool *alive)
{
	for (size_t i = 0; i < SAMPLES && !gate_is_in_forked_child(); i++) {
		*alive = change(&samples[i], ALIVE, MOVING);
		if (*alive || change(&samples[i], FREED, TAKEN))
			return &samples[i];
	}
	store_relaxed(&sample_log_used, 0);
	return NULL;
}

bool sample_log_put(struct logged_sample *logged)
{
	if (!change(logged, MOVING, TAKEN))
		return false;
	filter_unmark(logged->address);
	return true;
}
