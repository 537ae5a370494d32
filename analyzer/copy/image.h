/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of a program's memory as of one moment. All threads stand still, their registers are taken, one of them
 * makes the system call clone() for us, and all run on. The copy is a process that shares its pages with the program
 * until one of them writes. It never executes an instruction of the program's: it stands still from its birth, and
 * where we end, it does, too.
 *
 * The program is told nothing of it: clone() has no signal for its end, and a wait() for children does not see it. A
 * thread of the program, borrowed once more, waits for it when it has ended.
 *
 * The copy shares the program's descriptors, so a file that the program closes is closed.
 */
#ifndef SEEP_COPY_IMAGE_H
#define SEEP_COPY_IMAGE_H

#include "attach/work.h"
#include "base/buffer.h"
#include "keeper/ledger/mappings.h"
#include "tracing/borrowed.h"

enum { REMAINS = 64 };

struct imaging {
	struct work work;
	struct borrowed prepared;
	uint64_t leave;           /* _exit() of the program's */
	int64_t remains[REMAINS]; /* of copies whose seep was killed, for the program to wait for */
	size_t remain_count;
};

struct image_thread {
	pid_t tid;
	struct user_regs_struct registers;
};

struct image {
	pid_t pid;      /* the copy's */
	int64_t number; /* by which the program knows it */
	struct image_thread *threads;
	size_t thread_count;
	struct buffer vectors; /* vector states of all threads */
};

bool imaging_begin(struct imaging *imaging, pid_t pid, double pause_ms, struct error *error);
void imaging_end(struct imaging *imaging);

/* False: there is no copy, and nothing stands still. `mappings`: the program's, shortly before. */
bool image_take(struct image *image, struct imaging *imaging, const struct ledger *mappings, struct error *error);

/* No copy: the program itself, all of whose threads stand still until it is let go. For one that is at its end anyway. */
bool image_hold(struct image *image, struct imaging *imaging, struct error *error);
void image_let_go(struct image *image, struct imaging *imaging);

/* Is the copy there, whole? */
bool image_is_there(const struct image *image);

/* Ends the copy, and lets go of it all. */
void image_drop(struct image *image, struct imaging *imaging, const struct ledger *mappings);

#endif
