/* SPDX-License-Identifier: Apache-2.0 */
/* The same as JSON, with a line for each line of source. */
#include "render/source/annotate.h"

#include <stdlib.h>

#include "base/json.h"
#include "render/json/profile_json.h"
#include "source/source_text.h"

/* "flat", "flat_low", "flat_high" */
static void json_value(struct json *json, const struct line_table *table, const char *key, const char *low,
		       const char *high, const struct line_value *value)
{
	const bool known = line_table_has_intervals(table);
	const struct interval interval = known ? line_value_interval(table, value) : (struct interval){0};

	json_rounded(json_key(json, key), line_value_estimate(value));
	json_known(json, low, interval.low, known);
	json_known(json, high, interval.high, known);
}

static void json_sum(struct json *json, const struct line_table *table, const struct line_value *flat,
		     const struct line_value *cumulative)
{
	json_value(json, table, "flat", "flat_low", "flat_high", flat);
	json_value(json, table, "cumulative", "cumulative_low", "cumulative_high", cumulative);
}

static void json_calls(struct json *json, const struct line_table *table, const uint32_t *order, uint32_t row)
{
	uint32_t count;
	const uint32_t *calls = source_calls_of(table, order, row, &count);

	json_begin_array(json_key(json, "inlined"));
	for (uint32_t i = 0; i < count; i++) {
		const struct source_call *call = &table->calls[calls[i]];
		json_begin_object(json);
		json_text(json_key(json, "function"), table->functions[call->function].name);
		json_text(json_key(json, "file"), table->functions[call->function].file);
		json_unsigned(json_key(json, "first_line"), call->first_line);
		json_unsigned(json_key(json, "last_line"), call->last_line);
		json_value(json, table, "cumulative", "cumulative_low", "cumulative_high", &call->sum.cumulative);
		json_end_object(json);
	}
	json_end_array(json);
}

static void json_line(struct json *json, const struct line_table *table, const uint32_t *order,
		      const struct view_line *line)
{
	struct buffer text = {0};

	buffer_append_byte(json->out, '\n');
	json_begin_object(json);
	json_unsigned(json_key(json, "line"), line->number);
	json_key(json, "text");
	if (line->text) {
		source_text_append(&text, line->text, line->bytes, 0);
		json_text(json, text.data ? text.data : "");
	} else {
		json_null(json);
	}
	if (line->row != UINT32_MAX) {
		json_sum(json, table, &table->rows[line->row].sum.flat, &table->rows[line->row].sum.cumulative);
		json_calls(json, table, order, line->row);
	}
	json_end_object(json);
	buffer_free(&text);
}

static void json_section(struct json *json, const struct line_table *table, const uint32_t *order,
			 const struct view_section *section)
{
	const bool is_file = section->function == UINT32_MAX;
	const struct source *source = section->source;

	buffer_append_byte(json->out, '\n');
	json_begin_object(json);
	json_text(json_key(json, "function"), is_file ? NULL : table->functions[section->function].name);
	json_text(json_key(json, "file"), section->file);
	json_text(json_key(json, "module"), table->modules[section->module].path);
	json_text(json_key(json, "path"), source ? source->file.path : NULL);
	json_text_or_null(json_key(json, "fault"),
			  !section->file ? table->modules[section->module].symbols : source->fault);
	json_bool(json_key(json, "newer"), section->is_newer);
	json_bool(json_key(json, "short"), section->is_short);
	json_value(json, table, "flat", "flat_low", "flat_high", &section->flat);
	if (!is_file)
		json_value(json, table, "cumulative", "cumulative_low", "cumulative_high", &section->cumulative);
	json_begin_array(json_key(json, "lines"));
	for (uint32_t i = 0; i < section->line_count; i++)
		if (section->lines[i].number)
			json_line(json, table, order, &section->lines[i]);
	json_end_array(json);
	json_end_object(json);
}

void annotate_json_render(struct buffer *out, const struct source_view *view)
{
	const struct line_table *table = view->table;
	uint32_t *order = source_order_calls(table);
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.annotate/1");
	if (table->comparison) {
		json_begin_object(json_key(&json, "before"));
		json_profile(&json, table->comparison->before);
		json_end_object(&json);
	} else {
		json_null(json_key(&json, "before"));
	}
	json_profile(&json, line_table_profile(table));
	json_unsigned(json_key(&json, "damaged_snapshots"),
		      line_table_profile(table)->damaged +
			  (table->comparison ? table->comparison->before->damaged : 0));
	json_losses(&json, line_table_profile(table));
	json_notes(&json, line_table_profile(table));
	json_text(json_key(&json, "sort"), inventory_order_name(table->order));
	json_bool(json_key(&json, "growth"), line_table_is_growth(table));
	json_value(&json, table, "total", "total_low", "total_high", &table->total);
	json_unsigned(json_key(&json, "sections_left_out"), view->left_out);
	json_begin_array(json_key(&json, "sections"));
	for (uint32_t i = 0; i < view->count; i++)
		json_section(&json, table, order, &view->sections[i]);
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
	free(order);
}
