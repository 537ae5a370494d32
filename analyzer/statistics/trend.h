/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slope of a series: the median of the slopes between all pairs of its points, which points outside the trend
 * hardly change.
 */
#ifndef SEEP_STATISTICS_TREND_H
#define SEEP_STATISTICS_TREND_H

#include <stddef.h>

#include "statistics/interval.h"

#define TREND_LEAST 4 /* points needed for a slope */

struct trend {
	double slope;             /* value per unit of time; NaN with fewer than TREND_LEAST points */
	struct interval interval; /* 95 %; widened because neighbouring points are correlated */
};

/* Times must ascend strictly. */
struct trend trend_of(const double *times, const double *values, size_t count);

#endif
