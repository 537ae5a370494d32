/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a recording's series. A snapshot that goes away before it is read was thinned out, and is left out; where one of
 * those goes away that are read twice, all begins again. */
#include "leaks/series.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"
#include "profile/bundle.h"

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
		if (is_looked_at(k++, count))
			fine = reading_add(reading, i, error);
		else
			reading->series->left_out++;
	}
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

bool series_open(struct series *series, const char *directory, struct error *error)
{
	for (int attempt = 1;; attempt++) {
		struct reading reading = {.series = series};
		*series = (struct series){0};
		const bool fine = read_series(&reading, directory, error);
		bundle_file_close(reading.bundle);
		recording_free(&reading.recording);
		buffer_free(&reading.bytes);
		free(reading.entries);
		if (fine)
			return true;
		series_free(series);
		if (!reading.has_vanished || attempt == ATTEMPTS)
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
