/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The births of the blocks that are still there: do blocks still come, do they come ever more slowly, and how much more
 * unevenly than by chance? A leak goes on; a cache that fills up, or has filled up, does not.
 */
#ifndef SEEP_LEAKS_BIRTHS_H
#define SEEP_LEAKS_BIRTHS_H

#include <stdbool.h>

#include "statistics/cohort.h"

/* Births of the objects that are alive at the end, in the order of time; of one age or more. */
struct births {
	double *at_ns;
	size_t count;
	double begin_ns, end_ns; /* the first of them, and the end less the age */
	double dispersion; /* how many births come as one, 1 or more: the variance of their counts by their mean */
};

void births_init(struct births *births, const struct follow_ups *all, uint64_t age_ns);
void births_free(struct births *births);

/* How many lie in this time, both ends included. */
size_t births_within(const struct births *births, double from_ns, double to_ns);

/* Births have ended: in the last two fifths of `length_ns` there is none, or in the last 4th, 8th or 16th there are next to
 * none where the earlier pace had brought so many that chance is not an explanation. */
bool births_have_ended(const struct births *births, double length_ns);

/* It is sure that births do not slow down as the root or the logarithm of time does; `is_rest`: those of a crowded
 * beginning are left out. */
bool births_hold_their_pace(const struct births *births, bool is_rest);

/* It is sure that in the last `window_ns` they came at a quarter of the earlier pace or more, and were more than the
 * `deaths` of that time. */
bool births_go_on(const struct births *births, double window_ns);
bool births_outnumber(size_t births, size_t deaths, double dispersion);

/* The longest of the last quarter, half, three quarters of the time since the start throughout which their pace was
 * one: its beginning. */
double births_even_from(const struct births *births, double start_ns);

#endif
