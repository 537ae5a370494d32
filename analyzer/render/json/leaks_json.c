/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts as JSON. Unknown values are null: slopes of short series, a leak rate if nothing leaks. */
#include "render/json/documents.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "leaks/group_lives.h"
#include "render/words/churn_advice.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "render/json/growth_json.h"
#include "render/json/profile_json.h"
#include "statistics/measure.h"

#define HOUR 3600.0

static void json_three(struct json *json, const char *key, double value, const char *low_key, const char *high_key,
		       struct interval interval)
{
	json_number(json_key(json, key), value);
	json_number(json_key(json, low_key), interval.low);
	json_number(json_key(json, high_key), interval.high);
}

/* The share to which nobody refers; null: nobody looked. */
static void json_references(struct json *json, const struct leak_row *row)
{
	const struct share_sum *sum = &row->references;

	json_key(json, "references");
	if (!sum->samples) {
		json_null(json);
		return;
	}
	json_begin_object(json);
	json_unsigned(json_key(json, "samples"), sum->samples);
	json_unsigned(json_key(json, "unreferenced_samples"), sum->with);
	json_three(json, "unreferenced_share", share_of(sum), "unreferenced_low", "unreferenced_high",
		   share_interval(sum, ALPHA));
	json_end_object(json);
}

static void json_evidence(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	const struct leak_evidence *evidence = &row->evidence;
	const struct trend whole = slope_of(leaks, row->group, SLOPE_WHOLE);
	const struct trend late = slope_of(leaks, row->group, SLOPE_LATE);
	const bool has_age = evidence->plateau_age_ns != 0;
	struct buffer text = {0}, more = {0};

	json_three(json, "slope_bytes_per_s", whole.slope, "slope_low", "slope_high", whole.interval);
	json_three(json, "late_slope_bytes_per_s", late.slope, "late_slope_low", "late_slope_high", late.interval);
	json_three(json, "survival", evidence->survival.share, "survival_low", "survival_high",
		   evidence->survival.interval);
	json_known(json, "survival_age_ns", (double)evidence->plateau_age_ns, has_age);
	json_known(json, "old_samples", (double)evidence->old.survivors + evidence->old.deaths, has_age);
	json_known(json, "old_deaths", evidence->old.deaths, has_age);
	json_begin_array(json_key(json, "old_births"));
	for (int i = 0; i < COHORTS; i++)
		json_unsigned(json, evidence->old.born[i]);
	json_end_array(json);
	json_number(json_key(json, "p"), has_age ? evidence->p : NAN);
	leak_evidence_append(&text, leaks, row);
	if (row->verdict == LEAK_LEAK && row->cautions) {
		buffer_append_text(&text, "; ");
		leak_caution_append(&text, leaks, row);
	}
	if (leak_references_append(&more, row))
		buffer_printf(&text, "; %s", more.data);
	buffer_free(&more);
	json_text(json_key(json, "evidence"), text.data);
	json_references(json, row);
	buffer_free(&text);
}

/* The pace a second, and also an hour if enough time has been seen to speak of hours. */
static void json_pace(struct json *json, const struct leaks *leaks, double rate, struct interval interval)
{
	const bool known = isfinite(rate), hours = known && leak_unit_for(leaks->seconds).seconds >= HOUR;

	json_three(json, "leak_bytes_per_s", rate, "leak_low_per_s", "leak_high_per_s",
		   known ? interval : (struct interval){NAN, NAN});
	json_known(json, "leak_bytes_per_h", rate * HOUR, hours);
	json_known(json, "leak_low", interval.low * HOUR, hours);
	json_known(json, "leak_high", interval.high * HOUR, hours);
}

/* What a leak's verdict can't exclude; and for an unknown site, why it has no verdict, and when it will have one. */
static void json_uncertainty(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	json_begin_array(json_key(json, "cautions"));
	for (int i = 0; i < CAUTIONS; i++)
		if (row->cautions >> i & 1)
			json_text(json, leak_caution_name((enum leak_caution)(1 << i)));
	json_end_array(json);
	json_text(json_key(json, "unknown"), leak_unknown_name(row->unknown));
	json_number(json_key(json, "verdict_possible_in_s"), leaks->goes_on ? row->possible_in_s : NAN);
	json_known(json, "verdict_possible_at_rate", (double)row->possible_rate, row->possible_rate > 0);
}

/* Growth since the middle of the recording. */
static void json_growth(struct json *json, const struct leak_row *row, bool known)
{
	json_known(json, "growth_bytes", row->growth, true);
	json_known(json, "growth_low", row->growth_bytes.low, known);
	json_known(json, "growth_high", row->growth_bytes.high, known);
	json_number(json_key(json, "q"), row->q);
}

static void json_row(struct json *json, const struct leaks *leaks, const struct leak_row *row,
		     struct stack_texts *texts)
{
	const bool known = leaks->reference->rate > 0;
	const struct json_site site = {
	    .group = &leaks->groups.groups[row->group],
	    .values_of = leaks->reference,
	    .in_use = &row->in_use,
	    .allocated = &row->allocated,
	    .in_use_bytes = leak_row_in_use(leaks, row),
	    .has_interval = known,
	    .texts = texts,
	};

	json_begin_object(json);
	json_site_fields(json, &site, leaks->groups.by);
	json_text(json_key(json, "verdict"), leak_verdict_name(row->verdict));
	json_uncertainty(json, leaks, row);
	json_pace(json, leaks, row->leak_rate, row->leak_interval);
	json_evidence(json, leaks, row);
	json_growth(json, row, known);
	json_number(json_key(json, "alloc_bytes_per_s"), row->churn.bytes_per_second);
	json_number(json_key(json, "allocs_per_s"), row->churn.allocations_per_second);
	json_known(json, "median_lifetime_ns", row->churn.median_lifetime_ns, isfinite(row->churn.median_lifetime_ns));
	json_churn_advice(json, &row->churn);
	json_end_object(json);
}

/* A place: its call, its verdict, and how fast it leaks. */
static void json_place(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	const struct group *group = &leaks->groups.groups[row->group];
	const struct source_line *line = group_line(group);
	const struct profile_location *location = group_location(group);
	const bool hours = isfinite(row->leak_rate) && leak_unit_for(leaks->seconds).seconds >= HOUR;
	const bool known = leaks->reference->rate > 0;
	const struct interval in_use = leak_row_in_use(leaks, row);

	json_begin_object(json);
	json_text(json_key(json, "function"), line ? line->function : NULL);
	json_text(json_key(json, "file"), line ? line->file : NULL);
	json_known(json, "line", group->first_line, group->first_line > 0);
	json_known(json, "last_line", group->last_line, group->last_line > 0);
	json_text(json_key(json, "module"), location ? group->profile->modules[location->module].path : NULL);
	json_unsigned(json_key(json, "stacks"), group->site_count);
	json_text(json_key(json, "verdict"), leak_verdict_name(row->verdict));
	json_uncertainty(json, leaks, row);
	json_known(json, "inuse_bytes", sum_estimate(&row->in_use.bytes), true);
	json_known(json, "inuse_low", in_use.low, known);
	json_known(json, "inuse_high", in_use.high, known);
	json_number(json_key(json, "rate_bytes_per_s"), row->leak_rate);
	json_known(json, "rate_bytes_per_hour", row->leak_rate * HOUR, hours);
	json_known(json, "rate_low", row->leak_interval.low * HOUR, hours);
	json_known(json, "rate_high", row->leak_interval.high * HOUR, hours);
	json_references(json, row);
	json_end_object(json);
}

/* Leaks and growth over many places together. */
static void json_spread(struct json *json, const struct leaks *leaks, const struct spread *spread)
{
	const struct leak_row *row = &spread->row;
	const struct interval in_use = leak_row_in_use(leaks, row);

	json_begin_object(json);
	json_spread_place(json, &spread->place);
	json_text(json_key(json, "verdict"), leak_verdict_name(row->verdict));
	json_uncertainty(json, leaks, row);
	json_values(json, leaks->reference, &row->in_use, &row->allocated, &in_use);
	json_pace(json, leaks, row->leak_rate, row->leak_interval);
	json_evidence(json, leaks, row);
	json_growth(json, row, true);
	json_end_object(json);
}

static void json_totals(struct json *json, const struct leaks *leaks)
{
	const bool leaking = leaks_any(leaks);
	struct leak_limit limit;

	json_begin_object(json_key(json, "totals"));
	for (int i = 0; i < LEAK_VERDICTS; i++) {
		json_unsigned(json_key(json, leak_verdict_name((enum leak_verdict)i)), leaks->verdicts[i]);
	}
	json_pace(json, leaks, leaking ? leaks->leak_rate : NAN, leaks->leak_interval);
	json_key(json, "limit");
	if (leaks_limit(leaks, &limit)) {
		json_begin_object(json);
		json_text(json_key(json, "name"), limit.name);
		json_known(json, "limit_bytes", limit.limit, true);
		json_known(json, "used_bytes", limit.used, true);
		json_number(json_key(json, "seconds"), limit.seconds);
		json_number(json_key(json, "seconds_low"), limit.bound.low);
		json_number(json_key(json, "seconds_high"), limit.bound.high);
		json_end_object(json);
	} else {
		json_null(json);
	}
	json_end_object(json);
}

/* How seep looked for references. */
static void json_look(struct json *json, const struct profile *looked)
{
	static const struct {
		const char *name;
		enum seep_memory_key key;
	} values[] = {
	    {"time_ns", SEEP_MEMORY_REFERENCES_TIME},         {"apart_ns", SEEP_MEMORY_REFERENCES_APART},
	    {"longest_stop_ns", SEEP_MEMORY_REFERENCES_STOP}, {"looked_bytes", SEEP_MEMORY_REFERENCES_LOOKED},
	    {"unread_bytes", SEEP_MEMORY_REFERENCES_UNREAD},
	};

	if (!looked) {
		json_null(json);
		return;
	}
	json_begin_object(json);
	json_unsigned(json_key(json, "snapshot"), looked->number);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		json_known(json, values[i].name, (double)looked->memory[values[i].key],
			   looked->memory_known >> values[i].key & 1);
	json_bool(json_key(json, "hidden"), looked->memory[SEEP_MEMORY_REFERENCES_HIDDEN] != 0);
	json_end_object(json);
}

/* The judged moment. */
static void json_judged(struct json *json, const struct profile *reference)
{
	json_begin_object(json);
	json_unsigned(json_key(json, "snapshot"), reference->number);
	json_known(json, "age_ns", (double)reference->time_ns - (double)reference->start_ns, reference->start_ns != 0);
	json_bool(json_key(json, "teardown"), reference->shutdown_left_out);
	json_end_object(json);
}

void leaks_json_render(struct buffer *out, const struct leaks *leaks, const struct leaks *places, uint32_t top)
{
	struct json json = {.out = out};
	struct stack_texts *texts = stack_texts_create();

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.leaks/2");
	json_profile(&json, leaks->reference);
	json_number(json_key(&json, "seconds"), leaks->seconds);
	json_judged(json_key(&json, "judged"), leaks->reference);
	json_unsigned(json_key(&json, "damaged_snapshots"), leaks->damaged);
	json_look(json_key(&json, "references"), leaks->referenced);
	json_unsigned(json_key(&json, "timer_snapshots"), leaks->timer_count);
	json_bool(json_key(&json, "can_judge"), leaks->can_judge);
	json_number(json_key(&json, "verdict_possible_in_s"),
		    leaks->goes_on || leaks->can_judge ? leaks->possible_in_s : NAN);
	json_text(json_key(&json, "by"), group_by_name(leaks->groups.by));
	json_totals(&json, leaks);
	json_memory_growth(&json, &leaks->memory);
	json_losses(&json, leaks->reference);
	json_notes(&json, leaks->reference);
	json_begin_array(json_key(&json, "places"));
	for (uint32_t i = 0; i < places->count && i < top; i++) {
		buffer_append_byte(json.out, '\n');
		json_place(&json, places, &places->rows[i]);
	}
	json_end_array(&json);
	json_begin_array(json_key(&json, "spreads"));
	for (uint32_t i = 0; i < places->spread_count && i < top; i++) {
		buffer_append_byte(json.out, '\n');
		json_spread(&json, places, &places->spreads[i]);
	}
	json_end_array(&json);
	json_begin_array(json_key(&json, "sites"));
	for (uint32_t i = 0; i < leaks->count && i < top; i++) {
		buffer_append_byte(json.out, '\n');
		json_row(&json, leaks, &leaks->rows[i], texts);
	}
	json_end_array(&json);
	stack_texts_free(texts);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
