/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The births of the blocks that are still there. Do blocks still come? Do they come ever more slowly? How much more
 * unevenly than by chance? A leak goes on; a cache that is filling up, or full, does not.
 */
#ifndef SEEP_LEAKS_BIRTHS_H
#define SEEP_LEAKS_BIRTHS_H

#include <stdbool.h>

#include "statistics/cohort.h"

/* Births of the objects that are alive at the end and have a given age or more, in the order of time. */
struct births {
	double *at_ns;
	size_t count;
	double begin_ns, end_ns; /* the first birth, and the end less the age */
	double dispersion; /* how many births come as one (1 or more): the variance of their counts by their mean */
};

void births_init(struct births *births, const struct follow_ups *all, uint64_t age_ns);
void births_free(struct births *births);

/* How many births are in this time, both ends included. */
size_t births_within(const struct births *births, double from_ns, double to_ns);

/* Whether births have ended: there is none in the last two fifths of `length_ns`; or there are next to none in the last
 * 4th, 8th or 16th, although the earlier pace would have brought so many that chance is no explanation. */
bool births_have_ended(const struct births *births, double length_ns);

/* Whether births surely do not slow down as the root or the logarithm of time does. `is_rest`: those of a crowded
 * beginning are left out. */
bool births_hold_their_pace(const struct births *births, bool is_rest);

/* Whether births in the last `window_ns` surely came at a quarter of the earlier pace or more, and outnumbered the
 * `deaths` in that time. */
bool births_go_on(const struct births *births, double window_ns);
bool births_outnumber(size_t births, size_t deaths, double dispersion);

/* The beginning of the longest time until now throughout which the pace was one: of the last quarter, half and three
 * quarters since the start. */
double births_even_from(const struct births *births, double start_ns);

#endif
