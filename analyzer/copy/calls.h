/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls functions of a program in a copy of its memory (image.h): whatever a call does happens to the copy alone. A
 * lock that a thread held as the copy was made stays held there for ever, so a call that waits is given up at once, and
 * a call that takes too long is given up, too. The copy may make no system call that could be noticed outside, since it
 * shares the program's files.
 *
 * A function that calls back can be given CALLS_VISITOR: no code of ours is in the copy, so it faults there, and
 * `visit` answers.
 */
#ifndef SEEP_COPY_CALLS_H
#define SEEP_COPY_CALLS_H

#include "copy/image.h"
#include "copy/steps.h"

#define CALLS_VISITOR UINT64_C(16) /* like address 0, nothing is ever mapped there */

struct calls;

/* Gets the arguments with which the function calls back. False: the function need not go on. */
typedef bool calls_visit(struct calls *calls, const uint64_t arguments[BORROWED_ARGUMENTS]);

struct calls {
	struct steps steps;
	const struct image *image;
	calls_visit *visit; /* NULL: no callback is expected */
	void *visit_context;
	struct remote memory;
	struct user_regs_struct registers;
	uint64_t area; /* memory of ours in the copy: CALLS_SCRATCH bytes for texts and results, then a stack */
	bool waited;   /* the failed call waits for another thread: another copy may have more luck */
};

enum { CALLS_SCRATCH = 4096 };

/* All calls must be done within that time. */
bool calls_begin(struct calls *calls, const struct imaging *imaging, const struct image *image, double within_ms,
		 struct error *error);
void calls_end(struct calls *calls);

/* False: the function has not returned, and no other call can be made. */
bool calls_make(struct calls *calls, uint64_t function, const uint64_t arguments[BORROWED_ARGUMENTS], uint64_t *result,
		struct error *error);

#endif
