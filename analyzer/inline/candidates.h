/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the functions of an allocator that is a part of the program, by their names: those of <seep/entry_points.h>;
 * C's and jemalloc's also with a prefix (je_malloc, _rjem_malloc). Their instructions tell which of them call each
 * other, and so which hook is right for each (<seep/linked.h>).
 */
#ifndef SEEP_INLINE_CANDIDATES_H
#define SEEP_INLINE_CANDIDATES_H

#include "inline/program.h"

enum candidate_hook {
	HOOK_NONE,  /* a function that it calls is hooked and counts, or only hooks call it */
	HOOK_INNER, /* it calls no other candidate */
	HOOK_OUTER, /* it calls others, and counts itself */
};

struct candidate {
	const char *name; /* its name in <seep/entry_points.h> */
	const struct function *function;
	unsigned entry; /* its number there */
	enum candidate_hook hook;
	bool gives, takes_back;
};

struct candidates {
	struct candidate *items; /* in ascending order of addresses */
	size_t count;
};

/* False: there are none, and the error says so. */
bool candidates_find(struct candidates *candidates, const struct program *program, struct error *error);
void candidates_free(struct candidates *candidates);

#endif
