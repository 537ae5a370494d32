/* SPDX-License-Identifier: Apache-2.0 */
#include "render/check/check_words.h"

#include <math.h>
#include <stdio.h>

#include "base/message.h"
#include "profile/profile.h"
#include "render/terminal/name_text.h"
#include "render/text/place_text.h"
#include "render/words/estimate.h"
#include "render/words/leak_sentence.h"

#define NAME_COLUMNS 100
#define P_SHOWN 1e-12 /* smaller p-values come from the formula's limits, and mean nothing */

/* Values per unit of work may be less than one, so they need digits behind the point. */
static struct quantity amount(const struct budget *budget, double value)
{
	struct quantity small = {""};

	if (!(budget->per_work && fabs(value) < 100))
		return check_measure_is_of_bytes(budget->measure) ? quantity_bytes(value) : quantity_count(value);
	snprintf(small.text, sizeof small.text, "%.3g%s", value,
		 check_measure_is_of_bytes(budget->measure) ? " B" : "");
	return small;
}

/* "2 of 9 budgets fail, 3 are undecided, 4 pass" */
void check_words_summary(struct buffer *out, const struct check *check)
{
	static const char *const words[2][CHECK_FAIL + 1] = {{"pass", "are undecided", "fail"},
							     {"passes", "is undecided", "fails"}};
	const size_t all = check->budgets->count;
	const char *separator = "";

	for (int result = CHECK_FAIL; result >= CHECK_PASS; result--) {
		const size_t count = check->results[result];
		if (count == 0)
			continue;
		buffer_printf(out, "%s%zu", separator, count);
		if (!*separator)
			buffer_printf(out, " of %zu budget%s", all, all == 1 ? "" : "s");
		buffer_printf(out, " %s", words[count == 1][result]);
		separator = ", ";
	}
}

static const char *measure_words(enum check_measure measure)
{
	static const char *const words[CHECK_MEASURES] = {"in use",
							  "objects in use",
							  "in use at the peak",
							  "more in use than at a quarter of the time",
							  "allocated",
							  "allocations",
							  "leaks",
							  "of lost memory",
							  "of RSS",
							  "of RSS at its highest"};

	return words[measure];
}

static void limit_append(struct buffer *out, const struct check_row *row)
{
	const struct budget *budget = row->budget;

	if (!isfinite(row->limit))
		return;
	buffer_printf(out, ", at most %s", amount(budget, row->limit).text);
	if (isfinite(row->base) && row->limit == row->base * budget->most)
		buffer_printf(out, " (the base's %s and %.4g %%)", amount(budget, row->base).text,
			      (budget->most - 1) * 100);
	else if (isfinite(row->base))
		buffer_printf(out, " (the floor; the base has %s)", amount(budget, row->base).text);
}

static void unknown_append(struct buffer *out, enum check_measure measure)
{
	if (measure == CHECK_LEAKS)
		buffer_append_text(out, "whether it leaks is not known");
	else if (measure == CHECK_LOST)
		buffer_append_text(out, "whether it lost memory is not known");
	else
		buffer_printf(out, "%s %s is not known",
			      check_measure_is_of_bytes(measure) ? "the amount" : "the number of",
			      measure_words(measure));
}

/* "26.1 KiB [25.0, 27.3]" */
static void estimate_append(struct buffer *out, const struct check_row *row)
{
	const struct budget *budget = row->budget;
	const bool has_width = isfinite(row->low) && isfinite(row->high) && row->low < row->high;

	if (has_width && check_measure_is_of_bytes(budget->measure) && row->high >= 1024) {
		const struct estimate_text text = estimate_between(row->value, (struct interval){row->low, row->high});
		buffer_printf(out, "%s %s", text.value, text.interval);
		return;
	}
	buffer_printf(out, "%s", amount(budget, row->value).text);
	if (has_width)
		buffer_printf(out, " [%s, %s]", amount(budget, row->low).text, amount(budget, row->high).text);
}

void check_words_value(struct buffer *out, const struct check_row *row)
{
	const struct budget *budget = row->budget;

	if (!isfinite(row->value)) {
		unknown_append(out, budget->measure);
		return;
	}
	if (budget->measure == CHECK_LOST)
		buffer_printf(out, "%.0f place%s lost memory", row->value, row->value == 1 ? "" : "s");
	else
		estimate_append(out, row);
	if (budget->measure != CHECK_LOST)
		buffer_printf(out, " %s%s", measure_words(budget->measure),
			      budget->per_work ? " for each unit of work" : "");
	limit_append(out, row);
}

static void advice_append(struct buffer *out, const struct check_row *row)
{
	if (row->needed_rate > 0 && row->needed_runs > 0)
		buffer_printf(out, "-r %.0fK would decide it, or %u runs a side", row->needed_rate / 1024,
			      row->needed_runs);
	else if (row->needed_rate > 0)
		buffer_printf(out, "-r %.0fK would decide it", row->needed_rate / 1024);
	else if (row->needed_runs > 0)
		buffer_printf(out, "%u runs a side would decide it", row->needed_runs);
	else
		buffer_append_text(out, "neither a lower rate nor a few more runs would decide it");
}

/* Why a row whose interval is beyond its limit does not fail. */
static void chance_append(struct buffer *out, const struct check_row *row)
{
	buffer_append_text(out, "beyond the limit, but ");
	if (row->p <= 0.5)
		buffer_printf(out, "by chance in one of %s checks, too often to fail",
			      quantity_count(floor(1 / row->p)).text);
	else
		buffer_append_text(out, "among so many that were tested it may be chance");
}

static void doubt_append(struct buffer *out, const struct check_row *row)
{
	static const char *const texts[] = {
	    [DOUBT_NONE] = "",
	    [DOUBT_SAMPLING] = "the interval holds the limit: ",
	    [DOUBT_MANY] = "",
	    [DOUBT_LOST_AFTER] =
		"the value is within the limit, but the recording lost some of it: 'seep report' says what",
	    [DOUBT_LOST] = ("the value is beyond the limit, but the recordings lost some of it or counted it twice: "
			    "'seep report' says what"),
	    [DOUBT_ONE_RUN] = "one run a side does not show by how much RSS differs without a cause; 3 runs would",
	    [DOUBT_NAMES] =
		("some runs have no names, or no inlined calls, of functions that others have, so that they "
		 "can't be matched: 'seep report --modules' says why"),
	    [DOUBT_NO_BASE] = "there is no base to compare with: --base RECORDING",
	    [DOUBT_NO_VALUE] = "a run does not have this value",
	    [DOUBT_NO_RATE] = "a run does not say at which rate it was sampled, so nothing is sure",
	    [DOUBT_MOMENTS] =
		"some runs are seen at their end, others before their shutdown; a peak can be compared, or use -i",
	    [DOUBT_NO_SITE] = "nothing of that name was seen: is it spelt as 'seep report' shows it?",
	    [DOUBT_NO_WORK] = ("a run did not count its units of work: a program does so by seep_work() of "
			       "<seep/seep.h>, or give --work N"),
	    [DOUBT_NO_BEFORE] = "growth needs a recording with an earlier snapshot",
	    [DOUBT_NO_LOOK] = "nobody looked when the process ended: 'seep run --leaks-at-exit' does",
	    [DOUBT_CAUTIONS] = "it grows, which may be harmless: 'seep leaks' says why",
	};

	if (row->doubt == DOUBT_UNJUDGED && row->run->is_judged)
		leak_want_append(out, &row->run->leaks, &row->run->series);
	else
		buffer_append_text(out, row->doubt == DOUBT_UNJUDGED ? row->run->unjudged.text : texts[row->doubt]);
	if (row->doubt == DOUBT_MANY)
		chance_append(out, row);
	if (row->doubt == DOUBT_MANY && !row->leak)
		buffer_append_text(out, ": ");
	if (row->doubt == DOUBT_SAMPLING || (row->doubt == DOUBT_MANY && !row->leak))
		advice_append(out, row);
}

void check_words_sureness(struct buffer *out, const struct check_row *row)
{
	if (row->result == CHECK_FAIL && row->p >= P_SHOWN)
		buffer_printf(out, "by chance in at most one of %s checks", quantity_count(floor(1 / row->p)).text);
	else if (row->result == CHECK_FAIL)
		buffer_append_text(out, row->budget->measure == CHECK_LOST ? "no word of the process's memory led to it"
									   : "not by chance");
	if (row->result == CHECK_FAIL && row->budget->measure == CHECK_PEAK && !row->group)
		buffer_append_text(out, ", though no snapshot shows who has it: a shorter -i would");
	doubt_append(out, row);
	if (row->result == CHECK_UNDECIDED && row->others)
		buffer_printf(out, "; so %s %s more", row->others == 1 ? "is" : "are",
			      quantity_exact(row->others).text);
}

/* " lost 12.3 KiB in 3 blocks, of which lost ones refer to 2" */
static void lost_append(struct buffer *out, const struct check_row *row)
{
	const double indirect = row->lost_blocks - row->lost_by_nobody;

	buffer_printf(out, " lost %s in %s block%s", quantity_bytes(row->share).text,
		      quantity_count(row->lost_blocks).text, row->lost_blocks == 1 ? "" : "s");
	if (indirect >= row->lost_blocks - 0.5)
		buffer_append_text(out, ", to which only lost ones refer");
	else if (indirect >= 0.5)
		buffer_printf(out, ", of which lost ones refer to %s", quantity_count(indirect).text);
}

bool check_words_place(struct buffer *out, const struct check_row *row)
{
	if (row->leak && row->leak->spread) {
		spread_name_append(out, &row->leak->spread->place, NAME_COLUMNS);
		return true;
	}
	if (!row->group)
		return false;
	place_text_append(out, row->group, NAME_COLUMNS);
	if (row->group->was)
		buffer_printf(out, " (was %s)", row->group->was);
	if (row->budget->measure == CHECK_LOST && isfinite(row->share))
		lost_append(out, row);
	else if (isfinite(row->share))
		buffer_printf(out, " has most of it, %s%s", isfinite(row->base) ? "+" : "",
			      amount(row->budget, row->share).text);
	return true;
}

bool check_words_owner(struct buffer *out, const struct check_row *row)
{
	const struct budget *budget = row->budget;

	if (budget->owner)
		buffer_printf(out, "owner: %s", budget->owner);
	if (budget->reason)
		buffer_printf(out, "%sreason: %s", budget->owner ? "; " : "", budget->reason);
	return budget->owner || budget->reason;
}

void check_words_row(struct buffer *out, const struct check_row *row)
{
	struct buffer part = {0};

	if (check_words_place(&part, row))
		buffer_printf(out, "%s: ", part.data);
	part.length = 0;
	check_words_value(out, row);
	check_words_sureness(&part, row);
	if (part.length)
		buffer_printf(out, "; %s", part.data);
	part.length = 0;
	if (check_words_owner(&part, row))
		buffer_printf(out, " (%s)", part.data);
	buffer_free(&part);
}

bool check_words_command(struct buffer *out, const struct check *check, const struct check_row *row)
{
	const struct check_runs *runs = check->runs;
	const enum check_measure measure = row->budget->measure;

	if (check_measure_is_of_process(measure))
		return false;
	if (measure == CHECK_LOST)
		return false;
	if (measure == CHECK_LEAKS) {
		buffer_append_text(out, "seep leaks -v ");
		text_append_word(out, runs->items[SIDE_AFTER][0].path);
		return true;
	}
	buffer_printf(out, "seep flame%s%s ",
		      measure == CHECK_ALLOCATED || measure == CHECK_ALLOCATIONS ? " --value=alloc" : "",
		      measure == CHECK_ALLOCATED     ? "_space"
		      : measure == CHECK_ALLOCATIONS ? "_objects"
		      : measure == CHECK_OBJECTS     ? " --value=inuse_objects"
						     : "");
	text_append_word(out, runs->items[SIDE_AFTER][0].path);
	if (runs->count[SIDE_BASE]) {
		buffer_append_text(out, " --base ");
		text_append_word(out, runs->items[SIDE_BASE][0].path);
	}
	buffer_append_text(out, " -o check.svg");
	return true;
}

void check_words_expired(struct buffer *out, const struct suppression *suppression)
{
	buffer_printf(out, "the suppression of %s ended on %s: the places that it names count again (%s)",
		      suppression->module ? suppression->module : suppression->calls.names[0], suppression->until,
		      suppression->reason);
}
