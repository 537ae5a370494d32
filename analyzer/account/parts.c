/* SPDX-License-Identifier: Apache-2.0 */
/* See parts.h. */
#include "account/parts.h"

#include <math.h>
#include <stdlib.h>

#include <seep/search.h>

#include "base/memory.h"
#include "statistics/measure.h"

const struct part_name part_names[PARTS_KINDS][PARTS] = {
    [PARTS_RESIDENCY] = {{"in memory", "resident"}, {"swapped", "swapped"}, {"never touched", "untouched"}},
    [PARTS_CONTENTS] = {{"zero tail", "zero_tail"}, {"zero", "zero"}, {"looked at", "read"}}};

/* A sample's bytes in each part. */
static void residency_of(const struct profile *profile, const struct profile_sample *sample, double bytes[PARTS])
{
	const struct seep_absence there = profile_residence(profile, sample);

	bytes[0] = fmin((double)there.resident_bytes, (double)sample->size);
	bytes[1] = fmin((double)there.swapped_bytes, (double)sample->size - bytes[0]);
	bytes[2] = (double)sample->size - bytes[0] - bytes[1];
}

static void contents_of(const struct profile *profile, const struct profile_sample *sample, double bytes[PARTS])
{
	const size_t at = SEEP_COUNT_BELOW(profile->contents, profile->content_count, address, sample->address);
	const bool was_read = at < profile->content_count && profile->contents[at].address == sample->address;

	bytes[0] = was_read ? (double)profile->contents[at].tail_bytes : 0;
	bytes[1] = was_read ? (double)profile->contents[at].zero_bytes : 0;
	bytes[2] = was_read ? (double)sample->size : 0;
}

static bool is_known(const struct profile *profile, enum parts_kind kind)
{
	return profile->has_samples &&
	       (kind == PARTS_CONTENTS ? profile->contents != NULL : profile->ledger_count != 0);
}

void parts_make(struct parts *parts, enum parts_kind kind, const struct inventory *inventory)
{
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
		(kind == PARTS_CONTENTS ? contents_of : residency_of)(profile, sample, bytes);
		for (int part = 0; part < PARTS; part++) {
			measure_add_part(&parts->rows[inventory->row_count].of[part], sample->size, sample->rate,
					 bytes[part]);
			if (row)
				measure_add_part(&parts->rows[row - 1].of[part], sample->size, sample->rate,
						 bytes[part]);
		}
	}
}

void parts_free(struct parts *parts)
{
	free(parts->rows);
	parts->rows = NULL;
}
