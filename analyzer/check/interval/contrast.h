/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the mean of some runs is beyond a limit, and how sure that is. The limit may be a share of the mean of other
 * runs. There are two errors: the sampling error, which the samples tell, and the spread between runs that are equal in
 * all that is known, which several runs tell. docs/CI.md derives both.
 */
#ifndef SEEP_CHECK_INTERVAL_CONTRAST_H
#define SEEP_CHECK_INTERVAL_CONTRAST_H

#include <stdint.h>

#include <seep/measure.h>

#include "statistics/interval.h"

/* more - less - constant. */
struct contrast {
	struct seep_sum more, less;
	double unseen_more, unseen_less; /* unseen amounts, as sum_interval() takes them */
	double constant;
	double spread;    /* the standard error from the spread between runs */
	uint32_t degrees; /* degrees of freedom of that spread; 0: it is not known */
	double usual_t;   /* student_quantile() for ALPHA and these degrees, which every contrast of a budget needs */
	double looks; /* `more` is the largest of this many independent values; 1: it was not selected by its value */
};

double contrast_value(const struct contrast *contrast);
/* Each end leaves out a chance of alpha/2. */
double contrast_low(const struct contrast *contrast, double alpha);
double contrast_high(const struct contrast *contrast, double alpha);

/* What can be said without a quantile: most places are far within their limit, or show too little to tell. */
enum contrast_glance { GLANCE_WITHIN, GLANCE_OPEN, GLANCE_CLOSE /* needs its interval */ };
enum contrast_glance contrast_glance(const struct contrast *contrast);

/* The chance that a contrast of 0 or less would look like this: the smallest alpha at which the interval is above 0. */
double contrast_p_above(const struct contrast *contrast);

/* The sum of a part, or of a multiple, of the samples. */
struct seep_sum sum_times(const struct seep_sum *sum, double factor);

/* The standard deviation between values of several runs (`count` in all, on `sides` sides); 0: sampling explains all of
 * it. `squares`: the squared distances of the values from their side's mean, added; `variance`: the sampling variances
 * of all, added. */
double spread_between(double squares, double variance, uint32_t count, uint32_t sides);

#endif
