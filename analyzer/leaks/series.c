/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a recording's series. A snapshot that goes away in between was thinned out, and is left out. */
#include "leaks/series.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"
#include "compare/samples.h"
#include "compare/teardown.h"
#include "leaks/leaks.h"
#include "profile/bundle.h"

/* Index of the last that was not selected by its value; the list is not empty. */
static size_t choose_last(const struct recording *recording)
{
	size_t last = recording->count - 1;

	while (last > 0 && trigger_follows_use(recording->entries[last].trigger))
		last--;
	return last;
}

/* Leaves out what came after the last useful snapshot; two stay in any case. */
static void leave_shutdown_out(struct series *series)
{
	const size_t useful = teardown_last_useful_profile(series->profiles, series->count);

	if (useful == 0 || useful + 1 == series->count)
		return;
	while (series->count > useful + 1)
		profile_free(series->profiles[--series->count]);
	series->profiles[useful]->shutdown_left_out = true;
}

/* Adds one snapshot, of a bundle (NULL: a directory) without its names; false: it can't be read. */
static bool series_add(struct series *series, const struct bundle_file *bundle, const struct recording_entry *entry,
		       struct error *error)
{
	struct profile *profile =
	    bundle ? bundle_file_profile(bundle, entry->number, false, error) : profile_open(entry->path, error);

	if (!profile)
		return !bundle && access(entry->path, F_OK) != 0;
	if (series->count && !profiles_are_same_process(series->profiles[0], profile)) {
		profile_free(profile);
		return error_set(error, "%s: is of another process than the others in its recording", entry->path);
	}
	series->numbers[series->count] = entry->number;
	series->profiles[series->count++] = profile;
	return true;
}

/* Stacks are compared without names, so that only those snapshots get theirs whose stacks are shown. */
static bool names_add(struct series *series, const struct bundle_file *bundle, size_t index, struct error *error)
{
	struct profile *named = bundle_file_profile(bundle, series->numbers[index], true, error);

	if (!named)
		return false;
	named->shutdown_left_out = series->profiles[index]->shutdown_left_out;
	profile_free(series->profiles[index]);
	series->profiles[index] = named;
	return true;
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

bool series_open(struct series *series, const char *directory, struct error *error)
{
	struct recording recording;
	struct bundle_file *bundle = NULL;

	*series = (struct series){0};
	if (!recording_list(directory, &recording, error))
		return false;
	const bool is_bundle = path_is_bundle(directory);
	bool fine = !is_bundle || (bundle = bundle_file_open(directory, error));
	const size_t reference = choose_last(&recording);
	/* Numbers count from 1, and none is used twice. */
	const uint64_t last_number = recording.entries[recording.count - 1].number;
	series->removed = last_number > recording.count ? (size_t)last_number - recording.count : 0;
	series->profiles = memory_allocate(recording.count, sizeof *series->profiles);
	series->numbers = memory_allocate(recording.count, sizeof *series->numbers);
	series->ended = trigger_is_end(recording.entries[recording.count - 1].trigger);
	size_t count = 0;
	for (size_t i = 0; i <= reference; i++)
		count += belongs(&recording, i, reference);
	for (size_t i = 0, k = 0; i <= reference && fine; i++) {
		if (!belongs(&recording, i, reference))
			continue;
		if (!is_looked_at(k++, count))
			series->left_out++;
		else
			fine = series_add(series, bundle, &recording.entries[i], error);
	}
	if (fine && series->count < 2)
		fine = error_set(error, "%s: one snapshot only: leaks are told from a series; %s", directory,
				 series_advice(series));
	if (fine)
		leave_shutdown_out(series);
	if (fine && bundle)
		fine = names_add(series, bundle, series->count - 1, error) &&
		       names_add(series, bundle, leaks_middle(series->profiles, series->count), error);
	bundle_file_close(bundle);
	recording_free(&recording);
	if (!fine)
		series_free(series);
	return fine;
}

void series_free(struct series *series)
{
	for (size_t i = 0; i < series->count; i++)
		profile_free(series->profiles[i]);
	free(series->profiles);
	free(series->numbers);
	*series = (struct series){0};
}
