/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a recording a destination has taken. It is kept in a file, so that nothing is sent twice, whoever sends
 * the rest. The last snapshot that was taken is kept beside it: what was allocated since is the difference to it, and
 * the recording itself may have thinned it out by then. Only one process at a time has a position.
 */
#ifndef SEEP_PUSH_POSITION_H
#define SEEP_PUSH_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "profile/profile.h"
#include "push/destination.h"

struct position {
	struct buffer stem; /* the beginning of its files' names */
	int lock;
	uint64_t number; /* number of the last snapshot that was taken; 0: none */
	uint64_t next;   /* number of the snapshot that was begun; 0: none */
	uint32_t rows;   /* how many rows of that one were taken */
};

/* The directory of positions: `given`, or that of the user's state. Makes it. */
bool position_directory(struct buffer *directory, const char *given, struct error *error);

/* The position of the recording to which the snapshot `of` belongs. False: another process has it, or it can't be read
 * or made. */
bool position_open(struct position *position, const char *directory, const struct destination *destination,
		   const struct profile *of, struct error *error);
void position_close(struct position *position);

/* The last snapshot that was taken. NULL: none was taken; or, with *is_lost, it should be there and is not. */
struct profile *position_base(const struct position *position, bool *is_lost);

/* Called before anything of the snapshot in this file is sent: keeps it, so that a send that was begun can be finished
 * when the recording has thinned it out. False, for example, if that has happened already. */
bool position_begin(struct position *position, const char *path, uint64_t number, struct error *error);
/* Notes that this many rows of it were taken. */
bool position_note_part(struct position *position, uint32_t rows, struct error *error);
/* Notes that all of it was taken. */
bool position_advance(struct position *position, struct error *error);
/* The path of a kept snapshot that was begun and not finished; the caller frees it. NULL: there is none. */
char *position_begun(const struct position *position);

#endif
