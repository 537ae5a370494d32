/* SPDX-License-Identifier: Apache-2.0 */
#include "render/metrics/leaks_metrics.h"
#include "compare/spreads.h"

#include <math.h>
#include <stdio.h>

#include "files/path.h"
#include "profile/lost.h"
#include "render/words/account_words.h"
#include "statistics/measure.h"

/* A label's value; backslash, quote and newline are escaped. */
static void append_label(struct buffer *out, const char *separator, const char *name, const char *value)
{
	buffer_printf(out, "%s%s=\"", separator, name);
	for (; value && *value; value++) {
		if (*value == '\n')
			buffer_append_text(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buffer_printf(out, "\\%c", *value);
		else
			buffer_append_byte(out, *value);
	}
	buffer_append_byte(out, '"');
}

static void append_process(struct buffer *out, const struct profile *profile)
{
	char pid[24];

	snprintf(pid, sizeof pid, "%llu", (unsigned long long)profile->pid);
	append_label(out, "{", "command", profile->command);
	append_label(out, ",", "pid", pid);
}

static void append_family(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_value(struct buffer *out, double value)
{
	if (isnan(value))
		buffer_append_text(out, "} NaN\n");
	else
		buffer_printf(out, "} %.17g\n", value);
}

/* A family of one sample. */
static void append_single(struct buffer *out, const struct profile *profile, const char *name, const char *type,
			  const char *help, double value)
{
	append_family(out, name, type, help);
	buffer_append_text(out, name);
	append_process(out, profile);
	append_value(out, value);
}

/* A family of three: the estimate and both ends of its interval. */
static void append_estimate(struct buffer *out, const struct profile *profile, const char *name, const char *help,
			    double value, struct interval interval)
{
	static const char *const bounds[] = {"estimate", "low", "high"};
	const double values[] = {value, interval.low, interval.high};

	append_family(out, name, "gauge", help);
	for (int i = 0; i < 3; i++) {
		buffer_append_text(out, name);
		append_process(out, profile);
		append_label(out, ",", "bound", bounds[i]);
		append_value(out, values[i]);
	}
}

static void append_place(struct buffer *out, const struct leaks *leaks, const struct leak_row *row, const char *name,
			 double value)
{
	const struct group *group = &leaks->groups.groups[row->group];
	const struct source_line *line = group_line(group);
	const struct profile_location *location = group_location(group);
	char number[16];

	snprintf(number, sizeof number, "%u", line ? group->first_line : 0);
	buffer_append_text(out, name);
	append_process(out, leaks->reference);
	append_label(out, ",", "function",
		     line ? line->function : profile_site_stand_in(&group->profile->sites[group->site]));
	append_label(out, ",", "file", line && line->file ? line->file : "");
	append_label(out, ",", "line", line && group->first_line ? number : "");
	append_label(out, ",", "module",
		     location ? path_base_name(group->profile->modules[location->module].path) : "");
	append_label(out, ",", "verdict", leak_verdict_name(row->verdict));
	append_value(out, value);
}

static uint32_t places_shown(const struct leaks *leaks)
{
	const uint32_t count = leaks->verdicts[LEAK_LEAK] + leaks->verdicts[LEAK_GROWING];

	return count < METRICS_PLACES_MOST ? count : METRICS_PLACES_MOST;
}

/* Rows are ordered by verdict: leaks first, then what grows. */
static void append_places(struct buffer *out, const struct leaks *leaks)
{
	const uint32_t shown = places_shown(leaks);

	append_family(out, "seep_place_leak_bytes_per_second", "gauge", "Bytes a second that stay for good, by place.");
	for (uint32_t i = 0; i < shown && i < leaks->verdicts[LEAK_LEAK]; i++)
		append_place(out, leaks, &leaks->rows[i], "seep_place_leak_bytes_per_second", leaks->rows[i].leak_rate);
	append_family(out, "seep_place_inuse_bytes", "gauge", "Bytes in use of a place that leaks or grows.");
	for (uint32_t i = 0; i < shown; i++)
		append_place(out, leaks, &leaks->rows[i], "seep_place_inuse_bytes",
			     sum_estimate(&leaks->rows[i].in_use.bytes));
}

static void append_spread(struct buffer *out, const struct leaks *leaks, const struct spread *spread, const char *name,
			  double value)
{
	const struct source_line *line = spread->place.line;

	buffer_append_text(out, name);
	append_process(out, leaks->reference);
	append_label(out, ",", "level", spread_level_name(spread->place.level));
	append_label(out, ",", "function", line ? line->function : "");
	append_label(out, ",", "file", line && line->file ? line->file : "");
	append_label(out, ",", "module", spread->place.module ? path_base_name(spread->place.module) : "");
	append_label(out, ",", "verdict", leak_verdict_name(spread->row.verdict));
	append_value(out, value);
}

/* What leaks or grows in many places together. None of their bytes is among those of the places that leak or grow. */
static void append_spreads(struct buffer *out, const struct leaks *leaks)
{
	append_family(out, "seep_spread_leak_bytes_per_second", "gauge",
		      "Bytes a second that stay for good, of many places together, none of them proven alone.");
	for (uint32_t i = 0; i < leaks->spread_count; i++)
		if (leaks->spreads[i].row.verdict == LEAK_LEAK)
			append_spread(out, leaks, &leaks->spreads[i], "seep_spread_leak_bytes_per_second",
				      leaks->spreads[i].row.leak_rate);
	append_family(out, "seep_spread_inuse_bytes", "gauge",
		      "Bytes in use of many places that leak, grow or have stopped together.");
	for (uint32_t i = 0; i < leaks->spread_count; i++)
		append_spread(out, leaks, &leaks->spreads[i], "seep_spread_inuse_bytes",
			      sum_estimate(&leaks->spreads[i].row.in_use.bytes));
}

static void append_verdicts(struct buffer *out, const struct leaks *leaks)
{
	uint32_t sure = 0;

	for (uint32_t i = 0; i < leaks->verdicts[LEAK_LEAK]; i++)
		sure += leak_is_sure(&leaks->rows[i]);
	append_family(out, "seep_places", "gauge", "Places by verdict; leak_sure counts the leaks without cautions.");
	for (int i = 0; i <= LEAK_VERDICTS; i++) {
		buffer_append_text(out, "seep_places");
		append_process(out, leaks->reference);
		append_label(out, ",", "verdict",
			     i < LEAK_VERDICTS ? leak_verdict_name((enum leak_verdict)i) : "leak_sure");
		append_value(out, i < LEAK_VERDICTS ? leaks->verdicts[i] : sure);
	}
}

/* Of the last snapshot with a ledger, which may be older than what is judged. */
static void append_classes(struct buffer *out, const struct leaks *leaks)
{
	const struct memory_growth *memory = &leaks->memory;
	const struct profile *profile = leaks->reference;

	if (!memory->after.is_known)
		return;
	append_family(out, "seep_memory_bytes", "gauge", "Bytes in memory by class; all but hugetlb add up to RSS.");
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++) {
		buffer_append_text(out, "seep_memory_bytes");
		append_process(out, profile);
		append_label(out, ",", "class", account_class_key(account_order[i]));
		append_value(out, memory->after.resident[account_order[i]]);
	}
	if (memory->after.has_kept)
		append_family(
		    out, "seep_heap_kept_bytes", "gauge",
		    "Bytes of the heap that are not in use, by what they are, as the allocator's structures say.");
	for (int part = 0; memory->after.has_kept && part < KEPT_PARTS; part++) {
		buffer_append_text(out, "seep_heap_kept_bytes");
		append_process(out, profile);
		append_label(out, ",", "part", account_kept_key((enum kept_part)part));
		append_value(out, memory->after.kept[part]);
	}
	append_single(out, profile, "seep_memory_timestamp_seconds", "gauge",
		      "When the classes were counted, Unix time.",
		      ((double)profile->start_unix_ns + (double)memory->to_ns) / 1e9);
}

void leaks_metrics_render(struct buffer *out, const struct leaks *leaks)
{
	const struct profile *profile = leaks->reference;
	const double judged_ns = (double)profile->start_unix_ns + (double)(profile->time_ns - profile->start_ns);
	struct profile_totals totals;

	profile_totals(profile, &totals);
	append_estimate(out, profile, "seep_inuse_bytes", "Bytes in use, from samples, with a 95 % interval.",
			sum_estimate(&totals.in_use.bytes),
			sum_interval(&totals.in_use.bytes, unseen_bytes((double)profile->rate), ALPHA));
	append_single(out, profile, "seep_alloc_bytes_total", "counter", "Bytes allocated since recording began.",
		      sum_estimate(&totals.allocated.bytes));
	if (profile->memory_known >> SEEP_MEMORY_RSS & 1)
		append_single(out, profile, "seep_rss_bytes", "gauge", "Resident set size at that moment.",
			      (double)profile->memory[SEEP_MEMORY_RSS]);
	append_classes(out, leaks);
	append_single(out, profile, "seep_judged_timestamp_seconds", "gauge", "When the snapshot was taken, Unix time.",
		      judged_ns / 1e9);
	append_single(out, profile, "seep_lower_bound", "gauge", "1: something was lost, and sums are lower bounds.",
		      profile_is_lower_bound(profile));
	append_single(out, profile, "seep_can_judge", "gauge", "1: there are enough snapshots for verdicts.",
		      leaks->can_judge);
	append_estimate(out, profile, "seep_leak_bytes_per_second",
			"Bytes a second that stay for good, of all places that leak, with a 95 % interval.",
			leaks->leak_rate, leaks->leak_interval);
	append_verdicts(out, leaks);
	append_places(out, leaks);
	append_spreads(out, leaks);
}
