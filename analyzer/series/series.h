/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshots of a recording that `seep leaks` reads: all that the timer
 * took, then the reference. That is the last snapshot of all that was not
 * selected by its value, or where the program tore its memory down at its end
 * the last one before (compare/teardown.h). They are read one by one, and only
 * the two whose stacks are shown become profiles.
 */
#ifndef SEEP_LEAKS_SERIES_H
#define SEEP_LEAKS_SERIES_H

#include "profile/profile.h"
#include "series/reading.h"

struct series {
	struct history history; /* two moments at least, the reference last */
	struct profile *reference;
	struct profile *middle;     /* nearest to the middle of the recording's time */
	struct profile *referenced; /* the last one for which references were looked for; NULL: none */
	size_t left_out;            /* of a longer series than is judged (base/budget.h): evenly, never the reference */
	size_t removed; /* that the recording once had: snapshots are thinned out where they take much space */
	size_t damaged; /* that can't be read */
	bool ended;     /* the recording has its last snapshot */
	bool goes_on;   /* more of them may come: the process runs, and what is read is not a copy */
};

/* Of one recording, or the sum of several: at the moments of the youngest, in the time in which all of them ran. Each
 * process counts as of its last useful snapshot, as if they had all been taken at once. */
bool series_open(struct series *series, const char *const *directories, size_t count, struct error *error);
/* Makes a series of what was read of one recording, whose history becomes the series's in any case. Series_free() is
 * called even where this is false: nothing can be judged, or a snapshot can't be opened again. */
bool series_take(struct series *series, struct reading *reading, struct error *error);
/* The sum of several that were taken of these readings. Fills `parts`, one of each, which history_parts_free() frees in any
 * case. */
bool series_add_up(struct series *sum, const struct series *of, struct reading *readings, struct history_part *parts,
		   size_t count, struct error *error);
void history_parts_free(struct history_part *parts, size_t count);
/* What to do for more snapshots in a series of too few: where they were thinned out, a shorter interval brings none. */
const char *series_advice(const struct series *series);
/* Has what the program mapped past malloc grown since the recording's middle, so that it is worth judging beside the heap? */
bool series_mappings_grew(const struct series *series);
void series_free(struct series *series);

#endif
