/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshots of a recording that `seep leaks` reads: all by the timer, then the reference. The reference is the last
 * snapshot of any kind that was not selected by its value; or, if the program tore down its memory at its end, the last
 * one before that (compare/teardown.h). They are read one by one, and only the two whose stacks are shown become
 * profiles.
 */
#ifndef SEEP_SERIES_SERIES_H
#define SEEP_SERIES_SERIES_H

#include "profile/profile.h"
#include "series/reading.h"

struct series {
	struct history history; /* at least two moments; the reference is the last */
	struct profile *reference;
	struct profile *middle;     /* the one nearest to the middle of the recording's time */
	struct profile *referenced; /* the last one for which references were looked for; NULL: none */
	struct profile *located;    /* of mappings, the last one that says what of them is in memory; NULL: none */
	/* left out because the series is longer than is judged (base/budget.h): evenly, never the reference */
	size_t left_out;
	size_t removed; /* that the recording once had: snapshots are thinned out if they take much space */
	size_t damaged; /* number of those that can't be read */
	bool ended;     /* the recording has its last snapshot */
	bool goes_on;   /* more may come: the process runs, and the recording is not a copy */
};

/* Opens one recording, or the sum of several: at the moments of the youngest, in the time in which all of them ran.
 * Each process counts up to its last useful snapshot, as if all of these had been taken at once. */
bool series_open(struct series *series, const char *const *directories, size_t count, struct error *error);
/* Makes a series of one recording that was read; its history becomes the series's in any case. Call series_free() even
 * if this returns false: nothing can be judged, or a snapshot can't be opened again. */
bool series_take(struct series *series, struct reading *reading, struct error *error);
/* Adds up several series that were made from these readings. Fills `parts`, one for each, which history_parts_free()
 * frees in any case. */
bool series_add_up(struct series *sum, const struct series *of, struct reading *readings, struct history_part *parts,
		   size_t count, struct error *error);
void history_parts_free(struct history_part *parts, size_t count);
/* What to do if a series has too few snapshots; if they were thinned out, a shorter interval would not bring more. */
const char *series_advice(const struct series *series);
/* Whether what the program mapped past malloc has grown since the recording's middle so much that it is worth judging
 * beside the heap. */
bool series_mappings_grew(const struct series *series);
void series_free(struct series *series);

#endif
