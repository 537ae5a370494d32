/* SPDX-License-Identifier: Apache-2.0 */
/* Reads every snapshot of a recording once, in order, for the page's history; and its series, for the verdicts. */
#include "page/recording_page.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "compare/comparison.h"
#include "compare/samples.h"
#include "series/series.h"
#include "leaks/spread.h"
#include "page/page.h"
#include "profile/bundle.h"

static void moment_take(struct page_moment *moment, const struct profile *profile, uint64_t number)
{
	*moment = (struct page_moment){number, profile->time_ns, profile->trigger, profile->memory_known, {0}};
	memcpy(moment->memory, profile->memory, sizeof moment->memory);
}

/* Takes over the profile. */
static bool snapshot_add(struct recording_page *reading, struct profile *profile, uint64_t number, struct error *error)
{
	if (reading->whole && !profiles_are_same_process(reading->whole, profile)) {
		profile_free(profile);
		return error_set(error, "%s: is of another process than the others in its recording",
				 reading->page.source);
	}
	page_history_add(reading->page.history, profile);
	moment_take(&reading->moments[reading->page.moment_count++], profile, number);
	profile_free(reading->whole);
	reading->whole = profile;
	return true;
}

static bool snapshots_read(struct recording_page *reading, const char *path, struct error *error)
{
	struct recording recording;
	struct bundle_file *bundle = NULL;

	if (!recording_list(path, &recording, error))
		return false;
	bool fine = !path_is_bundle(path) || (bundle = bundle_file_open(path, error));
	reading->moments = memory_allocate(recording.count, sizeof *reading->moments);
	for (size_t i = 0; i < recording.count && fine; i++) {
		const struct recording_entry *entry = &recording.entries[i];
		struct profile *profile =
		    bundle ? bundle_file_profile(bundle, entry->number, error) : profile_open(entry->path, error);
		if (profile)
			fine = snapshot_add(reading, profile, entry->number, error);
		else
			fine = !bundle && i + 1 < recording.count && access(entry->path, F_OK) != 0;
	}
	bundle_file_close(bundle);
	recording_free(&recording);
	return fine;
}

static bool snapshot_read(struct recording_page *reading, const char *path, struct error *error)
{
	struct profile *profile = profile_open(path, error);

	if (!profile)
		return false;
	if (!profile->has_samples || profile->start_ns == 0) {
		profile_free(profile);
		return error_set(error, "%s: a page needs one of seep's own recordings or snapshots", path);
	}
	reading->moments = memory_allocate(1, sizeof *reading->moments);
	return snapshot_add(reading, profile, profile->number, error);
}

/* The verdicts by place, or why there are none. */
static void series_judge(struct recording_page *reading, const char *path, const struct symbol_search *search)
{
	struct page *page = &reading->page;
	struct series *series = &reading->series;

	page->judged_at = page->moment_count - 1;
	if (!path_is_recording(path)) {
		page->unjudged = "one snapshot only: leaks are told from a series";
		return;
	}
	if (!series_open(series, &path, 1, &reading->unjudged)) {
		page->unjudged = reading->unjudged.text;
		return;
	}
	struct profile *const shown[] = {series->reference, series->middle};
	for (int i = 0; i < 2; i++) {
		profile_use_wrappers(shown[i], page->whole->wrappers, page->whole->wrapper_count);
		profile_symbolize(shown[i], search);
	}
	leaks_build(&reading->places, series, GROUP_BY_PLACE);
	leaks_find_spreads(&reading->places, series);
	page->places = &reading->places;
	page->left_out = series->left_out;
	page->removed = series->removed;
	page->shutdown_left_out = series->reference->shutdown_left_out;
	for (size_t i = 0; i < page->moment_count; i++)
		if (page->moments[i].number == series->reference->number)
			page->judged_at = i;
}

bool recording_page_open(struct recording_page *reading, const char *path, const struct symbol_search *search,
			 const char *const *wrappers, size_t wrapper_count, struct error *error)
{
	*reading = (struct recording_page){.page = {.source = path, .history = page_history_create()}};
	const bool is_read =
	    path_is_recording(path) ? snapshots_read(reading, path, error) : snapshot_read(reading, path, error);
	if (!is_read) {
		recording_page_close(reading);
		return false;
	}
	profile_use_wrappers(reading->whole, wrappers, wrapper_count);
	profile_symbolize(reading->whole, search);
	reading->page.whole = reading->whole;
	reading->page.moments = reading->moments;
	series_judge(reading, path, search);
	return true;
}

void recording_page_close(struct recording_page *reading)
{
	if (reading->page.places)
		leaks_free(&reading->places);
	series_free(&reading->series);
	profile_free(reading->whole);
	page_history_free(reading->page.history);
	free(reading->moments);
}
