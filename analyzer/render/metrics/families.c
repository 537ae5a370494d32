/* SPDX-License-Identifier: Apache-2.0 */
#include "render/metrics/families.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum metric_type { GAUGE, COUNTER };

static const struct {
	const char *name; /* a counter's name without "_total" */
	enum metric_type type;
	const char *help;
} families[METRIC_FAMILIES] = {
    [METRIC_INUSE] = {"seep_inuse_bytes", GAUGE, "Bytes in use, from samples, with a 95 % interval."},
    [METRIC_ALLOCATED] = {"seep_alloc_bytes", COUNTER, "Bytes allocated since recording began."},
    [METRIC_GROWTH] = {"seep_growth_bytes_per_second", GAUGE,
		       "Growth of the bytes in use from the middle of the recording to its end, with a 95 % interval."},
    [METRIC_RSS] = {"seep_rss_bytes", GAUGE, "Resident set size at that moment."},
    [METRIC_LIMIT] = {"seep_limit_bytes", GAUGE, "The nearest limit of memory."},
    [METRIC_LIMIT_LEFT] = {"seep_limit_left_bytes", GAUGE, "What the nearest limit leaves."},
    [METRIC_LIMIT_SECONDS] = {"seep_limit_seconds", GAUGE,
			      "Time until a limit is reached at the pace of all leaks, and at the fastest (low) and "
			      "slowest (high) in its interval."},
    [METRIC_CLASSES] = {"seep_memory_bytes", GAUGE, "Bytes in memory by class; all but hugetlb add up to RSS."},
    [METRIC_HEAP_KEPT] =
	{"seep_heap_kept_bytes", GAUGE,
	 "Bytes of the heap that are not in use, by what they are, as the allocator's structures say."},
    [METRIC_CLASSES_TIME] = {"seep_memory_timestamp_seconds", GAUGE, "When the classes were counted, Unix time."},
    [METRIC_JUDGED] = {"seep_judged_timestamp_seconds", GAUGE, "When the snapshot was taken, Unix time."},
    [METRIC_LOWER_BOUND] = {"seep_lower_bound", GAUGE, "1: something was lost, and sums are lower bounds."},
    [METRIC_LOSSES] = {"seep_losses", COUNTER,
		       "What was lost, by effect: on totals, or on none of the numbers (stacks that were cut...)."},
    [METRIC_CAN_JUDGE] = {"seep_can_judge", GAUGE, "1: there are enough snapshots for verdicts."},
    [METRIC_LEAK_RATE] = {"seep_leak_bytes_per_second", GAUGE,
			  "Bytes a second that stay for good, of all places that leak, with a 95 % interval."},
    [METRIC_PLACES] = {"seep_places", GAUGE, "Places by verdict; leak_sure counts the leaks without cautions."},
    [METRIC_PLACES_LEFT_OUT] = {"seep_places_left_out", GAUGE,
				"Places and spreads that leak or grow and have no samples of their own here."},
    [METRIC_PLACE_LEAK_RATE] = {"seep_place_leak_bytes_per_second", GAUGE,
				"Bytes a second that stay for good, by place, with a 95 % interval."},
    [METRIC_PLACE_INUSE] = {"seep_place_inuse_bytes", GAUGE, "Bytes in use of a place that leaks or grows."},
    [METRIC_SPREAD_LEAK_RATE] = {"seep_spread_leak_bytes_per_second", GAUGE,
				 "Bytes a second that stay for good, of many places together, none of them proven "
				 "alone, with a 95 % interval."},
    [METRIC_SPREAD_INUSE] = {"seep_spread_inuse_bytes", GAUGE,
			     "Bytes in use of many places that leak, grow or have stopped together."},
    [METRIC_RECORDING_BYTES] = {"seep_recording_bytes", GAUGE, "Space that the recording's snapshots take."},
    [METRIC_KEEPER_SECONDS] =
	{"seep_keeper_cpu_seconds", COUNTER,
	 "Processor time of the process that keeps the recording; recordings of one seep run share it."},
    [METRIC_RECORDINGS] = {"seep_recordings", GAUGE, "Recordings that are served, by state."},
    [METRIC_RECORDINGS_LEFT_OUT] = {"seep_recordings_left_out", GAUGE,
				    "Recordings of running programs that have no metrics here, since there are too "
				    "many."},
    [METRIC_SERVER_SECONDS] = {"seep_serve_cpu_seconds", COUNTER, "Processor time of seep serve, all of it."},
};

void metrics_free(struct metrics *metrics)
{
	for (int i = 0; i < METRIC_FAMILIES; i++)
		buffer_free(&metrics->samples[i]);
}

/* Escapes backslash, quote and newline. Bytes that are not UTF-8 would make a reader refuse the whole document. */
void metric_label(struct buffer *sample, const char *name, const char *value)
{
	const size_t length = value ? strlen(value) : 0;
	uint32_t ignored;

	buffer_printf(sample, "%s%s=\"", sample->data[sample->length - 1] == '{' ? "" : ",", name);
	for (size_t at = 0, taken; at < length; at += taken) {
		taken = utf8_decode(value + at, length - at, &ignored);
		if (taken == 0) {
			buffer_append_text(sample, "\xEF\xBF\xBD");
			taken = 1;
		} else if (value[at] == '\n') {
			buffer_append_text(sample, "\\n");
		} else {
			if (value[at] == '"' || value[at] == '\\')
				buffer_append_byte(sample, '\\');
			buffer_append(sample, value + at, taken);
		}
	}
	buffer_append_byte(sample, '"');
}

struct buffer *metric_begin(struct metrics *metrics, enum metric_family family)
{
	const struct metric_labels *labels = &metrics->labels;
	struct buffer *sample = &metrics->samples[family];
	char pid[24];

	buffer_printf(sample, "%s%s{", families[family].name, families[family].type == COUNTER ? "_total" : "");
	if (labels->recording)
		metric_label(sample, "recording", labels->recording);
	if (*labels->service)
		metric_label(sample, "service", labels->service);
	if (labels->command) {
		snprintf(pid, sizeof pid, "%llu", (unsigned long long)labels->pid);
		metric_label(sample, "command", labels->command);
		metric_label(sample, "pid", pid);
	}
	return sample;
}

void metric_end(struct buffer *sample, double value)
{
	if (isnan(value))
		buffer_append_text(sample, "} NaN\n");
	else if (isinf(value))
		buffer_append_text(sample, value > 0 ? "} +Inf\n" : "} -Inf\n");
	else
		buffer_printf(sample, "} %.17g\n", value);
}

void metric_append(struct metrics *metrics, enum metric_family family, double value)
{
	metric_end(metric_begin(metrics, family), value);
}

void metric_append_estimate(struct metrics *metrics, enum metric_family family, double value, struct interval interval)
{
	static const char *const bounds[] = {"estimate", "low", "high"};
	const double values[] = {value, interval.low, interval.high};

	for (int i = 0; i < 3; i++) {
		struct buffer *sample = metric_begin(metrics, family);
		metric_label(sample, "bound", bounds[i]);
		metric_end(sample, values[i]);
	}
}

static void head_append(struct buffer *out, enum metric_family family, enum metrics_format format)
{
	static const char *const types[] = {"gauge", "counter"};
	const bool has_total = families[family].type == COUNTER && format == METRICS_PROMETHEUS;
	const char *name = families[family].name, *total = has_total ? "_total" : "";

	buffer_printf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total, families[family].help, name, total,
		      types[families[family].type]);
}

void metrics_render(struct buffer *out, const struct metrics *const *each, size_t count, enum metrics_format format)
{
	for (int family = 0; family < METRIC_FAMILIES; family++) {
		bool has_head = false;
		for (size_t i = 0; i < count; i++) {
			const struct buffer *samples = &each[i]->samples[family];
			if (samples->length && !has_head)
				head_append(out, (enum metric_family)family, format);
			has_head |= samples->length > 0;
			buffer_append(out, samples->data, samples->length);
		}
	}
	if (format == METRICS_OPENMETRICS)
		buffer_append_text(out, "# EOF\n");
}
