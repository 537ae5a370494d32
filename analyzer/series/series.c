/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a recording's series, and adds several up. */
#include "series/series.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/message.h"
#include "profile/merge.h"

#define GREW_BYTES 1048576 /* fewer bytes mapped since the middle are not worth a judgement of their own */

const char *series_advice(const struct series *series)
{
	if (series->removed)
		return "others were removed to save space: record with a larger --rate, which makes them smaller, "
		       "or with a larger SEEP_KEEP_BYTES";
	if (series->reference && series->reference->interval_ns == 0)
		return "record with an --interval";
	return "record longer, or with a shorter --interval";
}

enum { REQUESTED_MOST = 8 }; /* snapshots that are opened */

/* Finds the snapshot with references. Such snapshots were asked for, so they are seldom the reference. */
static struct profile *referenced_find(struct reading *reading)
{
	const struct recording *recording = &reading->recording;
	struct error ignored;

	for (size_t i = recording->count, opened = 0; i-- > 0 && opened < REQUESTED_MOST;) {
		if (recording->entries[i].trigger != SEEP_TRIGGER_REQUEST)
			continue;
		struct profile *profile = reading_entry_profile(reading, i, &ignored);
		if (profile && profile->references)
			return profile;
		profile_free(profile);
		opened++;
	}
	return NULL;
}

/* Of mappings alone: of the heap, what was never touched is seldom much. */
static struct profile *located_find(struct reading *reading, const struct series *series)
{
	const struct history *history = &series->history;
	struct error ignored;

	for (size_t i = series->reference->is_of_mappings ? history->count : 0; i-- > 0;)
		if (history->moments[i].classes.is_known)
			return reading_profile(reading, &history->moments[i], &ignored);
	return NULL;
}

/* A program that goes on has more snapshots soon: while a recording is young, eight in an interval. */
static bool refuse_one(const struct series *series, const struct reading *reading, struct error *error)
{
	struct error ignored;
	struct profile *profile = reading_entry_profile(reading, reading->recording.count - 1, &ignored);
	const bool goes_on =
	    profile && profile->interval_ns && !series->ended && !reading->bundle && profile_process_runs(profile);

	if (goes_on)
		error_set(error, "%s: one snapshot so far: leaks are found in a series; ask again in %.0f s",
			  reading->path, ceil((double)profile->interval_ns / 8e9) + 1);
	else
		error_set(error, "%s: one snapshot only: leaks are found in a series; %s", reading->path,
			  series_advice(series));
	profile_free(profile);
	return false;
}

bool series_take(struct series *series, struct reading *reading, struct error *error)
{
	const struct recording *recording = &reading->recording;
	const uint64_t numbers = recording->entries[recording->count - 1].number - reading->first_number + 1;
	struct history *history = &series->history;

	*history = reading->history;
	reading->history = (struct history){0};
	moment_reader_free(reading->reader);
	reading->reader = NULL;
	buffer_free(&reading->bytes);
	/* No number is used twice. */
	const size_t known = recording->count + reading->headless;
	series->removed = numbers > known ? (size_t)numbers - known : 0;
	series->damaged = reading->passed_over.count;
	series->left_out = reading->left_out;
	series->ended = trigger_is_end(recording->entries[recording->count - 1].trigger);
	history_close(history);
	if (history->count)
		passed_over_say(&reading->passed_over);
	else if (reading->passed_over.count)
		return error_set(error, "%s", reading->passed_over.first.text);
	if (history->count < 2 && recording->count > 1)
		return error_set(error,
				 "%s: one of its %zu snapshots can be judged, the others were taken at a peak: leaks "
				 "are found in a series; %s",
				 reading->path, recording->count, series_advice(series));
	if (history->count < 2)
		return refuse_one(series, reading, error);
	const size_t count = history->count, useful = history_last_useful(history);
	history_cut(history, useful ? useful + 1 : count); /* keeps at least two */
	series->reference = reading_profile(reading, &history->moments[history->count - 1], error);
	if (!series->reference)
		return false;
	series->reference->shutdown_left_out = history->count < count;
	series->goes_on = !series->ended && !reading->bundle && profile_process_runs(series->reference);
	series->middle = reading_profile(reading, &history->moments[history_middle(history)], error);
	series->referenced = referenced_find(reading);
	series->located = located_find(reading, series);
	return series->middle != NULL;
}

/* Reads all snapshots of the series. */
static bool series_read(struct series *series, struct reading *reading, struct error *error)
{
	const size_t count = reading->recording.count;
	struct moment moment;
	bool fine = true;

	for (size_t i = 0; i < count && fine; i++) {
		if (!reading->is_judged[i])
			continue;
		message_progress("reading snapshot", reading->history.count + 1, reading->judged);
		fine = reading_add(reading, i, &moment, error);
	}
	message_progress_end();
	return fine && series_take(series, reading, error);
}

/* The sum of all parts at one of the sum's moments; NULL: one of them can't be opened. */
static struct profile *sum_profile(const struct series *of, struct reading *readings, const struct history_part *parts,
				   size_t count, size_t moment, struct error *error)
{
	struct profile **profiles = memory_allocate(count, sizeof *profiles), *sum = NULL;
	uint64_t *shifts_ns = memory_allocate(count, sizeof *shifts_ns);
	size_t opened = 0;

	for (; opened < count; opened++) {
		shifts_ns[opened] = parts[opened].shift_ns;
		profiles[opened] = reading_profile(
		    &readings[opened], &parts[opened].history->moments[parts[opened].moment_of[moment]], error);
		if (!profiles[opened])
			break;
		profiles[opened]->shutdown_left_out = of[opened].reference->shutdown_left_out;
	}
	if (opened == count && profiles_can_merge(profiles, count, error))
		sum = profile_merge(profiles, shifts_ns, count);
	while (opened > 0)
		profile_free(profiles[--opened]);
	free(profiles);
	free(shifts_ns);
	return sum;
}

/* Sets the moment's time and start, which are the youngest's. */
static struct profile *sum_profile_at(const struct history *history, struct profile *profile, size_t moment)
{
	if (profile) {
		profile->start_ns = history->first.start_ns;
		profile->time_ns = history->moments[moment].sums.time_ns;
	}
	return profile;
}

bool series_add_up(struct series *sum, const struct series *of, struct reading *readings, struct history_part *parts,
		   size_t count, struct error *error)
{
	struct history *history = &sum->history;
	size_t youngest;
	bool fine;

	sum->ended = sum->goes_on = true;
	for (size_t i = 0; i < count; i++) {
		parts[i].history = &of[i].history;
		sum->damaged += of[i].damaged;
		sum->ended &= of[i].ended;
		sum->goes_on &= of[i].goes_on;
	}
	fine = history_sum(history, parts, count, &youngest) ||
	       error_set(error, "%s: is too young: the processes have no two moments at which all of them ran",
			 of[youngest].reference->source);
	if (fine) {
		const size_t last = history->count - 1, middle = history_middle(history);
		sum->left_out = of[youngest].left_out;
		sum->removed = of[youngest].removed;
		sum->reference = sum_profile_at(history, sum_profile(of, readings, parts, count, last, error), last);
		if (sum->reference)
			sum->middle =
			    sum_profile_at(history, sum_profile(of, readings, parts, count, middle, error), middle);
		fine = sum->middle != NULL;
	}
	return fine;
}

void history_parts_free(struct history_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(parts[i].moment_of);
	free(parts);
}

/* One attempt. `vanished`: a snapshot was thinned out meanwhile. */
static bool series_try(struct series *series, const char *const *directories, size_t count, bool *vanished,
		       struct error *error)
{
	struct reading *readings = memory_allocate(count, sizeof *readings);
	struct series *parts = memory_allocate(count, sizeof *parts);
	struct history_part *of = memory_allocate(count, sizeof *of);
	bool fine = true;

	*series = (struct series){0};
	for (size_t i = 0; i < count && fine; i++)
		fine = reading_open(&readings[i], directories[i], false, error) &&
		       series_read(count == 1 ? series : &parts[i], &readings[i], error);
	if (fine && count > 1)
		fine = series_add_up(series, parts, readings, of, count, error);
	history_parts_free(of, count);
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
		if (!vanished || attempt == READING_ATTEMPTS)
			return false;
	}
}

bool series_mappings_grew(const struct series *series)
{
	const uint64_t now = series->reference->memory[SEEP_MEMORY_MAPPINGS];
	const uint64_t before = series->middle->memory[SEEP_MEMORY_MAPPINGS];

	return !series->reference->is_of_mappings && now > before && now - before >= GREW_BYTES;
}

void series_free(struct series *series)
{
	history_free(&series->history);
	profile_free(series->reference);
	profile_free(series->middle);
	profile_free(series->referenced);
	profile_free(series->located);
	*series = (struct series){0};
}
