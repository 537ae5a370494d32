/* SPDX-License-Identifier: Apache-2.0 */
/* Do the objects that have reached some age no longer die, and were the survivors born all the time? */
#ifndef SEEP_LEAKS_PLATEAU_H
#define SEEP_LEAKS_PLATEAU_H

#include "leaks/leak_row.h"

/* Fills in the part of `evidence` about ages, from the objects of one group, at the age that says most for a leak. */
void plateau_find(struct leak_evidence *best, const struct leaks *leaks, const struct follow_ups *all);

/* The objects of one group, without those of the recording's beginning where it is crowded: a program that starts. */
struct follow_ups plateau_without_crowd(const struct follow_ups *all, const struct leaks *leaks);

/* Lasting samples (born after start-up) that there must have been at least for a proof. */
double plateau_samples_least(const struct leak_evidence *evidence, const struct leaks *leaks);

/* Start-up is the first 4th of a recording. */
#define PLATEAU_START_PART 4

#endif
