/* SPDX-License-Identifier: Apache-2.0 */
/* See parts.h. */
#include "account/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <seep/search.h>

#include "base/memory.h"
#include "statistics/measure.h"

const struct part_name part_names[PARTS_KINDS][PARTS] = {
    [PARTS_RESIDENCY] = {{"in memory", "resident"},
			 {"swapped", "swapped"},
			 {"never touched", "untouched"},
			 {"huge pages", "huge"}},
    [PARTS_CONTENTS] = {{"zero tail", "zero_tail"}, {"zero", "zero"}, {"looked at", "read"}},
    [PARTS_COLD] = {{"cold", "cold"}, {"zero tail", "zero_tail"}, {"zero", "zero"}, {"looked at", "read"}}};

/* How many of a sample's bytes are in each part. */
static void residency_of(const struct profile *profile, const struct profile_sample *sample, double bytes[PARTS])
{
	const struct seep_absence there = profile_residence(profile, sample);

	bytes[0] = fmin((double)there.resident_bytes, (double)sample->size);
	bytes[1] = fmin((double)there.swapped_bytes, (double)sample->size - bytes[0]);
	bytes[2] = (double)sample->size - bytes[0] - bytes[1];
	bytes[3] = fmin((double)there.huge_bytes, bytes[0]);
}

static void contents_of(const struct profile *profile, const struct profile_sample *sample, double bytes[PARTS])
{
	const size_t at = SEEP_COUNT_BELOW(profile->contents, profile->content_count, address, sample->address);
	const struct profile_content *content = &profile->contents[at];

	memset(bytes, 0, PARTS * sizeof *bytes);
	if (at == profile->content_count || content->address != sample->address)
		return;
	bytes[0] = (double)content->tail_bytes;
	bytes[1] = (double)content->zero_bytes;
	bytes[2] = (double)sample->size;
	bytes[3] = content->looks == profile->content_looks ? (double)sample->size : 0;
}

static void cold_of(const struct profile *profile, const struct profile_sample *sample, double bytes[PARTS])
{
	double as_contents[PARTS];

	contents_of(profile, sample, as_contents);
	bytes[0] = as_contents[PARTS - 1];
	memcpy(bytes + 1, as_contents, (PARTS - 1) * sizeof *bytes);
}

static bool is_known(const struct profile *profile, enum parts_kind kind)
{
	return profile->has_samples &&
	       (kind == PARTS_RESIDENCY ? profile->ledger_count != 0 : profile->contents != NULL);
}

void parts_make(struct parts *parts, enum parts_kind kind, const struct inventory *inventory)
{
	static void (*const parts_of[PARTS_KINDS])(const struct profile *, const struct profile_sample *,
						   double[PARTS]) = {residency_of, contents_of, cold_of};
	const struct profile *profile = inventory->profile;

	*parts = (struct parts){.kind = kind};
	if (!is_known(profile, kind))
		return;
	parts->rows = memory_allocate(inventory->row_count + 1u, sizeof *parts->rows);
	const struct profile_sample *samples = profile_samples(profile);
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &samples[i];
		const uint32_t row = inventory->site_rows[sample->site];
		double bytes[PARTS];
		parts_of[kind](profile, sample, bytes);
		for (int part = 0; part < PARTS; part++) {
			measure_add_part(&parts->rows[inventory->row_count].of[part], sample->size, sample->rate,
					 bytes[part]);
			if (row)
				measure_add_part(&parts->rows[row - 1].of[part], sample->size, sample->rate,
						 bytes[part]);
		}
	}
}

/* A row with what it is sorted by. */
struct ranked {
	double bytes;
	uint32_t row;
};

static int ranked_compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->row > b->row) - (a->row < b->row);
}

void parts_sort(struct parts *parts, struct inventory *inventory, uint32_t top)
{
	const uint32_t count = inventory->row_count, kept = count < top ? count : top;

	if (!parts->rows)
		return;
	struct ranked *ranked = memory_allocate(count + 1u, sizeof *ranked);
	struct inventory_row *rows = memory_allocate(kept + 1u, sizeof *rows);
	struct row_parts *of = memory_allocate(kept + 1u, sizeof *of);
	for (uint32_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){sum_estimate(&parts->rows[i].of[0].bytes), i};
	qsort(ranked, count, sizeof *ranked, ranked_compare);
	for (uint32_t i = 0; i < kept; i++) {
		rows[i] = inventory->rows[ranked[i].row];
		of[i] = parts->rows[ranked[i].row];
	}
	of[kept] = parts->rows[count]; /* the total */
	free(ranked);
	free(inventory->rows);
	free(parts->rows);
	inventory->rows = rows;
	inventory->row_count = kept;
	parts->rows = of;
}

void parts_free(struct parts *parts)
{
	free(parts->rows);
	parts->rows = NULL;
}
