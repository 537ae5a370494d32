/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics as Prometheus and similar tools read them: the text exposition format 0.0.4, and OpenMetrics 1.0.0. These
 * formats want all samples of a family together, so samples of several recordings are kept by family until they are
 * written.
 */
#ifndef SEEP_METRICS_FAMILIES_H
#define SEEP_METRICS_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

#include <seep/service.h>

#include "base/buffer.h"
#include "statistics/interval.h"

enum metric_family {
	METRIC_INUSE,
	METRIC_ALLOCATED,
	METRIC_GROWTH,
	METRIC_RSS,
	METRIC_LIMIT,
	METRIC_LIMIT_LEFT,
	METRIC_LIMIT_SECONDS,
	METRIC_CLASSES,
	METRIC_HEAP_KEPT,
	METRIC_CLASSES_TIME,
	METRIC_JUDGED,
	METRIC_LOWER_BOUND,
	METRIC_LOSSES,
	METRIC_CAN_JUDGE,
	METRIC_LEAK_RATE,
	METRIC_PLACES,
	METRIC_PLACES_LEFT_OUT,
	METRIC_PLACE_LEAK_RATE,
	METRIC_PLACE_INUSE,
	METRIC_SPREAD_LEAK_RATE,
	METRIC_SPREAD_INUSE,
	METRIC_RECORDING_BYTES,
	METRIC_KEEPER_SECONDS,
	METRIC_RECORDINGS,
	METRIC_RECORDINGS_LEFT_OUT,
	METRIC_SERVER_SECONDS,
	METRIC_FAMILIES
};

/* Labels that all samples of one recording have. */
struct metric_labels {
	const char *recording, *command;          /* NULL: no such label */
	char service[SEEP_SERVICE_NAME_MOST + 1]; /* "": no such label */
	uint64_t pid;
};

struct metrics { /* zero-initialise */
	struct metric_labels labels;
	struct buffer samples[METRIC_FAMILIES];
};
void metrics_free(struct metrics *metrics);

/* Writes a sample: metric_begin(), then its own labels, then metric_end(). */
struct buffer *metric_begin(struct metrics *metrics, enum metric_family family);
void metric_label(struct buffer *sample, const char *name, const char *value);
void metric_end(struct buffer *sample, double value);
/* A sample without labels of its own. */
void metric_append(struct metrics *metrics, enum metric_family family, double value);
/* Three samples: the estimate and both ends of its interval. */
void metric_append_estimate(struct metrics *metrics, enum metric_family family, double value, struct interval interval);

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* Everything from `count` recordings; families without a sample are left out. */
void metrics_render(struct buffer *out, const struct metrics *const *each, size_t count, enum metrics_format format);

#endif
