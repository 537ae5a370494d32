/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/scrape/metrics_task.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "leaks/spread.h"
#include "profile/profile.h"
#include "render/metrics/leaks_metrics.h"
#include "series/series.h"
#include "target/listing.h"
#include "work/clock.h"

enum { SAMPLES_MIB_MOST = 4 };

/* What comes through the pipe: this struct, then the samples of each family, or the error's line. */
struct result {
	uint64_t is_made, bytes[METRIC_FAMILIES];
	struct metrics_summary summary;
};

#define RESULT_MOST (sizeof(struct result) + ((size_t)SAMPLES_MIB_MOST << 20))

static uint64_t newest_unix_ns(const struct profile *profile)
{
	return profile->start_unix_ns + (profile->time_ns - profile->start_ns);
}

/* The processor time of the process that keeps the recording. A keeper that is a thread of the program has no time of
 * its own. */
static void keeper_append(struct metrics *metrics, const char *directory)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state = {0};
	struct seep_fault ignored;
	struct timespec used;
	clockid_t clock;

	if (seep_heap_open(&heap, directory, false, &ignored))
		seep_heap_state(&heap, &state);
	seep_heap_close(&heap);
	if (state.keeper_pid && state.keeper_pid != state.pid &&
	    clock_getcpuclockid((pid_t)state.keeper_pid, &clock) == 0 && clock_gettime(clock, &used) == 0)
		metric_append(metrics, METRIC_KEEPER_SECONDS, (double)used.tv_sec + (double)used.tv_nsec / 1e9);
}

static void space_append(struct metrics *metrics, const char *path)
{
	struct recording recording;
	struct error ignored;
	struct stat status;
	double bytes = 0;

	if (!recording_list(path, &recording, &ignored))
		return;
	for (size_t i = 0; i < recording.count; i++)
		if (stat(recording.entries[i].path, &status) == 0)
			bytes += (double)status.st_blocks * 512;
	metric_append(metrics, METRIC_RECORDING_BYTES, bytes);
	recording_free(&recording);
}

/* False: there is no series yet. */
static bool judged_fill(struct metrics *metrics, const struct metrics_wish *wish)
{
	struct series series;
	struct leaks leaks;
	struct error ignored;

	if (!series_open(&series, &wish->path, 1, &ignored))
		return false;
	struct profile *const shown[] = {series.reference, series.middle};
	for (size_t i = 0; i < 2; i++) {
		profile_use_wrappers(shown[i], wish->wrappers, wish->wrapper_count);
		profile_symbolize(shown[i], wish->symbols);
	}
	leaks_build(&leaks, &series, GROUP_BY_PLACE, LEAK_SORTED);
	leaks_find_spreads(&leaks, &series);
	leaks_metrics_fill(metrics, &leaks, METRICS_SERVED_PLACES_MOST);
	leaks_free(&leaks);
	series_free(&series);
	return true;
}

static void summary_fill(struct metrics_summary *summary, const struct profile *now, const struct metric_labels *labels)
{
	*summary = (struct metrics_summary){.state = listing_state_of(now),
					    .pid = now->pid,
					    .start_ticks = now->start_ticks,
					    .newest_unix_ns = newest_unix_ns(now)};
	snprintf(summary->command, sizeof summary->command, "%s", now->command ? now->command : "");
	memcpy(summary->service, labels->service, sizeof summary->service);
}

static bool is_of_interest(const struct metrics_summary *summary)
{
	return summary->state == LISTING_RUNNING ||
	       summary->newest_unix_ns + METRICS_AFTER_END_NS > clock_ns(CLOCK_REALTIME);
}

static void metrics_make(struct buffer *answer, const void *context)
{
	const struct metrics_wish *wish = context;
	struct metrics metrics = {0};
	struct result result = {0};
	struct error error;

	memory_bound_by_inputs();
	struct profile *now = profile_open_now(wish->path, &error);
	if (now) {
		metrics.labels = metric_labels_of(now, wish->path);
		metrics.labels.recording = wish->name;
		summary_fill(&result.summary, now, &metrics.labels);
		result.is_made = 1;
	}
	if (now && is_of_interest(&result.summary)) {
		if (!judged_fill(&metrics, wish)) {
			profile_metrics_fill(&metrics, now);
			metric_append(&metrics, METRIC_CAN_JUDGE, 0);
		}
		keeper_append(&metrics, wish->path);
		space_append(&metrics, wish->path);
	}
	for (int i = 0; i < METRIC_FAMILIES; i++)
		result.bytes[i] = metrics.samples[i].length;
	buffer_append(answer, &result, sizeof result);
	for (int i = 0; i < METRIC_FAMILIES; i++)
		buffer_append(answer, metrics.samples[i].data, metrics.samples[i].length);
	if (!now)
		buffer_append_text(answer, error.text);
}

bool metrics_task_start(struct task *task, const struct metrics_wish *wish, uint64_t now_ns, struct error *error)
{
	return task_start(task, metrics_make, wish, RESULT_MOST, now_ns, error);
}

/* False: this is not what the task writes. */
static bool samples_take(struct metrics *metrics, const struct result *result, const struct buffer *got)
{
	size_t at = sizeof *result;

	for (int i = 0; i < METRIC_FAMILIES; i++) {
		if (result->bytes[i] > got->length - at)
			return false;
		metrics->samples[i].length = 0;
		buffer_append(&metrics->samples[i], got->data + at, result->bytes[i]);
		at += result->bytes[i];
	}
	return at == got->length;
}

bool metrics_task_finish(struct task *task, struct metrics_summary *summary, struct metrics *metrics, double *cpu_s,
			 struct error *error)
{
	struct result result = {0};
	struct buffer *got = &task->got;
	int status;
	bool is_made = false;

	task_finish(task, &status, cpu_s);
	if (got->length >= sizeof result)
		memcpy(&result, got->data, sizeof result);
	if (got->length > RESULT_MOST || got->length < sizeof result)
		error_set(error, "the metrics could not be made in time, or are too large");
	else if (!result.is_made)
		error_set(error, "%.*s", (int)(got->length - sizeof result), got->data + sizeof result);
	else if (!samples_take(metrics, &result, got))
		error_set(error, "the metrics contradict themselves");
	else
		is_made = true;
	*summary = result.summary;
	summary->command[sizeof summary->command - 1] = summary->service[sizeof summary->service - 1] = '\0';
	buffer_free(got);
	return is_made;
}
