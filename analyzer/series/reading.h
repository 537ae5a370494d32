/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the snapshots of a recording or bundle one by one into a history. */
#ifndef SEEP_SERIES_READING_H
#define SEEP_SERIES_READING_H

#include "base/buffer.h"
#include "profile/bundle.h"
#include "profile/profile.h"
#include "series/history.h"

struct reading {
	const char *path; /* borrowed */
	struct recording recording;
	uint64_t first_number; /* the first that it may have, by reading_limit() */
	size_t judged;         /* number of entries that are judged */
	bool *is_judged;       /* by entry */
	size_t
	    /* left out because the series is longer than is judged (base/budget.h): evenly, never the reference */
	    left_out;
	struct passed_over passed_over; /* snapshots that can't be read */
	size_t headless;                /* those of them that are no longer among the recording's entries */
	struct history history;
	bool has_vanished;          /* a snapshot vanished that must be read twice: everything must be read again */
	size_t *entries;            /* by moment: the recording's entry */
	struct bundle_file *bundle; /* NULL: the recording is a directory */
	struct moment_reader *reader;
	struct buffer bytes; /* of the bundle's present snapshot */
};

#define READING_ATTEMPTS 5

/* From now on, only snapshots of that time (by their own clock) are read from that recording, as if it had no
 * others. */
void reading_limit(const char *path, uint64_t from_ns, uint64_t to_ns);

/* `whole`: every snapshot is going to be read; otherwise only those that are judged. Call reading_free() in any
 * case. */
bool reading_open(struct reading *reading, const char *path, bool whole, struct error *error);
void reading_free(struct reading *reading);

/* Reads a snapshot, in order. The history lacks a snapshot that vanishes before it is read, because it was thinned out,
 * and a damaged one that can't be read. False: it does not belong to this recording. */
bool reading_add(struct reading *reading, size_t entry, struct moment *moment, struct error *error);

/* The snapshot of one of the history's moments, with its stacks; from a bundle, with its names, too. */
struct profile *reading_profile(struct reading *reading, const struct history_moment *moment, struct error *error);

/* The same for an entry of the recording, by its index. */
struct profile *reading_entry_profile(const struct reading *reading, size_t index, struct error *error);

#endif
