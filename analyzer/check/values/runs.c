/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/runs.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "compare/comparison.h"
#include "compare/teardown.h"
#include "files/path.h"
#include "leaks/spread.h"
#include "series/reading.h"

static size_t profile_keep(struct check_runs *runs, struct profile *profile)
{
	ARRAY_RESERVE(runs->profiles, runs->profile_count, runs->profile_capacity);
	runs->profiles[runs->profile_count] = profile;
	return runs->profile_count++;
}

/* Opens the earlier moment of a recording whose snapshots are all of one process. */
static bool before_open(struct check_runs *runs, struct check_run *run, struct recording *recording,
			struct error *error)
{
	const struct profile *now = run_profile(runs, run, MOMENT_NOW);
	bool found;
	struct profile *before = recording_open_before(recording, now, &found, error);

	if (found && !before)
		return false;
	if (before && !profiles_are_same_process(before, now)) {
		profile_free(before);
		return error_set(error, "%s: holds snapshots of different processes", run->path);
	}
	if (before)
		run->moments[MOMENT_BEFORE] = profile_keep(runs, before);
	return true;
}

/* Opens the snapshot with most in use, if that is more than in the last useful one. */
static bool peak_open(struct check_runs *runs, struct check_run *run, struct error *error)
{
	struct reading reading;
	struct moment moment;
	double most = 0;
	size_t highest = 0;

	bool fine = reading_open(&reading, run->path, true, error);
	for (size_t i = 0; fine && i < reading.recording.count; i++) {
		const size_t before = reading.history.count;
		fine = reading_add(&reading, i, &moment, error);
		/* A snapshot that was removed meanwhile was passed over. */
		if (!fine || reading.history.count == before || moment.in_use <= most)
			continue;
		most = moment.in_use;
		highest = i;
	}
	struct profile *peak = fine && most > 0 ? reading_entry_profile(&reading, highest, error) : NULL;
	if (peak)
		run->moments[MOMENT_PEAK] = profile_keep(runs, peak);
	if (fine)
		passed_over_say(&reading.passed_over);
	reading_free(&reading);
	return fine;
}

static bool moments_open(struct check_runs *runs, struct check_run *run, const struct runs_need *need,
			 struct error *error)
{
	struct profile *now = profile_open_useful(run->path, error), *last = NULL;
	struct recording recording = {0};

	if (!now)
		return false;
	run->moments[MOMENT_NOW] = run->moments[MOMENT_LAST] = run->moments[MOMENT_PEAK] = profile_keep(runs, now);
	if (now->shutdown_left_out && (need->moments >> MOMENT_LAST & 1)) {
		if (!(last = profile_open(run->path, error)))
			return false;
		run->moments[MOMENT_LAST] = profile_keep(runs, last);
	}
	if (!path_is_recording(run->path))
		return true;
	if ((need->moments >> MOMENT_PEAK & 1) && !peak_open(runs, run, error))
		return false;
	if (!(need->moments >> MOMENT_BEFORE & 1))
		return true;
	if (!recording_list(run->path, &recording, error))
		return false;
	const bool fine = before_open(runs, run, &recording, error);
	recording_free(&recording);
	return fine;
}

bool runs_open(struct check_runs *runs, enum check_side side, const char *const *paths, size_t count,
	       const struct runs_need *need, struct error *error)
{
	runs->items[side] = memory_allocate(count + 1, sizeof *runs->items[side]);
	for (size_t i = 0; i < count; i++) {
		struct check_run *run = &runs->items[side][runs->count[side]++];
		run->path = paths[i];
		for (int moment = 0; moment < MOMENTS; moment++)
			run->moments[moment] = MOMENT_NONE;
		if (!moments_open(runs, run, need, error))
			return false;
		if (!need->leaks || side != SIDE_AFTER)
			continue;
		if (path_is_recording(run->path))
			run->is_judged = series_open(&run->series, &run->path, 1, &run->unjudged);
		else
			error_set(&run->unjudged, "%s: leaks are found in a recording, not in one moment", run->path);
	}
	return true;
}

bool runs_are_of_program(const struct check_runs *runs, const char *patterns)
{
	const struct profile *profile = run_profile(runs, runs->items[SIDE_AFTER], MOMENT_NOW);
	const char *file = profile->executable ? path_base_name(profile->executable) : "";
	char *text = memory_copy_text(patterns), *rest = NULL;
	bool is_named = false;

	for (char *pattern = strtok_r(text, ",", &rest); pattern && !is_named; pattern = strtok_r(NULL, ",", &rest))
		is_named =
		    fnmatch(pattern, file, 0) == 0 || (profile->command && fnmatch(pattern, profile->command, 0) == 0);
	free(text);
	return is_named;
}

static void leaks_find(struct check_run *run, const struct symbol_search *search, const char *const *wrappers,
		       size_t wrapper_count)
{
	struct profile *const shown[] = {run->series.reference, run->series.middle};

	for (size_t i = 0; i < 2; i++) {
		profile_use_wrappers(shown[i], wrappers, wrapper_count);
		profile_symbolize(shown[i], search);
	}
	leaks_build(&run->leaks, &run->series, GROUP_BY_PLACE, LEAK_JUDGED);
	leaks_find_spreads(&run->leaks, &run->series);
}

void runs_symbolize(struct check_runs *runs, const struct symbol_search *search, const char *const *wrappers,
		    size_t wrapper_count)
{
	for (size_t i = 0; i < runs->profile_count; i++) {
		profile_use_wrappers(runs->profiles[i], wrappers, wrapper_count);
		profile_symbolize(runs->profiles[i], search);
	}
	for (size_t i = 0; i < runs->count[SIDE_AFTER]; i++)
		if (runs->items[SIDE_AFTER][i].is_judged)
			leaks_find(&runs->items[SIDE_AFTER][i], search, wrappers, wrapper_count);
}

void runs_free(struct check_runs *runs)
{
	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < runs->count[side]; i++) {
			struct check_run *run = &runs->items[side][i];
			if (run->is_judged)
				leaks_free(&run->leaks);
			series_free(&run->series);
		}
		free(runs->items[side]);
	}
	for (size_t i = 0; i < runs->profile_count; i++)
		profile_free(runs->profiles[i]);
	free(runs->profiles);
	*runs = (struct check_runs){0};
}

bool runs_end_differently(const struct check_runs *runs, bool with_base)
{
	size_t ended = 0, count = 0;

	for (int side = SIDE_AFTER; side <= (with_base ? SIDE_BASE : SIDE_AFTER); side++)
		for (size_t i = 0; i < runs->count[side]; i++, count++)
			ended += trigger_is_end(run_profile(runs, &runs->items[side][i], MOMENT_NOW)->trigger);
	return ended > 0 && ended < count;
}
