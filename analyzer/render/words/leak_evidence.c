/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence in words. Each says what was seen, with its numbers, before what that means. */
#include "render/words/leak_evidence.h"

#include <math.h>

#include "render/words/estimate.h"
#include "statistics/measure.h"

#define SAWTOOTH 2 /* times what is left now, at its highest */

/* "of 34 samples that old none died". */
static void append_deaths(struct buffer *out, const struct cohort_outcome *old)
{
	const unsigned seen = old->survivors + old->deaths;

	if (old->deaths)
		buffer_printf(out, "of %u samples that old %u died", seen, old->deaths);
	else
		buffer_printf(out, "of %u samples that old none died", seen);
}

/* "births by quarter 9, 8, 10, 7". */
static void append_births(struct buffer *out, const struct cohort_outcome *old)
{
	buffer_append_text(out, "born by quarter: ");
	for (int i = 0; i < COHORTS; i++)
		buffer_printf(out, "%s%u", i ? ", " : "", old->born[i]);
}

static void append_leak(struct buffer *out, const struct leak_evidence *evidence)
{
	buffer_printf(out, "%s outlive %s; ", quantity_share(evidence->survival.share, 1).text,
		      quantity_duration((double)evidence->plateau_age_ns).text);
	append_deaths(out, &evidence->old);
	buffer_append_text(out, "; ");
	append_births(out, &evidence->old);
}

static void append_growing(struct buffer *out, const struct leak_evidence *evidence)
{
	if (evidence->has_plateau && evidence->has_cohorts) {
		append_deaths(out, &evidence->old);
		buffer_printf(out, " past %s: like a leak, but too few to be sure; record longer",
			      quantity_duration((double)evidence->plateau_age_ns).text);
	} else if (evidence->old.deaths) {
		append_deaths(out, &evidence->old);
		buffer_printf(out, " (%s): a cache that fills, or rising load",
			      quantity_duration((double)evidence->plateau_age_ns).text);
	} else {
		buffer_printf(out, "grows by %s in the last half; nothing old enough yet to tell a leak",
			      quantity_bytes_rate(evidence->late.slope).text);
	}
}

static void append_steady(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	const struct leak_evidence *evidence = &row->evidence;
	const double now = sum_estimate(&row->in_use.bytes);
	const unsigned early = evidence->old.born[0] + evidence->old.born[1];
	const unsigned late = evidence->old.survivors - early;

	if (!leaks->can_judge)
		buffer_append_text(out, "the series is too short to tell");
	else if (row->in_use.samples == 0)
		buffer_printf(out, "nothing of it is left; %s at its highest",
			      quantity_bytes(evidence->in_use_highest).text);
	else if (evidence->in_use_highest > SAWTOOTH * now)
		buffer_printf(out, "comes and goes: %s now, %s at its highest", quantity_bytes(now).text,
			      quantity_bytes(evidence->in_use_highest).text);
	else if (evidence->has_plateau && evidence->in_use_middle > now / 2)
		buffer_printf(out, "filled early and kept: %u of %u old samples are of the first half of that time",
			      early, early + late);
	else if (evidence->late.interval.low > 0)
		buffer_append_text(out, "rises in the last half, by no more than chance explains");
	else if (evidence->in_use_middle > now / 2)
		buffer_printf(out, "level: %s at the middle, %s now", quantity_bytes(evidence->in_use_middle).text,
			      quantity_bytes(now).text);
	else
		buffer_printf(out, "%s at the middle, %s now: too few samples to tell",
			      quantity_bytes(evidence->in_use_middle).text, quantity_bytes(now).text);
}

void leak_evidence_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	switch (row->verdict) {
	case LEAK_LEAK:
		append_leak(out, &row->evidence);
		break;
	case LEAK_GROWING:
		append_growing(out, &row->evidence);
		break;
	case LEAK_CHURN:
		buffer_printf(out, "allocates %s, %s; half of them live less than %s",
			      quantity_bytes_rate(row->churn.bytes_per_second).text,
			      quantity_count_rate(row->churn.allocations_per_second).text,
			      quantity_duration(row->churn.median_lifetime_ns).text);
		break;
	default:
		append_steady(out, leaks, row);
	}
}
