/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of one or two profiles with their values, and parts that differ in size and thread. */
#include "export/rows.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "statistics/measure.h"

struct builder {
	struct export_rows *rows;
	struct numbering by_key;
	uint32_t capacity, part_capacity;
};

/* Adds the profile's sites; of the four values, only those from `first` on. Returns each site's row; the caller frees
 * the array. */
static uint32_t *sites_add(struct builder *builder, const struct profile *profile, double sign, int from)
{
	uint32_t *row_of = memory_allocate((size_t)profile->site_count + 1, sizeof *row_of);
	struct export_rows *rows = builder->rows;

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		bool is_new;
		const uint32_t index = numbering_put(&builder->by_key, site->key, &is_new);
		if (is_new) {
			ARRAY_RESERVE(rows->rows, rows->count, builder->capacity);
			rows->rows[rows->count++] = (struct export_row){.profile = profile, .site = site};
		}
		row_of[i] = index;
		for (int value = from; value < CALL_VALUE_COUNT; value++)
			rows->rows[index].values.of[value] += sign * call_value_of(site, value);
	}
	return row_of;
}

static void parts_add(struct builder *builder, const struct profile *profile, const uint32_t *row_of, double sign)
{
	struct export_rows *rows = builder->rows;
	const struct profile_sample *samples = profile_samples(profile);

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &samples[i];
		struct seep_measure measure = {0};
		measure_add_sample(&measure, sample->size, sample->rate);
		ARRAY_RESERVE(rows->parts, rows->part_count, builder->part_capacity);
		rows->parts[rows->part_count++] = (struct export_part){
		    .row = row_of[sample->site],
		    .thread = sample->thread,
		    .size = sample->size,
		    .bytes = sign * sum_estimate(&measure.bytes),
		    .objects = sign * sum_estimate(&measure.objects),
		};
	}
}

static int part_compare(const void *left, const void *right)
{
	const struct export_part *a = left, *b = right;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return (a->thread > b->thread) - (a->thread < b->thread);
}

/* The parts of one profile come row by row as a rule; then each row's few parts are sorted alone. */
static void parts_sort(struct export_part *parts, uint32_t count)
{
	bool is_by_row = true;

	for (uint32_t i = 1; i < count; i++)
		is_by_row &= parts[i - 1].row <= parts[i].row;
	for (uint32_t begin = 0, end; begin < count; begin = end) {
		bool is_sorted = true;
		for (end = begin + 1; end < count && !(is_by_row && parts[end].row != parts[begin].row); end++)
			is_sorted &= part_compare(&parts[end - 1], &parts[end]) <= 0;
		if (!is_sorted)
			qsort(parts + begin, end - begin, sizeof *parts, part_compare);
	}
}

/* Merges samples of the same row, size and thread into one part. */
static void parts_merge(struct export_rows *rows)
{
	uint32_t used = 0;

	parts_sort(rows->parts, rows->part_count);
	for (uint32_t i = 0; i < rows->part_count; i++) {
		const struct export_part part = rows->parts[i];
		if (used && part_compare(&rows->parts[used - 1], &part) == 0) {
			rows->parts[used - 1].bytes += part.bytes;
			rows->parts[used - 1].objects += part.objects;
		} else {
			rows->parts[used++] = part;
		}
	}
	rows->part_count = used;
}

void export_rows_build(struct export_rows *rows, const struct profile *now, const struct profile *base)
{
	struct builder builder = {.rows = rows};

	*rows = (struct export_rows){0};
	uint32_t *row_of_now = sites_add(&builder, now, 1, 0);
	uint32_t *row_of_base = base ? sites_add(&builder, base, -1, 0) : NULL;
	if (now->has_samples && (!base || base->has_samples)) {
		parts_add(&builder, now, row_of_now, 1);
		if (base)
			parts_add(&builder, base, row_of_base, -1);
		parts_merge(rows);
	}
	free(row_of_now);
	free(row_of_base);
	numbering_free(&builder.by_key);
}

/* A site for which the tables had no room any more has become a part of the sum of such sites, which has grown by what
 * the site has lost. */
static void negative_balance(struct export_rows *rows, enum call_value value)
{
	struct export_row *retired = NULL;
	double missing = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		double *of = &rows->rows[i].values.of[value];
		if (rows->rows[i].site->retired)
			retired = &rows->rows[i];
		missing += *of < 0 ? -*of : 0;
		*of = *of < 0 ? 0 : *of;
	}
	if (retired)
		retired->values.of[value] -= missing < retired->values.of[value] ? missing : retired->values.of[value];
}

/* Leaves out rows that did not allocate in that time and have nothing in use: among them all that only `base` has. */
static void idle_leave_out(struct export_rows *rows)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		bool is_idle = true;
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			is_idle = is_idle && rows->rows[i].values.of[value] == 0;
		if (!is_idle)
			rows->rows[kept++] = rows->rows[i];
	}
	rows->count = kept;
}

void export_rows_build_interval(struct export_rows *rows, const struct profile *now, const struct profile *base)
{
	struct builder builder = {.rows = rows};

	*rows = (struct export_rows){0};
	free(sites_add(&builder, now, 1, 0));
	if (base)
		free(sites_add(&builder, base, -1, CALL_ALLOC_SPACE));
	negative_balance(rows, CALL_ALLOC_SPACE);
	negative_balance(rows, CALL_ALLOC_OBJECTS);
	idle_leave_out(rows);
	numbering_free(&builder.by_key);
}

void export_rows_free(struct export_rows *rows)
{
	free(rows->rows);
	free(rows->parts);
	*rows = (struct export_rows){0};
}
