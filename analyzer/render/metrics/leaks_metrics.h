/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `seep leaks` found, as Prometheus reads it: the text exposition format 0.0.4, for the textfile collector of the
 * node exporter or any server of files.
 */
#ifndef SEEP_METRICS_LEAKS_METRICS_H
#define SEEP_METRICS_LEAKS_METRICS_H

#include "base/buffer.h"
#include "leaks/leaks.h"

/* Places that have samples of their own: those that leak, then those that grow, this many at most; the sums have all. */
#define METRICS_PLACES_MOST 50

void leaks_metrics_render(struct buffer *out, const struct leaks *leaks);

#endif
