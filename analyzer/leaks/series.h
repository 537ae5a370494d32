/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshots of a recording that `seep leaks` reads, opened: all that the
 * timer took, then the reference. That is the last snapshot of all that was not
 * selected by its value, or where the program tore its memory down at its end
 * the last one before (compare/teardown.h).
 */
#ifndef SEEP_LEAKS_SERIES_H
#define SEEP_LEAKS_SERIES_H

#include "profile/profile.h"

struct series {
	struct profile **profiles; /* in the order of time, the reference last */
	uint64_t *numbers;         /* of these, as the recording has them */
	size_t count;              /* two at least */
	size_t left_out;           /* of a longer series than is judged (base/budget.h): evenly, never the reference */
	size_t removed; /* that the recording once had: snapshots are thinned out where they take much space */
	bool ended;     /* the recording has its last snapshot */
};

bool series_open(struct series *series, const char *directory, struct error *error);
/* What to do for more snapshots in a series of too few: where they were thinned out, a shorter interval brings none. */
const char *series_advice(const struct series *series);
void series_free(struct series *series);

#endif
