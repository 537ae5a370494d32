/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of an allocator that is a part of the program, by their names:
 * those of <seep/entry_points.h>, C's and jemalloc's also with a prefix
 * (je_malloc, _rjem_malloc). The instructions tell which call each other, and so
 * which hook is right for each (<seep/linked.h>).
 */
#ifndef SEEP_INLINE_CANDIDATES_H
#define SEEP_INLINE_CANDIDATES_H

#include "inline/program.h"

enum candidate_hook {
	HOOK_NONE,  /* what it calls is hooked, and counts; or hooks alone call it */
	HOOK_INNER, /* it calls no other of them */
	HOOK_OUTER, /* it does, and counts itself */
};

struct candidate {
	const char *name; /* in <seep/entry_points.h> */
	const struct function *function;
	unsigned entry; /* its place there */
	enum candidate_hook hook;
	bool gives, takes_back;
};

struct candidates {
	struct candidate *items; /* ascending by address */
	size_t count;
};

/* False: the error says that there is none. */
bool candidates_find(struct candidates *candidates, const struct program *program, struct error *error);
void candidates_free(struct candidates *candidates);

#endif
