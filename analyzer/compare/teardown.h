/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last useful snapshot of a recording: the last one before the program tore down its memory at its end. The frees
 * of the teardown say nothing about the memory that the program used, and the snapshot at the end shows only the rest.
 */
#ifndef SEEP_COMPARE_TEARDOWN_H
#define SEEP_COMPARE_TEARDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

/* A snapshot's totals, estimates in bytes. */
struct teardown_moment {
	uint64_t time_ns;
	double in_use, allocated;
	double gone; /* share of the bytes in use at the moment before that are no longer in use */
	/* the part of those that went from sites which never freed before; 0 if that is only a few blocks */
	double first;
	double error; /* standard error of the bytes in use, as a share of them */
};

#define TEARDOWN_BLOCKS 8 /* blocks that must have gone for a fall to say something */

/* Whether this trigger's snapshot is the last of its process. */
bool trigger_is_end(uint32_t trigger);

/* The index of the last useful moment among those at the end of a recording, in the order of time. `ended`: the last of
 * them is the process's end. */
size_t teardown_last_useful(const struct teardown_moment *moments, size_t count, uint64_t start_ns, bool ended);

/* Like profile_open(), but opens the last useful snapshot of a recording. If that is not the last one, it sets
 * `shutdown_left_out` in the profile. */
struct profile *profile_open_useful(const char *path, struct error *error);

#endif
