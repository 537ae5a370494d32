/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the objects that have reached some age no longer die, and whether survivors were born all the time. */
#ifndef SEEP_LEAKS_PLATEAU_H
#define SEEP_LEAKS_PLATEAU_H

#include "leaks/leak_row.h"

/* Fills in the part of `evidence` about ages, from one group's objects, at the age that says most for a leak. */
void plateau_find(struct leak_evidence *best, const struct leaks *leaks, const struct follow_ups *all);

/* Whether any age may show a plateau: enough of the objects are alive. */
bool plateau_is_possible(const struct follow_ups *all);

/* The objects of one group, without those of a recording's crowded beginning, when a program starts. */
struct follow_ups plateau_without_crowd(const struct follow_ups *all, const struct leaks *leaks);

/* The number of lasting samples (born after start-up) that a proof would have needed. */
double plateau_samples_least(const struct leak_evidence *evidence, const struct leaks *leaks);

/* Start-up is the first 4th of a recording. */
#define PLATEAU_START_PART 4

#endif
