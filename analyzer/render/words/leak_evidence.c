/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence in words. Each sentence first says what was seen, with its numbers, and then what that means. */
#include "render/words/leak_evidence.h"

#include <math.h>

#include "leaks/group_lives.h"
#include "render/words/estimate.h"
#include "render/words/leak_sentence.h"
#include "statistics/measure.h"

#define SAWTOOTH 2 /* at its highest, a site had at least this many times its present amount */

/* "of 34 sampled blocks older than 2 s none died". */
static void append_deaths(struct buffer *out, const struct leaks *leaks, const struct leak_evidence *evidence)
{
	const struct cohort_outcome *old = &evidence->old;

	buffer_printf(out, "of %s %s older than %s ", quantity_exact((double)old->survivors + old->deaths).text,
		      leak_blocks(leaks), quantity_duration((double)evidence->plateau_age_ns).text);
	buffer_append_text(out, old->deaths ? quantity_exact(old->deaths).text : "none");
	buffer_append_text(out, " died");
}

const char *leak_caution_name(enum leak_caution caution)
{
	switch (caution) {
	case CAUTION_YOUNG:
		return "young";
	case CAUTION_SLOWING:
		return "slowing";
	case CAUTION_PAUSED:
		return "paused";
	case CAUTION_DYING:
		return "dying";
	case CAUTION_VEILED:
		return "veiled";
	default:
		return "referenced";
	}
}

const char *leak_unknown_name(enum leak_unknown unknown)
{
	static const char *const names[] = {NULL, "short", "few", "old", "swings", "chance"};

	return names[unknown];
}

struct leak_unit leak_unit_for(double seconds)
{
	static const struct leak_unit units[] = {{"an hour", 3600}, {"a minute", 60}, {"a second", 1}};
	size_t i = 0;

	while (i < 2 && units[i].seconds > LEAK_HORIZON * seconds)
		i++;
	return units[i];
}

static double seconds_since(const struct leaks *leaks, double time_ns)
{
	return fmax((double)leaks->reference->time_ns - time_ns, 0) / 1e9;
}

/* "all 136 sampled blocks older than 2 s are still alive, born evenly; 12 % of the bytes allocated there get that old". */
static void append_leak(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	leak_sentence_append(out, leaks, row);
	buffer_printf(out, "; %s of the bytes allocated there get that old",
		      quantity_share(row->evidence.survival.share, 1).text);
}

static void append_growing(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	const struct leak_evidence *evidence = &row->evidence;

	if (evidence->is_one_block) {
		buffer_printf(
		    out,
		    "one block that is reallocated ever larger, as a vector or a table is: %s at the middle, %s now",
		    quantity_bytes(evidence->in_use_middle).text, quantity_bytes(evidence->in_use_now).text);
	} else if (evidence->has_plateau && evidence->has_cohorts) {
		append_deaths(out, leaks, evidence);
		if (row->absent_share < 1)
			buffer_append_text(out, ": like a leak, but too few to be sure; record longer");
	} else if (evidence->old.deaths) {
		append_deaths(out, leaks, evidence);
		buffer_append_text(out, ": a cache that fills, or rising load");
	} else {
		buffer_printf(out, "%s at the middle, %s now; no block got old enough to tell a leak",
			      quantity_bytes(evidence->in_use_middle).text, quantity_bytes(evidence->in_use_now).text);
	}
}

static void append_stopped(struct buffer *out, const struct leaks *leaks, const struct leak_evidence *evidence)
{
	buffer_printf(out, "grew, then stopped: %s at the middle, %s now", quantity_bytes(evidence->in_use_middle).text,
		      quantity_bytes(evidence->in_use_now).text);
	if (evidence->last_ns > 0)
		buffer_printf(out, "; the last block that stays was born %s before the end",
			      quantity_duration(seconds_since(leaks, evidence->last_ns) * 1e9).text);
}

/* "; a verdict is possible in 20 s, or with --rate=64K within a recording as long as this"; for a recording that has
 * ended, how long it would have to be. */
static void append_possible(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	const uint64_t rate = row->possible_rate;
	const bool knows_when = isfinite(row->possible_in_s);

	if (knows_when && leaks->goes_on)
		buffer_printf(out, "; a verdict is possible in %s", quantity_duration(row->possible_in_s * 1e9).text);
	else if (knows_when)
		buffer_printf(out, "; a verdict is possible within a recording of %s",
			      quantity_duration((leaks->seconds + row->possible_in_s) * 1e9).text);
	if (rate)
		buffer_printf(out, "%s --rate=%llu%s within %s as long as this",
			      knows_when ? ", or with" : "; a verdict is possible with",
			      (unsigned long long)(rate >= 1024 ? rate / 1024 : rate), rate >= 1024 ? "K" : "",
			      knows_when && !leaks->goes_on ? "one" : "a recording");
}

static void append_unknown(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	const struct leak_evidence *evidence = &row->evidence;

	switch (row->unknown) {
	case UNKNOWN_SHORT:
		buffer_append_text(out, leaks->reference->rate ? "the series is too short to tell"
							       : "without a sampling rate nothing can be told");
		break;
	case UNKNOWN_FEW:
		buffer_printf(out, "%s at the middle, %s now: too few samples to tell",
			      quantity_bytes(evidence->in_use_middle).text, quantity_bytes(evidence->in_use_now).text);
		break;
	case UNKNOWN_OLD:
		buffer_printf(out, "%s at the middle, %s now: perhaps chance; but %u %s got old and stay",
			      quantity_bytes(evidence->in_use_middle).text, quantity_bytes(evidence->in_use_now).text,
			      evidence->old.survivors, leak_blocks(leaks));
		break;
	case UNKNOWN_SWINGS:
		buffer_printf(
		    out, "has grown since the middle, but had as much in the first three quarters: %s then, %s now",
		    quantity_bytes(evidence->in_use_before).text, quantity_bytes(evidence->in_use_now).text);
		break;
	default:
		buffer_printf(
		    out, "taken alone, its growth is hardly chance; among %u that were tested, it may be (q = %.2g)",
		    leaks->count, row->q);
	}
	append_possible(out, leaks, row);
}

static void append_steady(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	const struct leak_evidence *evidence = &row->evidence;
	const double now = sum_estimate(&row->in_use.bytes);
	const unsigned early = evidence->old.born[0] + evidence->old.born[1];
	const unsigned late = evidence->old.survivors - early;

	if (row->in_use.samples == 0)
		buffer_printf(out, "nothing of it is left; %s at its highest",
			      quantity_bytes(evidence->in_use_highest).text);
	else if (evidence->in_use_highest > SAWTOOTH * now)
		buffer_printf(out, "comes and goes: %s now, %s at its highest", quantity_bytes(now).text,
			      quantity_bytes(evidence->in_use_highest).text);
	else if (evidence->has_plateau && evidence->in_use_middle > now / 2)
		buffer_printf(out, "filled early and kept: %u of %u old %s were born in its first half", early,
			      early + late, leak_blocks(leaks));
	else if (slope_of(leaks, row->group, SLOPE_LATE).interval.low > 0)
		buffer_append_text(out, "rises in the last half, by no more than chance explains");
	else if (evidence->in_use_middle > now / 2)
		buffer_printf(out, "level: %s at the middle, %s now", quantity_bytes(evidence->in_use_middle).text,
			      quantity_bytes(now).text);
	else
		buffer_printf(out, "%s at the middle, %s now: no more than chance explains",
			      quantity_bytes(evidence->in_use_middle).text, quantity_bytes(now).text);
}

void leak_evidence_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	switch (row->verdict) {
	case LEAK_LEAK:
		append_leak(out, leaks, row);
		break;
	case LEAK_STOPPED:
		append_stopped(out, leaks, &row->evidence);
		break;
	case LEAK_UNKNOWN:
		append_unknown(out, leaks, row);
		break;
	case LEAK_GROWING:
		append_growing(out, leaks, row);
		break;
	case LEAK_CHURN:
		buffer_printf(out, "allocates %s, %s", quantity_bytes_rate(row->churn.bytes_per_second).text,
			      quantity_count_rate(row->churn.allocations_per_second).text);
		if (isfinite(row->churn.median_lifetime_ns))
			buffer_printf(out, "; half of them live less than %s",
				      quantity_duration(row->churn.median_lifetime_ns).text);
		break;
	default:
		append_steady(out, leaks, row);
	}
	if (row->verdict != LEAK_LEAK) /* of which the sentence has it */
		leak_absent_append(out, "; ", row);
}
