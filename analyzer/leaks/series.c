/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a recording's series. A snapshot that goes away in between was thinned out, and is left out. */
#include "leaks/series.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "compare/samples.h"

static bool is_end(uint32_t trigger)
{
	return trigger == SEEP_TRIGGER_EXIT || trigger == SEEP_TRIGGER_POSTMORTEM;
}

/* Index of the reference; the list is not empty. */
static size_t choose_reference(const struct recording *recording)
{
	size_t timers = 0, last_timer = 0, last = recording->count - 1;

	for (size_t i = 0; i < recording->count; i++) {
		if (recording->entries[i].trigger != SEEP_TRIGGER_TIMER)
			continue;
		timers++;
		last_timer = i;
	}
	while (last > 0 && trigger_follows_use(recording->entries[last].trigger))
		last--;
	/* Killed programs free nothing as they end. */
	return recording->entries[last].trigger == SEEP_TRIGGER_EXIT && timers >= 2 ? last_timer : last;
}

/* Adds one snapshot; false: it can't be read. */
static bool series_add(struct series *series, const char *path, struct error *error)
{
	struct profile *profile = profile_open(path, error);

	if (!profile)
		return access(path, F_OK) != 0;
	if (series->count && !profiles_are_same_process(series->profiles[0], profile)) {
		profile_free(profile);
		return error_set(error, "%s: is of another process than the others in its recording", path);
	}
	series->profiles[series->count++] = profile;
	return true;
}

bool series_open(struct series *series, const char *directory, struct error *error)
{
	struct recording recording;
	bool fine = true;

	*series = (struct series){0};
	if (!recording_list(directory, &recording, error))
		return false;
	const size_t reference = choose_reference(&recording);
	series->profiles = memory_allocate(recording.count, sizeof *series->profiles);
	series->ended = is_end(recording.entries[recording.count - 1].trigger);
	for (size_t i = 0; i <= reference && fine; i++) {
		if (recording.entries[i].trigger == SEEP_TRIGGER_TIMER || i == reference || reference == 1)
			fine = series_add(series, recording.entries[i].path, error);
	}
	if (fine && series->count < 2)
		fine = error_set(error,
				 "%s: one snapshot only: leaks are told from a series; record longer, or with a "
				 "shorter --interval",
				 directory);
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
	*series = (struct series){0};
}
