/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks an allocator that is a part of a program where it lies: a plan, made while the program runs; memory that must
 * be brought near the program; and jumps, written while nothing moves.
 */
#ifndef SEEP_INLINE_PATCH_H
#define SEEP_INLINE_PATCH_H

#include "inline/area.h"
#include "inline/candidates.h"
#include "tracing/borrowed.h"
#include "tracing/safe_point.h"

struct patch {
	struct program program;
	struct candidates candidates;
	struct area area;
	char notes[1024]; /* a line for each function that is not hooked, and why */
};

/* Makes the plan; nothing is touched. False: the error says why nothing can be hooked. */
bool patch_plan(struct patch *patch, const struct remote *remote, const struct loaded *loaded, struct error *error);
void patch_free(struct patch *patch);

/* The functions in which a thread may be in the middle of the allocator's work. The caller frees the array. */
struct code_range *patch_own_code(const struct patch *patch, size_t *count);

/* Has the borrowed thread bring the code that the hooks call, and tells libseep.so, whose table is at `table`. */
bool patch_bring(struct patch *patch, struct borrowed *borrowed, uint64_t table, struct error *error);

#endif
