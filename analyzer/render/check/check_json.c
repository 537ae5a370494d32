/* SPDX-License-Identifier: Apache-2.0 */
/* A check as JSON, schema seep.check/1. */
#include <math.h>

#include "base/json.h"
#include "render/check/check_source.h"
#include "render/check/check_words.h"
#include "render/check/outputs.h"
#include "render/json/profile_json.h"

/* Values in bytes and objects are whole, except those per unit of work. */
static void value_write(struct json *json, const char *key, const struct budget *budget, double value)
{
	json_key(json, key);
	if (budget->per_work)
		json_number(json, value);
	else
		json_rounded(json, value);
}

static void place_write(struct json *json, const struct check_row *row)
{
	const struct source_line *line = check_row_line(row);
	const struct group *group = row->group;
	const struct profile_location *location = group ? group_location(group) : NULL;

	json_key(json, "place");
	if (!line) {
		json_null(json);
		return;
	}
	json_begin_object(json);
	json_text_or_null(json_key(json, "function"), line->function);
	json_text_or_null(json_key(json, "file"), line->file);
	json_known(json, "line", line->line, line->line > 0);
	json_text_or_null(json_key(json, "module"), location ? group->profile->modules[location->module].path : NULL);
	json_known(json, "stacks", group ? group->site_count : 0, group != NULL);
	json_end_object(json);
}

static void row_json(struct json *json, const struct check_row *row)
{
	const struct budget *budget = row->budget;
	struct buffer words = {0};

	json_begin_object(json);
	json_text(json_key(json, "budget"), budget->name);
	json_text(json_key(json, "measure"), check_measure_names[budget->measure]);
	json_bool(json_key(json, "per_work"), budget->per_work);
	json_text(json_key(json, "result"), check_result_name(row->result));
	value_write(json, "value", budget, row->value);
	value_write(json, "low", budget, row->low);
	value_write(json, "high", budget, row->high);
	value_write(json, "limit", budget, row->limit);
	value_write(json, "base", budget, row->base);
	json_number(json_key(json, "p"), row->p);
	place_write(json, row);
	value_write(json, "place_value", budget, row->share);
	json_unsigned(json_key(json, "others"), row->others);
	json_known(json, "needed_rate", row->needed_rate, row->needed_rate > 0);
	json_known(json, "needed_runs", row->needed_runs, row->needed_runs > 0);
	json_text(json_key(json, "owner"), budget->owner);
	json_text(json_key(json, "reason"), budget->reason);
	check_words_row(&words, row);
	json_text(json_key(json, "text"), words.data);
	buffer_free(&words);
	json_end_object(json);
}

static void side_json(struct json *json, const char *key, const struct check_runs *runs, enum check_side side)
{
	json_begin_array(json_key(json, key));
	for (size_t i = 0; i < runs->count[side]; i++) {
		const struct profile *profile = run_profile(runs, &runs->items[side][i], MOMENT_NOW);
		json_begin_object(json);
		json_profile(json, profile);
		json_losses(json, profile);
		json_notes(json, profile);
		json_end_object(json);
	}
	json_end_array(json);
}

static void expired_json(struct json *json, const struct budgets *budgets)
{
	json_begin_array(json_key(json, "expired_suppressions"));
	for (size_t i = 0; i < budgets->suppression_count; i++) {
		const struct suppression *suppression = &budgets->suppressions[i];
		if (!suppression->has_expired)
			continue;
		json_begin_object(json);
		json_text(json_key(json, "until"), suppression->until);
		json_text(json_key(json, "reason"), suppression->reason);
		json_end_object(json);
	}
	json_end_array(json);
}

void check_json_render(struct buffer *out, const struct check *check, const struct check_context *context)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.check/1");
	json_text(json_key(&json, "result"), check_result_name(check->result));
	json_text(json_key(&json, "since"), context->since);
	json_real(json_key(&json, "confidence"), 1 - ALPHA);
	json_real(json_key(&json, "chance"), check->chance);
	json_rounded(json_key(&json, "tests"), check->tests);
	side_json(&json, "after", check->runs, SIDE_AFTER);
	side_json(&json, "base", check->runs, SIDE_BASE);
	expired_json(&json, check->budgets);
	json_begin_array(json_key(&json, "budgets"));
	for (size_t i = 0; i < check->count; i++) {
		buffer_append_byte(out, '\n');
		row_json(&json, &check->rows[i]);
	}
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
