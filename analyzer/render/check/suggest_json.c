/* SPDX-License-Identifier: Apache-2.0 */
/* A first file of budgets, schema seep.budgets/1, with reasons that say where each limit comes from. */
#include <stdio.h>

#include "base/json.h"
#include "render/check/outputs.h"
#include "render/words/quantity.h"

/* In the form that a file of budgets has: "64.5M". */
static void amount_write(struct json *json, const char *key, double amount, bool is_of_bytes)
{
	static const char *const units[] = {"", "K", "M", "G", "T"};
	char text[48];
	int unit = 0;

	while (is_of_bytes && amount >= 1024 && unit < 4) {
		amount /= 1024;
		unit++;
	}
	json_key(json, key);
	if (!is_of_bytes) {
		if (amount >= 100)
			json_rounded(json, amount);
		else
			json_number(json, amount);
		return;
	}
	snprintf(text, sizeof text, "%.4g%s", amount, units[unit]);
	json_text(json, text);
}

static struct quantity amount_words(const struct suggestion *suggestion, double value)
{
	struct quantity small = {""};

	if (check_measure_is_of_bytes(suggestion->measure))
		return quantity_bytes(value);
	if (value >= 100)
		return quantity_count(value);
	snprintf(small.text, sizeof small.text, "%.3g", value);
	return small;
}

static void reason_write(struct json *json, const struct suggestion *suggestion, size_t runs)
{
	struct buffer reason = {0};

	if (runs == 1) {
		buffer_printf(&reason,
			      "one run had %s; by how much runs differ is not known, so the limit leaves more room",
			      amount_words(suggestion, suggestion->mean).text);
	} else {
		buffer_printf(&reason, "%zu runs had %s to ", runs, amount_words(suggestion, suggestion->least).text);
		buffer_printf(&reason, "%s, ", amount_words(suggestion, suggestion->most).text);
		if (suggestion->spread > 0)
			buffer_printf(&reason, "%s more or less from one to the other",
				      quantity_share(suggestion->spread, suggestion->mean).text);
		else
			buffer_append_text(&reason, suggestion->sampling > 0 ? "which their samples explain"
									     : "as good as the same");
	}
	if (suggestion->sampling > 0)
		buffer_printf(&reason, "; one is known to %s",
			      quantity_share(2 * suggestion->sampling, suggestion->mean).text);
	if (check_measure_is_of_process(suggestion->measure))
		buffer_append_text(&reason, "; a tenth more, as it also follows what else the machine does");
	json_text(json_key(json, "reason"), reason.data);
	buffer_free(&reason);
}

static void budget_begin(struct json *json, const char *name, const char *measure)
{
	buffer_append_text(json->out, "\n  ");
	json_begin_object(json);
	json_text(json_key(json, "name"), name);
	json_text(json_key(json, "measure"), measure);
}

static void suggestion_write(struct json *json, const struct suggestion *suggestion, size_t runs)
{
	static const char *const names[CHECK_MEASURES] = {[CHECK_IN_USE] = "in use",
							  [CHECK_PEAK] = "peak",
							  [CHECK_ALLOCATED] = "allocated",
							  [CHECK_ALLOCATIONS] = "allocations",
							  [CHECK_RSS] = "RSS"};

	budget_begin(json, names[suggestion->measure], check_measure_names[suggestion->measure]);
	amount_write(json, "most", suggestion->limit, check_measure_is_of_bytes(suggestion->measure));
	if (suggestion->per_work)
		json_bool(json_key(json, "per_work"), true);
	reason_write(json, suggestion, runs);
	json_end_object(json);
}

void suggest_json_render(struct buffer *out, const struct suggestions *suggestions, size_t runs)
{
	struct json json = {.out = out};
	char percent[32];

	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.budgets/1");
	json_begin_array(json_key(&json, "budgets"));
	for (size_t i = 0; i < suggestions->count; i++)
		suggestion_write(&json, &suggestions->items[i], runs);
	budget_begin(&json, "every place", "allocated");
	json_text(json_key(&json, "each"), "place");
	snprintf(percent, sizeof percent, "+%.0f%%", suggestions->percent);
	json_text(json_key(&json, "most"), percent);
	amount_write(&json, "floor", suggestions->floor, true);
	json_text(json_key(&json, "reason"), "needs --base; a place below the floor shows too few samples to tell");
	json_end_object(&json);
	if (suggestions->leaks) {
		budget_begin(&json, "leaks", "leaks");
		json_unsigned(json_key(&json, "most"), 0);
		json_text(json_key(&json, "reason"), "nothing leaked");
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
