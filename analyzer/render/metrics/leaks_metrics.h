/* SPDX-License-Identifier: Apache-2.0 */
/* The findings of `seep leaks` as metrics: for a file that the node exporter collects, and for seep serve's
 * /metrics. */
#ifndef SEEP_METRICS_LEAKS_METRICS_H
#define SEEP_METRICS_LEAKS_METRICS_H

#include "leaks/leaks.h"
#include "render/metrics/families.h"

/* Places that have samples of their own: at most this many, leaking ones first, then growing ones, and as many spreads.
 * The sums include all places. */
#define METRICS_PLACES_MOST 50

/* The labels of a recording's metrics. A service's recording lies in the directory with the service's name. */
struct metric_labels metric_labels_of(const struct profile *profile, const char *path);
/* Metrics that need only a snapshot. */
void profile_metrics_fill(struct metrics *metrics, const struct profile *profile);
/* The same for the series' reference, and the verdicts. */
void leaks_metrics_fill(struct metrics *metrics, const struct leaks *leaks, uint32_t places_most);

#endif
