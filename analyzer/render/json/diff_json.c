/* SPDX-License-Identifier: Apache-2.0 */
/* The difference as JSON. Unknown values are null: intervals without a rate, rates without times. */
#include "render/json/documents.h"

#include <math.h>

#include "base/json.h"
#include "render/words/churn_advice.h"
#include "render/json/growth_json.h"
#include "render/json/profile_json.h"
#include "statistics/measure.h"

/* NULL instead of intervals, if there are none. */
static void json_growth(struct json *json, const struct comparison *comparison, const struct comparison_row *row,
			const struct row_sums *sums, const struct growth_intervals *intervals)
{
	const bool known = intervals != NULL;

	json_known(json, "growth_bytes", row->growth_bytes, true);
	json_known(json, "growth_low", known ? intervals->bytes.low : 0, known);
	json_known(json, "growth_high", known ? intervals->bytes.high : 0, known);
	json_known(json, "growth_objects", row->growth_objects, comparison_has(comparison, CALL_INUSE_OBJECTS));
	json_known(json, "growth_objects_low", known ? intervals->objects.low : 0, known);
	json_known(json, "growth_objects_high", known ? intervals->objects.high : 0, known);
	json_known(json, "growth_objects_from_bytes", measure_smallest(&sums->ever, comparison->rate),
		   known && sums->ever.samples);
	json_known(json, "before_bytes", sum_estimate(&sums->before.bytes), true);
	json_known(json, "before_objects", sum_estimate(&sums->before.objects),
		   profile_has(comparison->before, CALL_INUSE_OBJECTS));
	json_number(json_key(json, "p"), row->p);
}

static void json_churn(struct json *json, const struct churn *churn)
{
	json_number(json_key(json, "alloc_bytes_per_s"), churn->bytes_per_second);
	json_number(json_key(json, "allocs_per_s"), churn->allocations_per_second);
	json_known(json, "median_lifetime_ns", churn->median_lifetime_ns, isfinite(churn->median_lifetime_ns));
	json_number(json_key(json, "freed_within_1ms"), churn->shortly);
	json_number(json_key(json, "freed_by_other_thread"), churn->remotely);
	json_number(json_key(json, "grown_by_realloc"), churn->grown);
}

static void json_row(struct json *json, const struct comparison *comparison, const struct comparison_row *row,
		     struct stack_texts *texts, bool is_churn)
{
	const bool known = comparison->has_intervals;
	const struct row_sums sums = comparison_sums(comparison, row);
	const struct growth_intervals intervals =
	    known ? comparison_intervals(comparison, &sums) : (struct growth_intervals){0};
	const struct json_site site = {
	    .group = &comparison->groups.groups[row->group],
	    .values_of = comparison->after,
	    .in_use = &sums.after,
	    .allocated = &sums.allocated,
	    .in_use_bytes = intervals.after_bytes,
	    .has_interval = known,
	    .texts = texts,
	};

	json_begin_object(json);
	json_site_fields(json, &site, comparison->groups.by);
	if (is_churn) {
		const struct churn churn = comparison_churn(comparison, row);
		json_churn(json, &churn);
		json_churn_advice(json, &churn);
	} else {
		json_growth(json, comparison, row, &sums, known ? &intervals : NULL);
		json_number(json_key(json, "q"), row->q);
		json_text(json_key(json, "verdict"), verdict_name(row->verdict));
		json_known(json, "new_samples", (double)sums.fresh.samples, comparison->has_intervals);
		json_known(json, "gone_samples", (double)sums.gone.samples, comparison->has_intervals);
	}
	json_end_object(json);
}

static void json_totals(struct json *json, const struct comparison *comparison)
{
	const struct comparison_row *total = &comparison->total;
	const bool known = comparison->has_intervals;
	const struct row_sums sums = comparison_sums(comparison, total);
	const struct growth_intervals intervals =
	    known ? comparison_intervals(comparison, &sums) : (struct growth_intervals){0};
	const struct churn churn = comparison_churn(comparison, total);

	json_begin_object(json_key(json, "totals"));
	json_values(json, comparison->after, &sums.after, &sums.allocated, known ? &intervals.after_bytes : NULL);
	json_growth(json, comparison, total, &sums, known ? &intervals : NULL);
	json_churn(json, &churn);
	json_known(json, "sites", comparison->count, true);
	json_end_object(json);
}

static void json_side(struct json *json, const char *key, const struct profile *profile)
{
	json_begin_object(json_key(json, key));
	json_profile(json, profile);
	json_unsigned(json_key(json, "damaged_snapshots"), profile->damaged);
	json_losses(json, profile);
	json_notes(json, profile);
	json_end_object(json);
}

static void json_rows(struct json *json, const struct comparison *comparison, uint32_t top)
{
	struct stack_texts *texts = stack_texts_create();

	json_begin_array(json_key(json, "sites"));
	for (uint32_t i = 0; i < comparison->count && i < top; i++) {
		buffer_append_byte(json->out, '\n');
		json_row(json, comparison, &comparison->rows[i], texts, false);
	}
	json_end_array(json);
	json_begin_array(json_key(json, "churn"));
	for (uint32_t i = 0; i < comparison->churn_count && i < top; i++) {
		buffer_append_byte(json->out, '\n');
		json_row(json, comparison, &comparison->rows[comparison->churn[i]], texts, true);
	}
	json_end_array(json);
	stack_texts_free(texts);
}

/* Growth over many places together. */
static void json_spreads(struct json *json, const struct comparison *comparison)
{
	json_begin_array(json_key(json, "spreads"));
	for (uint32_t i = 0; i < comparison->spreads.count; i++) {
		const struct spread_place *spread = &comparison->spreads.items[i];
		buffer_append_byte(json->out, '\n');
		json_begin_object(json);
		json_spread_place(json, spread);
		json_known(json, "inuse_bytes", sum_estimate(&spread->in_use.bytes), true);
		json_known(json, "growth_bytes", spread->growth, true);
		json_known(json, "growth_low", spread->growth_bytes.low, true);
		json_known(json, "growth_high", spread->growth_bytes.high, true);
		json_number(json_key(json, "q"), spread->q);
		json_end_object(json);
	}
	json_end_array(json);
}

void diff_json_render(struct buffer *out, const struct comparison *comparison, uint32_t top)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.diff/1");
	json_real(json_key(&json, "seconds"), comparison->seconds);
	json_bool(json_key(&json, "same_process"), comparison->same_process);
	json_real(json_key(&json, "confidence"), comparison->has_intervals ? 1 - ALPHA : NAN);
	json_text(json_key(&json, "by"), group_by_name(comparison->groups.by));
	json_side(&json, "before", comparison->before);
	json_side(&json, "after", comparison->after);
	json_totals(&json, comparison);
	const struct memory_growth growth = memory_growth_of_profiles(comparison->before, comparison->after);
	json_memory_growth(&json, &growth);
	json_losses(&json, comparison->after);
	json_rows(&json, comparison, top);
	json_spreads(&json, comparison);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
