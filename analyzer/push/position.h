/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a recording a destination has taken, kept in a file, so that nothing is sent twice whoever sends the rest. The
 * snapshot that was taken last is kept beside it: what was allocated since is the difference to it, and the recording itself
 * may have thinned it out by then. One process at a time has a position.
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
	struct buffer stem; /* of the names of its files */
	int lock;
	uint64_t number; /* of the last snapshot that was taken; 0: none */
	uint64_t next;   /* the one that was begun; 0: none */
	uint32_t rows;   /* of that one that were taken */
};

/* The directory where positions are kept: `given`, else that of the user's state. Makes it. */
bool position_directory(struct buffer *directory, const char *given, struct error *error);

/* The position of the recording that `of` is a snapshot of. False: another process has it, or it can't be read or made. */
bool position_open(struct position *position, const char *directory, const struct destination *destination,
		   const struct profile *of, struct error *error);
void position_close(struct position *position);

/* The snapshot that was taken last. NULL: none was, and *is_lost where it should be there. */
struct profile *position_base(const struct position *position, bool *is_lost);

/* Before anything of this snapshot is sent: it is kept, so that what was begun can be ended when the recording has thinned it
 * out. False, among others, where it has done that already. */
bool position_begin(struct position *position, const struct profile *snapshot, struct error *error);
/* So many rows of it were taken. */
bool position_note_part(struct position *position, uint32_t rows, struct error *error);
/* All of it was. */
bool position_advance(struct position *position, struct error *error);
/* Where the one that was begun and not ended is kept; the caller frees it. NULL: there is none. */
char *position_begun(const struct position *position);

#endif
