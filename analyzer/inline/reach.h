/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions a function reaches by calls and jumps: by its own, by those of the functions that it calls, and so
 * on. Calls by a pointer are unknown. */
#ifndef SEEP_INLINE_REACH_H
#define SEEP_INLINE_REACH_H

#include "inline/program.h"

/* Visits all that the functions lead to, and what the functions lead to that are at most `depth` steps from them. */
void reach_visit(const struct program *program, const struct function *const *from, size_t count, unsigned depth,
		 program_visitor *visit, void *context);

#endif
