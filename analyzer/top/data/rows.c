/* SPDX-License-Identifier: Apache-2.0 */
#include "top/data/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const char *const row_by_names[] = {"place", "function", "module", "label", "thread", NULL};
const char *const row_sort_names[] = {"verdict", "growth", "in-use", "churn", NULL};

enum { KEY_UNNAMED = 1, KEY_THREAD = 0x100 };

void rows_init(struct rows *rows)
{
	*rows = (struct rows){.by_key = map_create(), .site_of = map_create()};
}

void rows_free(struct rows *rows)
{
	map_free(rows->by_key);
	map_free(rows->site_of);
	free(rows->rows);
	*rows = (struct rows){0};
}

void rows_use_study(struct rows *rows, const struct study *study)
{
	map_free(rows->site_of);
	rows->site_of = map_create();
	map_reserve(rows->site_of, study->head->site_count);
	for (uint32_t i = 0; i < study->head->site_count; i++)
		*map_put(rows->site_of, study->sites[i].key, NULL) = i;
}

const struct study_site *rows_site(const struct rows *rows, const struct study *study, uint64_t key)
{
	const uint64_t *index = study->head ? map_get(rows->site_of, key) : NULL;

	return index ? &study->sites[*index] : NULL;
}

/* The site's entry: its label's or its place's. */
static const struct study_place *place_of(const struct rows *rows, const struct study *study, uint64_t site,
					  enum row_by by)
{
	const struct study_site *found = rows_site(rows, study, site);

	return found ? &study->places[by == ROW_LABEL ? found->label : found->place] : NULL;
}

static uint64_t key_of(const struct study *study, const struct study_place *place, enum row_by by)
{
	uint64_t key = by;

	if (!place)
		return KEY_UNNAMED;
	if (by == ROW_PLACE || by == ROW_LABEL)
		return place->key;
	const char *const texts[] = {
	    by == ROW_FUNCTION ? study_text(study, place->function) : "",
	    study_text(study, by == ROW_FUNCTION && place->file ? place->file : place->module)};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		key = hash_bytes(key, texts[i], strlen(texts[i]) + 1);
	return key;
}

static struct row *row_get(struct rows *rows, uint64_t key)
{
	bool is_new;
	uint64_t *index = map_put(rows->by_key, key, &is_new);

	if (is_new) {
		*index = rows->count;
		ARRAY_RESERVE(rows->rows, rows->count, rows->capacity);
		rows->rows[rows->count++] = (struct row){.key = key, .verdict = LEAK_VERDICTS, .leak_low = NAN};
	}
	return &rows->rows[*index];
}

/* Verdicts are about places: a function or module shows the worst verdict of its places. */
static void row_add_place(struct row *row, const struct study_place *place)
{
	if (row->place && row->verdict <= place->verdict)
		return;
	row->place = place;
	row->verdict = (enum leak_verdict)place->verdict;
	row->is_sure = place->cautions == 0;
	row->leak_low = place->leak_low;
}

static void sites_add(struct rows *rows, const struct look *look, const struct past *past, const struct study *study,
		      enum row_by by)
{
	for (uint32_t i = 0; i < look->site_count; i++) {
		const struct look_site *site = &look->sites[i];
		struct change change = {0};
		change_add_site(&change, look, i, past);
		if (site->tally.samples == 0 && !(change.allocated_bytes > 0) && !(sum_estimate(&change.gone) > 0))
			continue;
		const struct study_place *place = place_of(rows, study, site->key, by);
		struct row *row = row_get(rows, key_of(study, place, by));
		sum_include(&row->in_use, &site->tally.in_use);
		change_include(&row->change, &change);
		if (place && row->place != place)
			row_add_place(row, place);
	}
}

static void threads_add(struct rows *rows, const struct look *look, const struct past *past)
{
	for (uint32_t i = 0; i < look->thread_count; i++) {
		struct change change = {0};
		change_add_thread(&change, look, i, past);
		if (look->threads[i].samples == 0 && !(sum_estimate(&change.gone) > 0))
			continue;
		struct row *row = row_get(rows, KEY_THREAD + i);
		row->thread = i;
		row->in_use = look->threads[i].in_use;
		row->change = change;
		row->change.allocated_bytes = row->change.allocations = NAN; /* only samples know their threads */
	}
}

/* Adds growth over many places, as of the last judgement. */
static void spreads_add(struct rows *rows, const struct study *study)
{
	for (uint32_t i = 0; study->head && i < study->head->place_count; i++) {
		const struct study_place *place = &study->places[i];
		if (!place->is_spread)
			continue;
		struct row *row = row_get(rows, hash_bytes(KEY_UNNAMED, &i, sizeof i));
		row->in_use.certain = place->in_use;
		row_add_place(row, place);
	}
}

static bool text_has(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static bool row_passes(const struct row *row, const struct study *study, const char *filter)
{
	if (!*filter)
		return true;
	return row->place && (text_has(study_text(study, row->place->function), filter) ||
			      text_has(study_text(study, row->place->source), filter) ||
			      text_has(study_text(study, row->place->module), filter));
}

/* Leaks first, then growing rows, then the others by bytes in use. Before the first judgement, by growth. */
static int compare_verdicts(const struct row *a, const struct row *b)
{
	const bool a_leads = a->verdict <= LEAK_GROWING, b_leads = b->verdict <= LEAK_GROWING;

	if (a->verdict != b->verdict && (a_leads || b_leads))
		return a->verdict < b->verdict ? -1 : 1;
	if (a->verdict == LEAK_LEAK && a->leak_low != b->leak_low)
		return a->leak_low > b->leak_low ? -1 : 1;
	return 0;
}

static double weight_of_row(const struct row *row, enum row_sort sort, bool is_judged)
{
	if (sort == SORT_CHURN)
		return row->change.allocated_bytes;
	if (sort == SORT_GROWTH || (sort == SORT_VERDICT && !is_judged))
		return change_growth(&row->change);
	return sum_estimate(&row->in_use);
}

struct order {
	enum row_sort sort;
	bool is_judged;
};

static int row_compare(const void *left, const void *right, void *context)
{
	const struct order *order = context;
	const struct row *a = left, *b = right;
	const int verdicts = order->sort == SORT_VERDICT ? compare_verdicts(a, b) : 0;

	if (verdicts)
		return verdicts;
	const double x = weight_of_row(a, order->sort, order->is_judged),
		     y = weight_of_row(b, order->sort, order->is_judged);
	if (x != y)
		return x > y ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

static void rows_filter(struct rows *rows, const struct study *study, const char *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (row_passes(&rows->rows[i], study, filter))
			rows->rows[kept++] = rows->rows[i];
	rows->count = kept;
}

void rows_make(struct rows *rows, const struct look *look, const struct past *past, const struct study *study,
	       enum row_by by, enum row_sort sort, const char *filter)
{
	struct order order = {sort, study->head && study->head->judged_ns};

	rows->count = 0;
	map_free(rows->by_key);
	rows->by_key = map_create();
	if (by == ROW_THREAD) {
		threads_add(rows, look, past);
	} else {
		sites_add(rows, look, past, study, by);
		if (by != ROW_LABEL)
			spreads_add(rows, study);
		rows_filter(rows, study, filter);
	}
	qsort_r(rows->rows, rows->count, sizeof *rows->rows, row_compare, &order);
}

size_t rows_find(const struct rows *rows, uint64_t key)
{
	size_t i = 0;

	while (i < rows->count && rows->rows[i].key != key)
		i++;
	return i;
}

double rows_unnamed(const struct rows *rows, const struct look *look)
{
	double bytes = 0;

	for (uint32_t i = 0; i < look->site_count; i++) {
		const struct look_site *site = &look->sites[i];
		if (site->tally.samples && !map_get(rows->site_of, site->key))
			bytes += sum_estimate(&site->tally.in_use);
	}
	return bytes;
}
