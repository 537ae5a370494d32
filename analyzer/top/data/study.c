/* SPDX-License-Identifier: Apache-2.0 */
/* The child's side of a study: see study.h. */
#include "top/data/study.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "leaks/leaks.h"
#include "leaks/spread.h"
#include "profile/profile.h"
#include "render/text/head_lines.h"
#include "render/text/place_text.h"
#include "render/text/stack_text.h"
#include "render/words/finding.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "series/series.h"
#include "statistics/measure.h"

enum { STACK_FRAMES = 64, NAME_COLUMNS = 200 };

struct work {
	const struct study_request *request;
	struct study_head head;
	struct study_place *places;
	size_t place_capacity;
	struct study_site *sites;
	struct study_moment *moments;
	struct buffer texts;
	struct profile *now;
	struct group_table groups, labels; /* places and labels as of now */
	uint32_t first_label;              /* index of the first label's entry */
	struct series series;
	struct leaks leaks;
	bool is_judged;
};

static uint32_t text_keep(struct work *work, const char *text)
{
	const size_t at = work->texts.length;

	if (!text || !*text || at > UINT32_MAX / 2)
		return 0;
	buffer_append(&work->texts, text, strlen(text) + 1);
	return (uint32_t)at;
}

/* Keeps a buffer's content, and empties it. */
static uint32_t buffer_keep(struct work *work, struct buffer *text)
{
	const uint32_t kept = text_keep(work, text->data);

	buffer_free(text);
	return kept;
}

static struct study_place *place_add(struct work *work)
{
	size_t count = work->head.place_count;

	ARRAY_RESERVE(work->places, count, work->place_capacity);
	struct study_place *place = &work->places[work->head.place_count++];
	*place = (struct study_place){.verdict = LEAK_VERDICTS};
	return place;
}

static void place_name(struct work *work, struct study_place *place, const struct group *group)
{
	const struct source_line *line = group_line(group);
	const struct profile_location *location = group_location(group);
	struct buffer text = {0};

	place->key = group->key;
	place->stacks = group->site_count;
	if (!line) {
		place->function = text_keep(work, group_stand_in(group));
		return;
	}
	place->function = text_keep(work, line->function);
	place->file = text_keep(work, line->file);
	place->module = text_keep(work, group->profile->modules[location->module].path);
	place_text_append_source(&text, group);
	place->source = buffer_keep(work, &text);
	place_text_append_callers(&text, group, NAME_COLUMNS, 0);
	place->callers = buffer_keep(work, &text);
}

static void prepare(const struct work *work, struct profile *profile)
{
	profile_use_wrappers(profile, work->request->wrappers, work->request->wrapper_count);
	profile_symbolize(profile, &work->request->symbols);
}

/* The frames of a site, one on each line. */
static uint32_t stack_keep(struct work *work, const struct group *stack)
{
	struct buffer text = {0};
	struct text_page page = {&text, work->request->columns, false};

	group_write_name(&page, stack, GROUP_BY_STACK, 0, 2);
	group_write_callers(&page, stack, GROUP_BY_STACK, 0, 4, STACK_FRAMES);
	return buffer_keep(work, &text);
}

static bool is_open(const struct work *work, const struct study_site *site)
{
	const uint64_t open = work->request->open;

	return work->places[site->place].key == open || work->places[site->label].key == open;
}

static void stacks_keep(struct work *work)
{
	struct group_table stacks;

	group_table_init(&stacks, GROUP_BY_STACK);
	uint32_t *stack_of = group_table_add_only(&stacks, work->now);
	for (uint32_t i = 0; i < work->now->site_count; i++)
		if (is_open(work, &work->sites[i]))
			work->sites[i].stack = stack_keep(work, &stacks.groups[stack_of[i]]);
	free(stack_of);
	group_table_free(&stacks);
}

/* Adds an entry for each group; returns the groups by site. */
static uint32_t *groups_name(struct work *work, struct group_table *groups, enum group_by by)
{
	group_table_init(groups, by);
	uint32_t *group_of = group_table_add(groups, work->now);
	for (uint32_t i = 0; i < groups->count; i++)
		place_name(work, place_add(work), &groups->groups[i]);
	return group_of;
}

static void names_make(struct work *work)
{
	const struct profile *now = work->now;
	uint32_t *place_of = groups_name(work, &work->groups, GROUP_BY_PLACE);

	work->first_label = work->head.place_count;
	uint32_t *label_of = groups_name(work, &work->labels, GROUP_BY_LABEL);
	work->head.site_count = now->site_count;
	work->sites = memory_allocate(now->site_count + 1u, sizeof *work->sites);
	for (uint32_t i = 0; i < now->site_count; i++)
		work->sites[i] = (struct study_site){
		    .key = now->sites[i].key, .place = place_of[i], .label = work->first_label + label_of[i]};
	if (work->request->open)
		stacks_keep(work);
	free(place_of);
	free(label_of);
}

static void verdict_keep(struct work *work, struct study_place *place, const struct leaks *leaks,
			 const struct leak_row *row)
{
	struct buffer text = {0};

	place->verdict = row->verdict;
	place->cautions = row->cautions;
	place->leak_low = row->leak_interval.low;
	if (row->spread)
		spread_sentence_append(&text, &row->spread->place);
	else if (row->verdict == LEAK_LEAK)
		leak_sentence_append(&text, &work->leaks, row);
	else
		leak_evidence_append(&text, leaks, row);
	place->evidence = buffer_keep(work, &text);
	if (row->verdict == LEAK_LEAK)
		leak_caution_append(&text, leaks, row);
	place->caution = buffer_keep(work, &text);
}

/* The judgement is about the last snapshot of the series, the names are as of now: a place has the same key in both. */
static void verdicts_keep(struct work *work, const struct leaks *leaks, const struct group_table *groups,
			  uint32_t first)
{
	for (uint32_t i = 0; i < leaks->count; i++) {
		const struct group *group = &leaks->groups.groups[leaks->rows[i].group];
		const uint32_t index = numbering_get(&groups->by_key, group->key);
		if (index != NUMBERING_NONE)
			verdict_keep(work, &work->places[first + index], leaks, &leaks->rows[i]);
	}
}

/* Only where a program has labels: otherwise they would be one row, of all that there is. */
static void labels_judge(struct work *work)
{
	struct leaks leaks;

	if (work->labels.count < 2)
		return;
	leaks_build(&leaks, &work->series, GROUP_BY_LABEL, LEAK_WHOLE);
	verdicts_keep(work, &leaks, &work->labels, work->first_label);
	leaks_free(&leaks);
}

static void spreads_keep(struct work *work)
{
	const struct leaks *leaks = &work->leaks;

	for (uint32_t i = 0; i < leaks->spread_count; i++) {
		struct study_place *place = place_add(work);
		struct buffer name = {0};
		spread_name_append(&name, &leaks->spreads[i].place, NAME_COLUMNS);
		place->function = buffer_keep(work, &name);
		place->is_spread = 1;
		place->stacks = leaks->spreads[i].place.stacks;
		place->in_use = sum_estimate(&leaks->spreads[i].place.in_use.bytes);
		verdict_keep(work, place, leaks, &leaks->spreads[i].row);
	}
}

static void moments_keep(struct work *work)
{
	const struct history *history = &work->series.history;

	work->moments = memory_allocate(history->count + 1, sizeof *work->moments);
	work->head.moment_count = (uint32_t)history->count;
	for (size_t i = 0; i < history->count; i++)
		work->moments[i] =
		    (struct study_moment){history->moments[i].sums.time_ns, history->moments[i].sums.in_use};
}

static void findings_keep(struct work *work)
{
	const struct leaks *leaks = &work->leaks;
	struct leak_limit limit;
	struct buffer text = {0};

	finding_append(&text, leaks, &work->series);
	work->head.finding_text = buffer_keep(work, &text);
	work->head.finding = finding_of(leaks);
	work->head.judged_ns = leaks->reference->time_ns;
	if (!leaks_limit(leaks, &limit) || limit.seconds > LEAK_HORIZON * leaks->seconds)
		return;
	work->head.limit_name = text_keep(work, limit.name);
	work->head.limit = limit.limit;
	work->head.limit_s = limit.seconds;
}

/* The reason why there are no verdicts, without the path in front, which is on the screen already. */
static uint32_t reason_keep(struct work *work, const struct error *error)
{
	const size_t length = strlen(work->request->directory);
	const bool begins =
	    strncmp(error->text, work->request->directory, length) == 0 && strncmp(error->text + length, ": ", 2) == 0;

	return text_keep(work, error->text + (begins ? length + 2 : 0));
}

static void judge(struct work *work)
{
	struct error error;

	work->head.finding = FINDING_NO_VERDICT;
	if (!series_open(&work->series, &work->request->directory, 1, &error)) {
		work->head.finding_text = reason_keep(work, &error);
		return;
	}
	prepare(work, work->series.reference);
	prepare(work, work->series.middle);
	leaks_build(&work->leaks, &work->series, GROUP_BY_PLACE, LEAK_WHOLE);
	leaks_find_spreads(&work->leaks, &work->series);
	verdicts_keep(work, &work->leaks, &work->groups, 0);
	spreads_keep(work);
	labels_judge(work);
	findings_keep(work);
	moments_keep(work);
}

static void program_keep(struct work *work)
{
	struct buffer text = {0};

	head_append_program(&text, work->now);
	work->head.program = buffer_keep(work, &text);
}

static void answer_write(struct buffer *answer, struct work *work)
{
	struct study_head *head = &work->head;
	const size_t places = head->place_count * sizeof *work->places, sites = head->site_count * sizeof *work->sites;
	const size_t moments = head->moment_count * sizeof *work->moments;

	head->text_bytes = (uint32_t)work->texts.length;
	head->bytes = sizeof *head + places + sites + moments + head->text_bytes;
	buffer_append(answer, head, sizeof *head);
	buffer_append(answer, work->places, places);
	buffer_append(answer, work->sites, sites);
	buffer_append(answer, work->moments, moments);
	buffer_append(answer, work->texts.data, head->text_bytes);
}

/* The process ends after this, so nothing is freed. Messages would be written over the screen. */
void study_work(struct buffer *answer, const void *context)
{
	struct work work = {.request = context, .head = {.limit_s = INFINITY}};
	struct error error;
	const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	memory_bound_by_inputs();
	buffer_append_byte(&work.texts, '\0');
	work.head.open = work.request->open;
	work.now = profile_open_now(work.request->directory, &error);
	if (work.now) {
		prepare(&work, work.now);
		names_make(&work);
		program_keep(&work);
		judge(&work);
	} else {
		work.head.error = text_keep(&work, error.text);
	}
	answer_write(answer, &work);
}
