/* SPDX-License-Identifier: Apache-2.0 */
/* See reading.h. */
#include "series/reading.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"

/* Index of the last snapshot that was not selected by its value; the list is not empty. */
static size_t choose_last(const struct recording *recording)
{
	size_t last = recording->count - 1;

	while (last > 0 && trigger_follows_use(recording->entries[last].trigger))
		last--;
	return last;
}

/* Whether these are all snapshots that there are. */
static bool are_few(const struct recording *recording, size_t reference)
{
	for (size_t i = 0; i < reference; i++)
		if (recording->entries[i].trigger == SEEP_TRIGGER_TIMER)
			return false;
	return true;
}

/* Peaks and requests come at moments that were chosen for what happened then. Without snapshots by the timer, requests
 * show at least how memory grew; and so do two snapshots of any kind. */
static bool belongs(const struct recording *recording, size_t index, size_t reference)
{
	const uint32_t trigger = recording->entries[index].trigger;

	if (trigger == SEEP_TRIGGER_TIMER || index == reference)
		return index <= reference;
	return index < reference && are_few(recording, reference) && (reference == 1 || !trigger_follows_use(trigger));
}

/* Whether the k-th of `count` is among the BUDGET_SERIES_SNAPSHOTS that are looked at, as evenly as possible; the last
 * always is. */
static bool is_looked_at(size_t k, size_t count)
{
	const size_t most = BUDGET_SERIES_SNAPSHOTS;

	return count <= most || (k + 1) * most / count != k * most / count;
}

static void judged_choose(struct reading *reading)
{
	const struct recording *recording = &reading->recording;
	const size_t reference = choose_last(recording);
	size_t count = 0, k = 0;

	for (size_t i = 0; i < recording->count; i++)
		count += belongs(recording, i, reference);
	reading->is_judged = memory_allocate(recording->count, sizeof *reading->is_judged);
	for (size_t i = 0; i < recording->count; i++) {
		if (!belongs(recording, i, reference))
			continue;
		reading->is_judged[i] = is_looked_at(k++, count);
		reading->left_out += !reading->is_judged[i];
	}
	reading->judged = count - reading->left_out;
}

static struct limit {
	char *path;
	uint64_t from_ns, to_ns;
} * limits;
static size_t limit_count, limit_capacity;

void reading_limit(const char *path, uint64_t from_ns, uint64_t to_ns)
{
	ARRAY_RESERVE(limits, limit_count, limit_capacity);
	limits[limit_count++] = (struct limit){memory_copy_text(path), from_ns, to_ns};
}

static bool limit_apply(struct reading *reading, const char *path, struct error *error)
{
	struct recording *recording = &reading->recording;
	const struct limit *limit = limits;
	size_t kept = 0;

	while (limit < limits + limit_count && strcmp(limit->path, path) != 0)
		limit++;
	if (limit == limits + limit_count)
		return true;
	for (size_t i = 0; i < recording->count; i++) {
		struct recording_entry *entry = &recording->entries[i];
		if (entry->time_ns >= limit->from_ns && entry->time_ns <= limit->to_ns)
			recording->entries[kept++] = *entry;
		else
			free(entry->path);
	}
	recording->count = kept;
	reading->first_number = kept ? recording->entries[0].number : 1;
	return kept || error_set(error, "%s: has no snapshot of that time", path);
}

/* A snapshot without a header tells neither when nor why it was taken, so it is not known whether it would be judged.
 * Several may be dropped, but one stays. */
static void headless_leave_out(struct reading *reading)
{
	struct recording *recording = &reading->recording;
	struct moment moment;
	struct error error;
	size_t kept = 0;

	for (size_t i = 0; i < recording->count; i++) {
		struct recording_entry *entry = &recording->entries[i];
		const bool is_last_hope = kept == 0 && i + 1 == recording->count;
		if (entry->header_number || is_last_hope || access(entry->path, F_OK) != 0 ||
		    moment_read_file(reading->reader, entry->path, &moment, &error)) {
			recording->entries[kept++] = *entry;
			continue;
		}
		passed_over_add(&reading->passed_over, &error);
		reading->headless++;
		free(entry->path);
	}
	recording->count = kept;
}

bool reading_open(struct reading *reading, const char *path, bool whole, struct error *error)
{
	struct recording *recording = &reading->recording;

	*reading = (struct reading){.path = path, .first_number = 1};
	if (!recording_list(path, recording, error) ||
	    (path_is_bundle(path) && !(reading->bundle = bundle_file_open(path, error))))
		return false;
	reading->reader = moment_reader_create();
	if (!reading->bundle)
		headless_leave_out(reading);
	if (!limit_apply(reading, path, error))
		return false;
	if (whole && recording->count > HISTORY_MOMENTS_MOST)
		return error_set(error, "%s: has %zu snapshots, and a page has room for %d", path, recording->count,
				 HISTORY_MOMENTS_MOST);
	judged_choose(reading);
	const size_t count = whole ? recording->count : reading->judged;
	history_init(&reading->history, count, reading->judged);
	reading->entries = memory_allocate(count, sizeof *reading->entries);
	return true;
}

void reading_free(struct reading *reading)
{
	history_free(&reading->history);
	bundle_file_close(reading->bundle);
	recording_free(&reading->recording);
	moment_reader_free(reading->reader);
	buffer_free(&reading->bytes);
	free(reading->is_judged);
	free(reading->entries);
}

bool reading_add(struct reading *reading, size_t entry, struct moment *moment, struct error *error)
{
	const struct recording_entry *from = &reading->recording.entries[entry];
	struct history *history = &reading->history;

	if (reading->bundle) { /* it came whole, or must be copied again */
		if (!bundle_file_moment(reading->bundle, from->number, reading->reader, &reading->bytes, moment, error))
			return false;
	} else if (!moment_read_file(reading->reader, from->path, moment, error)) {
		if (access(from->path, F_OK) == 0)
			passed_over_add(&reading->passed_over, error);
		return true;
	}
	if (!history_add(history, moment, reading->is_judged[entry]))
		return error_set(error, "%s: is of another process than the others in its recording", from->path);
	reading->entries[history->count - 1] = entry;
	return true;
}

struct profile *reading_entry_profile(const struct reading *reading, size_t index, struct error *error)
{
	const struct recording_entry *entry = &reading->recording.entries[index];

	return reading->bundle ? bundle_file_profile(reading->bundle, entry->number, error)
			       : profile_open(entry->path, error);
}

struct profile *reading_profile(struct reading *reading, const struct history_moment *moment, struct error *error)
{
	const size_t entry = reading->entries[moment->place];
	struct profile *profile = reading_entry_profile(reading, entry, error);

	reading->has_vanished |=
	    !profile && !reading->bundle && access(reading->recording.entries[entry].path, F_OK) != 0;
	return profile;
}
