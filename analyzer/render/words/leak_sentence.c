/* SPDX-License-Identifier: Apache-2.0 */
#include "render/words/leak_sentence.h"

#include <math.h>

#include "leaks/referenced.h"
#include "render/words/estimate.h"
#include "render/words/quantity.h"

#define ABSENT_WORTH_SAYING 0.1 /* of what a place has mapped */
#define EVEN 3                  /* standard deviations by which the quarters' counts may differ */

static bool births_are_even(const struct cohort_outcome *old)
{
	double least = INFINITY, most = 0, sum = 0;

	for (int i = 0; i < COHORTS; i++) {
		least = fmin(least, old->born[i]);
		most = fmax(most, old->born[i]);
		sum += old->born[i];
	}
	return most - least <= EVEN * sqrt(sum / COHORTS);
}

/* Whether there were many, and none in the last quarter. */
static bool have_ceased(const struct cohort_outcome *old)
{
	return !births_are_even(old) && old->born[COHORTS - 1] == 0;
}

/* ", born evenly" */
static void births_append(struct buffer *out, const struct cohort_outcome *old)
{
	if (births_are_even(old)) {
		buffer_append_text(out, ", born evenly");
		return;
	}
	for (int i = 0; i < COHORTS; i++)
		buffer_printf(out, "%s%u", i + 1 < COHORTS ? ", " : " and ", old->born[i]);
	buffer_append_text(out, " of them born in each quarter of the time");
}

const char *leak_blocks(const struct leaks *leaks)
{
	return leaks->reference->is_of_mappings ? "mappings" : "sampled blocks";
}

bool leak_absent_append(struct buffer *out, const char *before, const struct leak_row *row)
{
	if (row->absent_share < ABSENT_WORTH_SAYING || row->in_use.samples == 0)
		return false;
	if (row->absent_share == 1)
		buffer_printf(out, "%snothing of it was ever touched: it takes up addresses, and no memory", before);
	else
		buffer_printf(out, "%s%s of it takes up memory, the rest was never touched", before,
			      quantity_share(1 - row->absent_share, 1).text);
	return true;
}

void leak_sentence_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	const struct cohort_outcome *old = &row->evidence.old;
	const unsigned seen = old->survivors + old->deaths;
	const struct quantity age = quantity_duration((double)row->evidence.plateau_age_ns);

	if (old->deaths == 0)
		buffer_printf(out, "all %s %s older than %s are still alive", quantity_exact(seen).text,
			      leak_blocks(leaks), age.text);
	else
		buffer_printf(out, "%u of %s %s older than %s died", old->deaths, quantity_exact(seen).text,
			      leak_blocks(leaks), age.text);
	births_append(out, old);
	leak_absent_append(out, "; ", row);
}

void leak_caution_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row)
{
	static const struct {
		enum leak_caution caution;
		const char *words;
	} all[] = {
	    {CAUTION_SLOWING, "it may be growing ever more slowly"},
	    {CAUTION_PAUSED, "it may have stopped of late"},
	    {CAUTION_DYING, "old blocks may now die as fast as new ones come"},
	    {CAUTION_VEILED, "the newest blocks can't be told from short-lived ones"},
	    {CAUTION_REFERENCED, "a cache or a queue that grows looks the same"},
	};
	const char *separator = "";

	if (row->cautions & CAUTION_YOUNG) {
		const double seen_ns = fmax((double)leaks->reference->time_ns - row->evidence.since_ns, 0);
		buffer_printf(out, "seen for %s: a cache that is still filling looks the same",
			      quantity_duration(seen_ns).text);
		if (row->cautions & CAUTION_PAUSED && have_ceased(&row->evidence.old))
			buffer_append_text(out, "; it may have stopped of late");
		return;
	}
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (!(row->cautions & all[i].caution))
			continue;
		buffer_printf(out, "%s%s", separator, all[i].words);
		separator = ", ";
	}
}

static void kept_append(struct buffer *out, const struct leak_row *row, const struct interval *interval)
{
	buffer_printf(out, "all %s sampled blocks that were looked at are referenced",
		      quantity_exact((double)row->references.samples).text);
	if (interval->low < interval->high)
		buffer_printf(out, " (at most %.0f %% of its bytes are not)", ceil(100 * interval->high));
	if (row_is_kept(row) && row->verdict != LEAK_LEAK)
		buffer_append_text(out, ": a cache or a queue");
}

bool leak_references_append(struct buffer *out, const struct leak_row *row)
{
	const struct share_sum *sum = &row->references;
	const bool gathers = row->verdict == LEAK_LEAK || row->verdict == LEAK_GROWING || row->verdict == LEAK_STOPPED;

	if (sum->samples == 0 || (sum->with == 0 && !gathers))
		return false;
	const struct interval interval = share_interval(sum, ALPHA);
	const bool has_width = interval.low < interval.high;
	if (sum->with == 0) {
		kept_append(out, row, &interval);
		return true;
	}
	if (sum->with < sum->samples)
		buffer_printf(out, "at least %.0f %%", 100 * share_of(sum));
	else if (has_width)
		buffer_printf(out, "all (at least %.0f %%)", floor(100 * interval.low));
	else
		buffer_append_text(out, "all");
	if (sum->with < sum->samples && has_width)
		buffer_printf(out, " [%.0f, %.0f]", floor(100 * interval.low), ceil(100 * interval.high));
	buffer_append_text(out, " of its bytes are referenced by nobody");
	buffer_append_text(out, row_is_lost(row) ? ": lost memory" : "");
	return true;
}

void spread_sentence_append(struct buffer *out, const struct spread_place *spread)
{
	buffer_printf(out, "spread over %s stack%s in %s place%s, none of which alone is proven",
		      quantity_exact(spread->stacks).text, spread->stacks == 1 ? "" : "s",
		      quantity_exact(spread->places).text, spread->places == 1 ? "" : "s");
}

void leak_want_append(struct buffer *out, const struct leaks *leaks, const struct series *series)
{
	if (leaks->reference->rate == 0 || leaks->timer_count >= LEAK_SERIES_LEAST) {
		buffer_append_text(out, "it needs a sampling rate, samples and times");
		return;
	}
	buffer_printf(out, "%s%u snapshot%s by the timer, %d are needed: ", series->ended ? "ended with " : "",
		      leaks->timer_count, leaks->timer_count == 1 ? "" : "s", LEAK_SERIES_LEAST);
	if (leaks->goes_on && leaks->possible_in_s > 0 && !series->removed)
		buffer_printf(out, "possible in %s", quantity_duration(leaks->possible_in_s * 1e9).text);
	else
		buffer_append_text(out, series_advice(series));
}
