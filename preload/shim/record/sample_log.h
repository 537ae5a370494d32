/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples that the constructors of the program's libraries take before ours has
 * run (libstdc++'s has one at most rates). They begin no recording: the program
 * may have set itself no limits yet, and may allocate nothing more. A few are
 * kept here with their stacks until a recording begins; where more come, it
 * begins. Until it is handed over, each counts as lost in set-up.
 *
 * EMPTY -(add)-> ALIVE -(forget)-> FREED; ALIVE -(take)-> MOVING -(put)-> TAKEN;
 * MOVING -(forget)-> MISSED, which put() finds; FREED -(take)-> TAKEN.
 */
#ifndef SEEP_RECORD_SAMPLE_LOG_H
#define SEEP_RECORD_SAMPLE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keeper/base/atomics.h"
#include "shim/sample/unwinder.h"

struct logged_sample {
	seep_atomic32 state;
	const void *address;
	size_t size;
	uint64_t birth_ns, freed_ns; /* moments; freed_ns of those that are FREED */
	size_t depth;
	bool truncated;
	uintptr_t frames[UNWINDER_FRAMES];
};

/* 0: no sample is kept here, or all were handed over. */
extern HIDDEN seep_atomic32 sample_log_used;

/* Keeps a sample, and marks it in the filter. False: a recording has to begin for it. */
bool sample_log_add(const void *address, size_t size, const void *hook_frame);

/* A block is about to be freed or resized. */
void sample_log_forget(const void *address);

/* The next that nobody has taken; NULL: none. One that is alive is to be put into the live table, and then, by sample_log_put(),
 * out of here: false where it was freed meanwhile. */
struct logged_sample *sample_log_take(bool *alive);
bool sample_log_put(struct logged_sample *logged);

#endif
