/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions a function reaches by calls and jumps: its own, those of the functions that it calls, and so on.
 * Calls through a pointer are unknown. */
#ifndef SEEP_INLINE_REACH_H
#define SEEP_INLINE_REACH_H

#include "inline/program.h"

/* Visits all places to which these functions lead, and those to which functions lead that are at most `depth` steps
 * away. */
void reach_visit(const struct program *program, const struct function *const *from, size_t count, unsigned depth,
		 program_visitor *visit, void *context);

#endif
