/* SPDX-License-Identifier: Apache-2.0 */
/* The heads of report, diff and leaks. */
#include "render/text/head_text.h"

#include <stdio.h>

#include "compare/samples.h"
#include "profile/lost.h"
#include "render/text/head_lines.h"
#include "render/words/account_words.h"
#include "render/words/estimate.h"
#include "statistics/measure.h"

#define PROCESSES_ON_SCREEN 3

void head_write_report(struct text_page *page, const struct inventory *inventory)
{
	const struct profile *profile = inventory->profile;
	const double in_use = sum_estimate(&inventory->total.in_use.bytes);
	struct head_line line = {0};
	char samples[80] = "";

	head_add_moment(&line, profile);
	head_add_rate(&line, profile);
	head_write_program(page, profile, "", &line);
	head_write_parts(page, profile, HEAD_PROCESSES_NAMED);
	if (!profile_has(profile, CALL_INUSE_SPACE)) {
		/* leaves the value out of the line */
	} else if (inventory->has_intervals) {
		const struct estimate_text text =
		    estimate_bytes(in_use, inventory_in_use(inventory, &inventory->total), profile);
		snprintf(samples, sizeof samples, "%s %s", text.value, text.interval);
	} else {
		snprintf(samples, sizeof samples, "%s", quantity_bytes(in_use).text);
	}
	head_write_memory(page, profile, NULL, samples, sum_estimate(&inventory->total.allocated.bytes));
	head_write_losses(page, profile, inventory->total.allocated.samples);
	head_write_notes(page, profile, NULL);
	head_write_end_note(page, profile, in_use);
}

/* "from 40.0 s to 2 min 40 s, snapshots 4 (timer) to 16 (exit)": for one process. */
static void add_period(struct head_line *line, const struct comparison *comparison)
{
	const struct quantity from = head_moment(comparison->before), to = head_moment(comparison->after);
	const bool has_numbers = comparison->before->number && comparison->after->number;
	struct buffer before = {0}, after = {0};

	head_append_number(&before, comparison->before);
	head_append_number(&after, comparison->after);
	if (*from.text && *to.text)
		head_line_add(line, "from %s to %s", from.text, to.text);
	head_line_add(line, "%s%s to %s%s", has_numbers ? "snapshots " : "", before.data, after.data,
		      comparison->after->shutdown_left_out ? " (shutdown left out)" : "");
	buffer_free(&before);
	buffer_free(&after);
}

static void write_programs(struct text_page *page, const struct comparison *comparison)
{
	const struct profile *both[] = {comparison->before, comparison->after};
	static const char *const labels[] = {"before: ", "after:  "};
	struct head_line line = {0};

	if (comparison->same_process) {
		add_period(&line, comparison);
		head_add_rate(&line, comparison->after);
		head_write_program(page, comparison->after, "", &line);
		return;
	}
	for (int i = 0; i < 2; i++) {
		head_add_moment(&line, both[i]);
		head_add_rate(&line, both[i]);
		head_write_program(page, both[i], labels[i], &line);
	}
}

/* Whether the memory in use grew by at least half as much as RSS: then nobody misses the other classes. */
static bool growth_explains_rss(const struct comparison *comparison)
{
	const struct profile *before = comparison->before, *after = comparison->after;
	const double growth = (double)after->memory[SEEP_MEMORY_RSS] - (double)before->memory[SEEP_MEMORY_RSS];

	return before->memory_known & after->memory_known & UINT64_C(1) << SEEP_MEMORY_RSS &&
	       comparison->total.growth_bytes >= growth / 2;
}

/* Writes which classes of memory changed, if somebody looked. */
static void write_account(struct text_page *page, const struct comparison *comparison)
{
	struct buffer text = {0};

	const struct memory_growth growth = memory_growth_of_profiles(comparison->before, comparison->after);
	if (growth.is_known || !growth_explains_rss(comparison))
		memory_growth_append(&text, &growth);
	if (text.length)
		text_write_words(page, STYLE_PLAIN, text.data, 0);
	buffer_free(&text);
}

void head_write_diff(struct text_page *page, const struct comparison *comparison)
{
	const struct profile *before = comparison->before;
	const struct profile *after = comparison->after;
	const struct comparison_row *total = &comparison->total;
	const struct row_sums sums = comparison_sums(comparison, total);
	struct estimate_text growth = {"", ""};
	char samples[112];

	write_programs(page, comparison);
	head_write_parts(page, after, HEAD_PROCESSES_NAMED);
	if (comparison->has_intervals)
		growth = estimate_growth(total->growth_bytes, comparison_growth(comparison, &sums), before, after);
	else
		snprintf(growth.value, sizeof growth.value, "%s", quantity_signed_bytes(total->growth_bytes).text);
	snprintf(samples, sizeof samples, "%s, %s%s%s", quantity_bytes(sum_estimate(&sums.after.bytes)).text,
		 growth.value, *growth.interval ? " " : "", growth.interval);
	head_write_memory(page, after, before, samples, total->churn_bytes);
	write_account(page, comparison);
	head_write_losses(page, after, sums.allocated.samples);
	if (comparison->has_intervals && !comparison->same_process)
		head_write_note(page, "BEFORE and AFTER are two processes: everything in use in BEFORE counts as gone, "
				      "everything in use in AFTER as new; churn is that of AFTER since it began");
	else if (!comparison->has_intervals)
		head_write_note(page, "the samples can't be matched, or their sampling is not known: growth is the "
				      "difference of the totals");
	if (rebuilt_any(&comparison->groups.rebuilt))
		head_write_note(page,
				"BEFORE and AFTER are two builds: what was built anew is matched by the names of its "
				"functions, and by callers and calls where a name is another (\"was\")");
	head_write_end_note(page, after, sum_estimate(&sums.after.bytes));
	head_write_notes(page, after, NULL);
	head_write_notes(page, before, after);
}

static void add_series(struct head_line *line, const struct leaks *leaks, const struct series *series)
{
	const struct quantity age = quantity_duration(leaks->seconds * 1e9);

	head_line_add(line, "%s", age.text);
	head_line_add(line, "%zu snapshots", leaks->time_count + series->left_out);
	if (series->damaged)
		head_line_add(line, "%zu more damaged", series->damaged);
	head_line_add(line, "judged at %s%s", age.text,
		      leaks->reference->shutdown_left_out ? " (shutdown left out)" : "");
}

void head_write_series(struct text_page *page, const struct leaks *leaks, const struct series *series)
{
	struct head_line line = {0};

	add_series(&line, leaks, series);
	head_write_program(page, leaks->reference, "", &line);
	head_write_parts(page, leaks->reference, PROCESSES_ON_SCREEN);
}

void head_write_elsewhere(struct text_page *page, const struct leaks *leaks)
{
	struct buffer text = {0};

	memory_elsewhere_append(&text, &leaks->memory);
	if (text.length)
		text_write_words(page, STYLE_WARNING, text.data, 0);
	buffer_free(&text);
}

void head_write_leaks(struct text_page *page, const struct leaks *leaks, const struct series *series)
{
	const struct profile *profile = leaks->reference, *middle = leaks->middle;
	struct profile_totals totals;
	struct head_line line = {0};

	profile_totals(profile, &totals);
	const struct estimate_text in_use =
	    estimate_bytes(sum_estimate(&totals.in_use.bytes),
			   sum_interval(&totals.in_use.bytes, unseen_bytes((double)profile->rate), ALPHA), profile);
	struct buffer samples = {0};
	add_series(&line, leaks, series);
	if (middle->time_ns > middle->start_ns)
		head_line_add(&line, "growth since %s", head_moment(middle).text);
	head_add_rate(&line, profile);
	head_write_program(page, profile, "", &line);
	head_write_parts(page, profile, HEAD_PROCESSES_NAMED);
	buffer_printf(&samples, "%s %s", in_use.value, in_use.interval);
	head_write_memory(page, profile, NULL, samples.data, sum_estimate(&totals.allocated.bytes));
	head_write_losses(page, profile, totals.allocated.samples);
	head_write_notes(page, profile, NULL);
	buffer_free(&samples);
}
