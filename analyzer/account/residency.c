/* SPDX-License-Identifier: Apache-2.0 */
/* See residency.h. */
#include "account/residency.h"

#include <math.h>

#include "base/memory.h"
#include "statistics/measure.h"

static void sample_add(struct residency *row, const struct profile_sample *sample, double resident, double swapped)
{
	measure_add_part(&row->resident, sample->size, sample->rate, resident);
	measure_add_part(&row->swapped, sample->size, sample->rate, swapped);
	measure_add_part(&row->untouched, sample->size, sample->rate, (double)sample->size - resident - swapped);
}

struct residency *residency_of(const struct inventory *inventory)
{
	const struct profile *profile = inventory->profile;

	if (!profile->ledger_count || !profile->has_samples)
		return NULL;
	struct residency *rows = memory_allocate(inventory->row_count + 1u, sizeof *rows);
	const struct profile_sample *samples = profile_samples(profile);
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &samples[i];
		const struct seep_absence there = profile_residence(profile, sample);
		const double resident = fmin((double)there.resident_bytes, (double)sample->size);
		const double swapped = fmin((double)there.swapped_bytes, (double)sample->size - resident);
		const uint32_t row = inventory->site_rows[sample->site];
		sample_add(&rows[inventory->row_count], sample, resident, swapped);
		if (row)
			sample_add(&rows[row - 1], sample, resident, swapped);
	}
	return rows;
}
