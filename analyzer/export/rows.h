/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that all formats export: the stacks of one profile or of two, each once, with four values. In a difference,
 * values that shrank are negative. */
#ifndef SEEP_EXPORT_ROWS_H
#define SEEP_EXPORT_ROWS_H

#include <stdint.h>

#include "profile/profile.h"
#include "tree/call_tree.h"

#define EXPORT_STACK_CUT "[callers unknown: stack cut]"

struct export_row {
	const struct profile *profile; /* the profile of the stack: the later one if both have it */
	const struct profile_site *site;
	struct call_values values;
};

/* Those of a row's objects in use that have one size and one thread. */
struct export_part {
	uint32_t row, thread;
	uint64_t size;
	double bytes, objects;
};

struct export_rows {
	struct export_row *rows;
	uint32_t count;
	struct export_part *parts; /* by row, then size, then thread; empty if a profile has no samples */
	uint32_t part_count;
};

void export_rows_build(struct export_rows *rows, const struct profile *now, const struct profile *base);
/* For the time since `base` (NULL: since the recording began): what was allocated in it, never less than nothing, and
 * what is in use at its end. Without parts. */
void export_rows_build_interval(struct export_rows *rows, const struct profile *now, const struct profile *base);
void export_rows_free(struct export_rows *rows);

#endif
