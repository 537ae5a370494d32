/* SPDX-License-Identifier: Apache-2.0 */
/* What `seep leaks` found out, as metrics: for a file that the node exporter collects, and for seep serve's /metrics. */
#ifndef SEEP_METRICS_LEAKS_METRICS_H
#define SEEP_METRICS_LEAKS_METRICS_H

#include "leaks/leaks.h"
#include "render/metrics/families.h"

/* Places that have samples of their own: those that leak, then those that grow, this many at most, and as many spreads; the sums
 * have all. */
#define METRICS_PLACES_MOST 50

/* The labels of a recording's metrics. A service's lies in the directory that has its name. */
struct metric_labels metric_labels_of(const struct profile *profile, const char *path);
/* What a snapshot alone says. */
void profile_metrics_fill(struct metrics *metrics, const struct profile *profile);
/* The same of the series' reference, and what was judged. */
void leaks_metrics_fill(struct metrics *metrics, const struct leaks *leaks, uint32_t places_most);

#endif
