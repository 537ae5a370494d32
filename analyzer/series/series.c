/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a recording's series. A snapshot that goes away before it is read was thinned out, and is left out; where one of
 * those goes away that are read twice, all begins again. */
#include "series/series.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"
#include "base/message.h"
#include "profile/bundle.h"
#include "profile/merge.h"

/* Index of the last that was not selected by its value; the list is not empty. */
static size_t choose_last(const struct recording *recording)
{
	size_t last = recording->count - 1;

	while (last > 0 && trigger_follows_use(recording->entries[last].trigger))
		last--;
	return last;
}

#define ATTEMPTS 5

/* A series that is being read. */
struct reading {
	struct series *series;
	struct recording recording;
	struct bundle_file *bundle; /* NULL: the recording is a directory */
	struct moment_reader *reader;
	struct buffer bytes; /* of the bundle's snapshot */
	size_t *entries;     /* of the recording, by moment */
	bool has_vanished;
};

/* Reads one snapshot; false: it can't be read. */
static bool reading_add(struct reading *reading, size_t index, struct error *error)
{
	const struct recording_entry *entry = &reading->recording.entries[index];
	struct history *history = &reading->series->history;
	struct moment moment;

	if (reading->bundle
		? !bundle_file_moment(reading->bundle, entry->number, reading->reader, &reading->bytes, &moment, error)
		: !moment_read_file(reading->reader, entry->path, &moment, error))
		return !reading->bundle && access(entry->path, F_OK) != 0;
	if (!history_add(history, &moment))
		return error_set(error, "%s: is of another process than the others in its recording", entry->path);
	reading->entries[history->count - 1] = index;
	return true;
}

/* The snapshot of a moment with its stacks, and of a bundle with its names. */
static struct profile *reading_profile(struct reading *reading, size_t moment, struct error *error)
{
	const struct recording_entry *entry = &reading->recording.entries[reading->entries[moment]];
	struct profile *profile = reading->bundle ? bundle_file_profile(reading->bundle, entry->number, error)
						  : profile_open(entry->path, error);

	reading->has_vanished |= !profile && !reading->bundle && access(entry->path, F_OK) != 0;
	return profile;
}

/* Peaks and requests come at moments that were chosen for what happened then; of two snapshots both are taken. */
static bool belongs(const struct recording *recording, size_t index, size_t reference)
{
	return recording->entries[index].trigger == SEEP_TRIGGER_TIMER || index == reference || reference == 1;
}

/* Whether the k-th of `count` is among the BUDGET_SERIES_SNAPSHOTS that are looked at, as even as can be; the last always is. */
static bool is_looked_at(size_t k, size_t count)
{
	const size_t most = BUDGET_SERIES_SNAPSHOTS;

	return count <= most || (k + 1) * most / count != k * most / count;
}

const char *series_advice(const struct series *series)
{
	return series->removed
		   ? "others were removed to save space: record with a larger --rate, which makes them smaller, "
		     "or with a larger SEEP_KEEP_BYTES"
		   : "record longer, or with a shorter --interval";
}

/* Reads all that belong to the series. */
static bool reading_add_all(struct reading *reading, struct error *error)
{
	const struct recording *recording = &reading->recording;
	const size_t reference = choose_last(recording);
	size_t count = 0;
	bool fine = true;

	for (size_t i = 0; i <= reference; i++)
		count += belongs(recording, i, reference);
	history_init(&reading->series->history, count < BUDGET_SERIES_SNAPSHOTS ? count : BUDGET_SERIES_SNAPSHOTS);
	for (size_t i = 0, k = 0; i <= reference && fine; i++) {
		if (!belongs(recording, i, reference))
			continue;
		message_progress("reading snapshot", k + 1, count);
		if (is_looked_at(k++, count))
			fine = reading_add(reading, i, error);
		else
			reading->series->left_out++;
	}
	message_progress_end();
	return fine;
}

/* Leaves out what came after the last useful snapshot, but for two that stay in any case, and opens those that are
 * shown. */
static bool reading_end(struct reading *reading, struct error *error)
{
	struct series *series = reading->series;
	const size_t count = series->history.count, useful = history_last_useful(&series->history);

	history_end(&series->history, useful ? useful + 1 : count);
	series->reference = reading_profile(reading, series->history.count - 1, error);
	if (!series->reference)
		return false;
	series->reference->shutdown_left_out = series->history.count < count;
	series->middle = reading_profile(reading, history_middle(&series->history), error);
	return series->middle != NULL;
}

static bool read_series(struct reading *reading, const char *directory, struct error *error)
{
	struct series *series = reading->series;
	struct recording *recording = &reading->recording;

	if (!recording_list(directory, recording, error) ||
	    (path_is_bundle(directory) && !(reading->bundle = bundle_file_open(directory, error))))
		return false;
	/* Numbers count from 1, and none is used twice. */
	const uint64_t last_number = recording->entries[recording->count - 1].number;
	series->removed = last_number > recording->count ? (size_t)last_number - recording->count : 0;
	series->ended = trigger_is_end(recording->entries[recording->count - 1].trigger);
	reading->entries = memory_allocate(recording->count, sizeof *reading->entries);
	reading->reader = moment_reader_create();
	bool fine = reading_add_all(reading, error);
	if (fine && series->history.count < 2)
		fine = error_set(error, "%s: one snapshot only: leaks are told from a series; %s", directory,
				 series_advice(series));
	moment_reader_free(reading->reader);
	return fine && reading_end(reading, error);
}

static void reading_free(struct reading *reading)
{
	bundle_file_close(reading->bundle);
	recording_free(&reading->recording);
	buffer_free(&reading->bytes);
	free(reading->entries);
}

/* The sum of all parts at one of the sum's moments; NULL: one of them can't be opened. */
static struct profile *sum_profile(struct reading *readings, const struct history_part *parts, size_t count,
				   size_t moment, struct error *error)
{
	struct profile **profiles = memory_allocate(count, sizeof *profiles), *sum = NULL;
	uint64_t *shifts_ns = memory_allocate(count, sizeof *shifts_ns);
	size_t opened = 0;

	for (; opened < count; opened++) {
		shifts_ns[opened] = parts[opened].shift_ns;
		profiles[opened] = reading_profile(&readings[opened], parts[opened].moment_of[moment], error);
		if (!profiles[opened])
			break;
		profiles[opened]->shutdown_left_out = readings[opened].series->reference->shutdown_left_out;
	}
	if (opened == count && profiles_can_merge(profiles, count, error))
		sum = profile_merge(profiles, shifts_ns, count);
	while (opened > 0)
		profile_free(profiles[--opened]);
	free(profiles);
	free(shifts_ns);
	return sum;
}

/* The moment's own time and start, which are those of the youngest. */
static struct profile *sum_profile_at(const struct history *history, struct profile *profile, size_t moment)
{
	if (profile) {
		profile->start_ns = history->first.start_ns;
		profile->time_ns = history->moments[moment].sums.time_ns;
	}
	return profile;
}

static bool sum_make(struct series *sum, struct reading *readings, size_t count, struct error *error)
{
	struct history_part *parts = memory_allocate(count, sizeof *parts);
	struct history *history = &sum->history;
	size_t youngest;
	bool fine;

	sum->ended = true;
	for (size_t i = 0; i < count; i++) {
		parts[i].history = &readings[i].series->history;
		sum->ended &= readings[i].series->ended;
	}
	fine = history_sum(history, parts, count, &youngest) ||
	       error_set(error, "%s: is too young: at no two moments all of them ran",
			 readings[youngest].series->reference->source);
	if (fine) {
		const size_t last = history->count - 1, middle = history_middle(history);
		sum->left_out = readings[youngest].series->left_out;
		sum->removed = readings[youngest].series->removed;
		sum->reference = sum_profile_at(history, sum_profile(readings, parts, count, last, error), last);
		if (sum->reference)
			sum->middle =
			    sum_profile_at(history, sum_profile(readings, parts, count, middle, error), middle);
		fine = sum->middle != NULL;
	}
	for (size_t i = 0; i < count; i++)
		free(parts[i].moment_of);
	free(parts);
	return fine;
}

/* One attempt. `vanished`: a snapshot was thinned out meanwhile. */
static bool series_try(struct series *series, const char *const *directories, size_t count, bool *vanished,
		       struct error *error)
{
	struct reading *readings = memory_allocate(count, sizeof *readings);
	struct series *parts = memory_allocate(count, sizeof *parts);
	bool fine = true;

	*series = (struct series){0};
	for (size_t i = 0; i < count && fine; i++) {
		readings[i].series = count == 1 ? series : &parts[i];
		fine = read_series(&readings[i], directories[i], error);
	}
	if (fine && count > 1)
		fine = sum_make(series, readings, count, error);
	for (size_t i = 0; i < count; i++) {
		*vanished |= readings[i].has_vanished;
		reading_free(&readings[i]);
		series_free(&parts[i]);
	}
	free(readings);
	free(parts);
	return fine;
}

bool series_open(struct series *series, const char *const *directories, size_t count, struct error *error)
{
	for (int attempt = 1;; attempt++) {
		bool vanished = false;
		if (series_try(series, directories, count, &vanished, error))
			return true;
		series_free(series);
		if (!vanished || attempt == ATTEMPTS)
			return false;
	}
}

void series_free(struct series *series)
{
	history_free(&series->history);
	profile_free(series->reference);
	profile_free(series->middle);
	*series = (struct series){0};
}
