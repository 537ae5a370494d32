/* SPDX-License-Identifier: Apache-2.0 */
/* A recording or bundle whose snapshots are read one by one into a history. */
#ifndef SEEP_SERIES_READING_H
#define SEEP_SERIES_READING_H

#include "base/buffer.h"
#include "profile/bundle.h"
#include "profile/profile.h"
#include "series/history.h"

struct reading {
	const char *path; /* borrowed */
	struct recording recording;
	uint64_t first_number; /* that it could have, by reading_limit() */
	size_t judged;         /* entries of the recording that are judged */
	bool *is_judged;       /* by entry */
	size_t
	    left_out; /* of the series, since it is longer than is judged (base/budget.h): evenly, never the reference */
	struct passed_over passed_over; /* that can't be read */
	size_t headless;                /* of these, those that are not among the recording's entries any more */
	struct history history;
	bool has_vanished;          /* a snapshot went away that is read twice: all is to be read again */
	size_t *entries;            /* of the recording, by the place of a moment */
	struct bundle_file *bundle; /* NULL: the recording is a directory */
	struct moment_reader *reader;
	struct buffer bytes; /* of the bundle's snapshot */
};

#define READING_ATTEMPTS 5

/* From here on only the snapshots of that time are read of that recording, as if it had no others; by their own clock. */
void reading_limit(const char *path, uint64_t from_ns, uint64_t to_ns);

/* `whole`: every snapshot is going to be read; else those alone that are judged. In any case reading_free() is called. */
bool reading_open(struct reading *reading, const char *path, bool whole, struct error *error);
void reading_free(struct reading *reading);

/* Reads a snapshot, in order. One that goes away before it is read was thinned out, and one that can't be read is damaged:
 * the history does not have it then. False: it is none of this recording's. */
bool reading_add(struct reading *reading, size_t entry, struct moment *moment, struct error *error);

/* The snapshot of a moment of the history with its stacks, and of a bundle with its names. */
struct profile *reading_profile(struct reading *reading, const struct history_moment *moment, struct error *error);

/* The same of an entry of the recording, by its index. */
struct profile *reading_entry_profile(const struct reading *reading, size_t index, struct error *error);

#endif
