/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last useful snapshot of a recording: the last one before the program tore
 * its memory down at its end. The frees of the teardown say nothing about the
 * memory that the program used, and the snapshot at the end shows only what they
 * left.
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
	double gone;  /* share of the bytes in use at the moment before that are no longer in use */
	double first; /* of those, what went where nothing had ever gone before; 0 where that are a few blocks only */
	double error; /* standard error of what is in use, as a share of it */
};

#define TEARDOWN_BLOCKS 8 /* that went, at least, where that says something */

/* Whether this is the last moment that will be known of its process. */
bool trigger_is_end(uint32_t trigger);

/* Index of the last useful one of the moments at the end of a recording, in the order of time. `ended`: the last of
 * them is the process's end. */
size_t teardown_last_useful(const struct teardown_moment *moments, size_t count, uint64_t start_ns, bool ended);

/* As profile_open(), but opens the last useful snapshot of a recording. If that is not the last one,
 * `shutdown_left_out` is set in it. */
struct profile *profile_open_useful(const char *path, struct error *error);

#endif
