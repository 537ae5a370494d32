/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the mean of some runs is beyond a limit, and how sure that is. The limit may be a share of the mean of other
 * runs. Two errors meet: that of sampling, which the samples tell, and the spread between runs that are equal in all
 * that is known, which several runs tell. docs/CI.md derives both.
 */
#ifndef SEEP_CHECK_INTERVAL_CONTRAST_H
#define SEEP_CHECK_INTERVAL_CONTRAST_H

#include <stdint.h>

#include <seep/measure.h>

#include "statistics/interval.h"

/* more - less - constant. */
struct contrast {
	struct seep_sum more, less;
	double unseen_more, unseen_less; /* as of sum_interval() */
	double constant;
	double spread;    /* standard error that comes from the spread between runs */
	uint32_t degrees; /* of freedom of that spread; 0: it is not known */
	double usual_t;   /* student_quantile() of ALPHA and these degrees, which every contrast of a budget asks for */
	double looks; /* how many independent values `more` is the largest of; 1: it was not selected by its value */
};

double contrast_value(const struct contrast *contrast);
/* Each end leaves out a chance of alpha/2. */
double contrast_low(const struct contrast *contrast, double alpha);
double contrast_high(const struct contrast *contrast, double alpha);

/* What is plain without a quantile: most places are far within their limit, or show too little to tell. */
enum contrast_glance { GLANCE_WITHIN, GLANCE_OPEN, GLANCE_CLOSE /* to be looked at by its interval */ };
enum contrast_glance contrast_glance(const struct contrast *contrast);

/* The chance that a contrast of 0 or less would look like this: the least at which the interval is above 0. */
double contrast_p_above(const struct contrast *contrast);

/* A sum for a part of it, or for a multiple. */
struct seep_sum sum_times(const struct seep_sum *sum, double factor);

/* The standard deviation between values of several runs (`count` in all, on so many sides); 0: sampling explains all of it.
 * `squares`: of the values' distances from their side's mean; `variance`: the sampling variances of all, added. */
double spread_between(double squares, double variance, uint32_t count, uint32_t sides);

#endif
