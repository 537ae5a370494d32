/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of a program's memory at one moment. All threads stop, their registers are read, one of them makes the system
 * call clone() for us, and all run on. The copy is a process that shares its pages with the program until one of them
 * writes. It executes nothing but a system call by which it lets go of the program's files: it stands still from its
 * birth, and ends when we do.
 *
 * The program does not notice it: clone() is told to send no signal at the copy's end, and a wait() for children does
 * not see the copy. When the copy has ended, a thread of the program, borrowed once more, waits for it.
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
	uint64_t leave;           /* address of the program's _exit() */
	int64_t remains[REMAINS]; /* copies whose seep was killed; the program has to wait for them */
	size_t remain_count;
};

struct image_thread {
	pid_t tid;
	struct user_regs_struct registers;
};

struct image {
	pid_t pid;      /* the copy's */
	int64_t number; /* the number that the program knows it by */
	struct image_thread *threads;
	size_t thread_count;
	struct buffer vectors; /* of all threads */
};

bool imaging_begin(struct imaging *imaging, pid_t pid, double pause_ms, struct error *error);
void imaging_end(struct imaging *imaging);

/* False: there is no copy, and nothing stands still. `mappings`: the program's, read shortly before. */
bool image_take(struct image *image, struct imaging *imaging, const struct ledger *mappings, struct error *error);

/* Makes no copy: uses the program itself, whose threads all stand still until it is let go. For a program that is
 * ending anyway. */
bool image_hold(struct image *image, struct imaging *imaging, struct error *error);
void image_let_go(struct image *image, struct imaging *imaging);

/* Whether the copy still exists, whole. */
bool image_is_there(const struct image *image);

/* Ends the copy, and frees everything. */
void image_drop(struct image *image, struct imaging *imaging, const struct ledger *mappings);

#endif
