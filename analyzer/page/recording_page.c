/* SPDX-License-Identifier: Apache-2.0 */
/* Reads every snapshot of a recording once, in order. The verdicts come from the same history. */
#include "page/recording_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/message.h"
#include "leaks/spread.h"
#include "reader/snapshot_reader.h"

static void moment_take(struct recording_page *made, const struct moment *moment, const struct history *history)
{
	struct page_moment *taken = &made->moments[made->page.moment_count++];

	*taken = (struct page_moment){.number = moment->number,
				      .time_ns = moment->time_ns,
				      .trigger = moment->trigger,
				      .memory_known = moment->memory_known,
				      .classes = moment->classes};
	memcpy(taken->memory, moment->memory, sizeof taken->memory);
	page_counters_add(&made->counters, history, moment);
}

static bool moments_read(struct recording_page *made, struct reading *reading, struct error *error)
{
	const size_t count = reading->recording.count;
	bool fine = true;

	made->moments = memory_allocate(count, sizeof *made->moments);
	for (size_t i = 0; i < count && fine; i++) {
		struct moment moment;
		message_progress("reading snapshot", i + 1, count);
		fine = reading_add(reading, i, &moment, error);
		if (fine && reading->history.count > made->page.moment_count)
			moment_take(made, &moment, &reading->history);
	}
	message_progress_end();
	made->cells = page_cells_of(&reading->history, &made->page.cell_count);
	return fine;
}

/* Opens the very last snapshot, with its stacks. */
static bool last_open(struct recording_page *made, struct reading *reading, struct error *error)
{
	const size_t last = made->page.moment_count - 1;
	const struct history_moment place = {.place = (uint16_t)last};

	made->page.whole = made->series.reference && made->page.judged_at == last
			       ? made->series.reference
			       : (made->own = reading_profile(reading, &place, error));
	return made->page.whole != NULL;
}

/* The fault without the path at its beginning, since the path stands beside it. */
static const char *without_path(const char *text, const char *path)
{
	const size_t length = strlen(path);

	return strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2 : text;
}

static bool recording_read(struct recording_page *made, struct reading *reading, const char *path, struct error *error)
{
	struct page *page = &made->page;

	if (!reading_open(reading, path, true, error) || !moments_read(made, reading, error))
		return false;
	if (page->moment_count == 0 && reading->passed_over.count)
		return error_set(error, "%s", reading->passed_over.first.text);
	if (page->moment_count == 0)
		return error_set(error, "%s: all of its snapshots were removed while they were read", path);
	page->judged_at = page->moment_count - 1;
	if (!series_take(&made->series, reading, &made->unjudged))
		page->unjudged = without_path(made->unjudged.text, path);
	else
		page->judged_at = made->series.history.moments[made->series.history.count - 1].place;
	if (reading->has_vanished) {
		*error = made->unjudged;
		return false;
	}
	return last_open(made, reading, error);
}

static bool snapshot_read(struct recording_page *made, const char *path, struct error *error)
{
	struct moment_reader *reader = moment_reader_create();
	struct history *history = &made->series.history;
	struct moment moment;

	made->page.whole = made->own = profile_open(path, error);
	bool fine = made->own != NULL;
	if (fine && (!made->own->has_samples || made->own->start_ns == 0))
		fine = error_set(error, "%s: a page needs one of seep's own recordings or snapshots", path);
	fine = fine && moment_read_file(reader, path, &moment, error);
	if (fine) {
		made->moments = memory_allocate(1, sizeof *made->moments);
		history_init(history, 1, 1);
		history_add(history, &moment, true);
		moment_take(made, &moment, history);
		made->cells = page_cells_of(history, &made->page.cell_count);
		made->page.unjudged = "one snapshot only: leaks are found in a series";
	}
	moment_reader_free(reader);
	return fine;
}

void recording_page_close(struct recording_page *made)
{
	if (made->page.places)
		leaks_free(&made->places);
	if (made->page.mapped)
		leaks_free(&made->mapped);
	series_free(&made->mapped_series);
	source_excerpt_free(made->sources);
	series_free(&made->series);
	profile_free(made->own);
	page_counters_free(&made->counters);
	free(made->cells);
	free(made->moments);
	*made = (struct recording_page){0};
}

/* RSS and limits are not added up, because processes share memory. The classes are; each includes what is shared. */
static void sum_moments_fill(struct recording_page *made, const struct recording_page *of,
			     const struct history_part *parts, size_t count)
{
	const struct history *history = &made->series.history;

	made->moments = memory_allocate(history->count, sizeof *made->moments);
	made->page.moment_count = history->count;
	for (size_t k = 0; k < history->count; k++) {
		struct page_moment *moment = &made->moments[k];
		*moment = (struct page_moment){
		    .number = k + 1,
		    .time_ns = history->moments[k].sums.time_ns,
		    .trigger = history->moments[k].is_timer ? SEEP_TRIGGER_TIMER : history->last_trigger,
		    .memory_known = UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_IN_USE,
		    .classes = history->moments[k].classes,
		};
		for (size_t i = 0; i < count; i++) {
			const struct page_moment *from = &of[i].moments[page_place_of(&parts[i], k)];
			moment->memory_known &= from->memory_known;
			moment->memory[SEEP_MEMORY_ALLOCATOR_IN_USE] += from->memory[SEEP_MEMORY_ALLOCATOR_IN_USE];
		}
	}
}

static void sum_fill(struct recording_page *made, const struct recording_page *of, const struct history_part *parts,
		     size_t count)
{
	const struct page_counters **counters = memory_allocate(count, sizeof *counters);

	for (size_t i = 0; i < count; i++)
		counters[i] = &of[i].counters;
	sum_moments_fill(made, of, parts, count);
	page_counters_sum(&made->counters, &made->series.history, counters, parts, count);
	free(counters);
	made->cells = page_cells_of(&made->series.history, &made->page.cell_count);
	made->page.judged_at = made->page.moment_count - 1;
	made->page.whole = made->series.reference;
}

/* Reads each recording, and adds them up. */
static bool sum_read(struct recording_page *made, struct reading *readings, const char *const *paths, size_t count,
		     struct error *error)
{
	struct recording_page *of = memory_allocate(count, sizeof *of);
	struct series *series = memory_allocate(count, sizeof *series);
	struct history_part *parts = memory_allocate(count, sizeof *parts);
	bool fine = true;

	for (size_t i = 0; i < count && fine; i++) {
		fine = path_is_recording(paths[i]) ||
		       error_set(error, "%s: is not a recording: a page of several is made of their series", paths[i]);
		fine = fine && reading_open(&readings[i], paths[i], true, error) &&
		       moments_read(&of[i], &readings[i], error) && series_take(&of[i].series, &readings[i], error);
		series[i] = of[i].series;
	}
	fine = fine && series_add_up(&made->series, series, readings, parts, count, error);
	if (fine)
		sum_fill(made, of, parts, count);
	history_parts_free(parts, count);
	free(series);
	for (size_t i = 0; i < count; i++)
		recording_page_close(&of[i]);
	free(of);
	return fine;
}

/* Reads everything again if retention removed a snapshot that is read twice. */
static bool page_read(struct recording_page *made, const char *const *paths, size_t count, struct error *error)
{
	for (int attempt = 1;; attempt++) {
		struct reading *readings = memory_allocate(count, sizeof *readings);
		bool again = false;
		*made = (struct recording_page){.page = {.source = paths[0]}};
		const bool fine = count > 1                     ? sum_read(made, readings, paths, count, error)
				  : path_is_recording(paths[0]) ? recording_read(made, readings, paths[0], error)
								: snapshot_read(made, paths[0], error);
		for (size_t i = 0; i < count; i++) {
			again |= readings[i].has_vanished && attempt < READING_ATTEMPTS;
			reading_free(&readings[i]);
		}
		free(readings);
		if (fine || !again)
			return fine;
		recording_page_close(made);
	}
}

/* What names are found by. */
struct naming {
	const struct symbol_search *search;
	const char *const *wrappers;
	size_t wrapper_count;
};

static void names_find(struct profile *profile, const struct naming *naming)
{
	if (!profile)
		return;
	profile_use_wrappers(profile, naming->wrappers, naming->wrapper_count);
	profile_symbolize(profile, naming->search);
}

/* Judges what was mapped past malloc, if that has grown, by the same rules. */
static void mappings_judge(struct recording_page *made, const char *const *paths, size_t count,
			   const struct naming *naming)
{
	struct error ignored;

	if (made->page.unjudged || !series_mappings_grew(&made->series))
		return;
	snapshot_show_mappings(true);
	if (series_open(&made->mapped_series, paths, count, &ignored)) {
		names_find(made->mapped_series.reference, naming);
		names_find(made->mapped_series.middle, naming);
		leaks_build(&made->mapped, &made->mapped_series, GROUP_BY_PLACE, LEAK_WHOLE);
		made->page.mapped = &made->mapped;
	}
	snapshot_show_mappings(false);
}

/* Makes the verdicts by place, if there are any. */
static void page_judge(struct recording_page *made, const struct naming *naming)
{
	struct page *page = &made->page;
	struct series *series = &made->series;

	names_find(made->own, naming);
	names_find(series->reference, naming);
	names_find(series->middle, naming);
	if (page->unjudged)
		return;
	leaks_build(&made->places, series, GROUP_BY_PLACE, LEAK_WHOLE);
	leaks_find_spreads(&made->places, series);
	page->places = &made->places;
	page->series = series;
	page->left_out = series->left_out;
	page->removed = series->removed;
	page->damaged = series->damaged;
	page->shutdown_left_out = series->reference->shutdown_left_out;
}

bool recording_page_open(struct recording_page *made, const char *const *paths, size_t count,
			 const struct symbol_search *search, const char *const *wrappers, size_t wrapper_count,
			 struct error *error)
{
	if (!page_read(made, paths, count, error)) {
		recording_page_close(made);
		return false;
	}
	const struct naming naming = {search, wrappers, wrapper_count};
	page_judge(made, &naming);
	mappings_judge(made, paths, count, &naming);
	made->page.moments = made->moments;
	made->page.history = &made->series.history;
	made->page.cells = made->cells;
	made->page.counters = &made->counters;
	return true;
}

void recording_page_add_sources(struct recording_page *made, const struct source_search *search)
{
	made->sources = source_excerpt_create(made->page.whole, search);
	made->page.sources = made->sources;
}
