/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cursor walks over the document and knows its own place ("budgets[2].most"). Every function returns false with the
 * first mistake in the reader's error. Tables say how each key is taken. A key that is in no table is a mistake, since
 * a misspelt budget must not pass.
 */
#include "check/file/budgets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "check/file/amount.h"
#include "check/file/jansson.h"
#include "files/path.h"

#define ITEMS_MOST 10000

const char *const check_measure_names[] = {"in_use", "objects", "peak", "growth",   "allocated", "allocations",
					   "leaks",  "lost",    "rss",  "rss_peak", NULL};

struct place {
	struct error *error;
	const char *source;
	char text[96];
};

static bool mistake(const struct place *place, const char *key, const char *words)
{
	return error_set(place->error, "%s: %s%s%.40s: %s", place->source, place->text,
			 place->text[0] && *key ? "." : "", key, words);
}

static bool take_text(const struct place *place, const char *key, const json_t *value, const char **text)
{
	*text = json_is_string(value) ? jansson.json_string_value(value) : NULL;
	return (*text && **text) || mistake(place, key, "a text is expected, which is not empty");
}

/* Takes one of several words, as its index. */
static bool take_word(const struct place *place, const char *key, const json_t *value, const char *const *words,
		      int *index)
{
	const char *text = json_is_string(value) ? jansson.json_string_value(value) : "";
	struct buffer list = {0};

	for (*index = 0; words[*index]; ++*index)
		if (strcmp(words[*index], text) == 0)
			return true;
	for (int i = 0; words[i]; i++)
		buffer_printf(&list, "%s%s", i ? ", " : "one of these is expected: ", words[i]);
	mistake(place, key, list.data);
	buffer_free(&list);
	return false;
}

static bool take_calls(const struct place *place, const char *key, const json_t *value, struct call_pattern *calls)
{
	const bool is_list = json_is_array(value);
	const size_t count = is_list ? jansson.json_array_size(value) : 1;

	if (count == 0 || count > PATTERNS_MOST)
		return mistake(place, key, "1 to 16 names of functions are expected");
	for (calls->count = 0; calls->count < count; calls->count++)
		if (!take_text(place, key, is_list ? jansson.json_array_get(value, calls->count) : value,
			       &calls->names[calls->count]))
			return false;
	return true;
}

static bool take_floor(const struct place *place, const json_t *value, double *floor)
{
	if (json_is_number(value) && jansson.json_number_value(value) >= 0) {
		*floor = jansson.json_number_value(value);
		return true;
	}
	return (json_is_string(value) && amount_parse(jansson.json_string_value(value), floor)) ||
	       mistake(place, "floor", "a number is expected, or a text such as \"64K\"");
}

static bool take_most(const struct place *place, const json_t *value, struct budget *budget)
{
	const char *text = json_is_string(value) ? jansson.json_string_value(value) : "";

	if (json_is_number(value) && jansson.json_number_value(value) >= 0) {
		budget->most = jansson.json_number_value(value);
		return true;
	}
	if (amount_parse(text, &budget->most))
		return true;
	budget->is_relative = true;
	return growth_parse(text, &budget->most) ||
	       mistake(place, "most",
		       "a number is expected, or a text such as \"64K\", or of the base's value \"+10%\"");
}

static bool take_flag(const struct place *place, const char *key, const json_t *value, bool *flag)
{
	*flag = json_is_true(value);
	return json_is_boolean(value) || mistake(place, key, "true or false is expected");
}

/* Refuses a second key that says what the budget is about. */
static bool take_scope(const struct place *place, const char *key, struct budget *budget, enum check_scope scope)
{
	if (budget->scope != SCOPE_PROCESS)
		return mistake(place, key, "one of module, function, site and each is expected, not two");
	budget->scope = scope;
	return true;
}

static bool budget_take(const struct place *place, const char *key, const json_t *value, struct budget *budget)
{
	int index = 0;

	if (strcmp(key, "name") == 0)
		return take_text(place, key, value, &budget->name);
	if (strcmp(key, "owner") == 0)
		return take_text(place, key, value, &budget->owner);
	if (strcmp(key, "reason") == 0)
		return take_text(place, key, value, &budget->reason);
	if (strcmp(key, "most") == 0)
		return take_most(place, value, budget);
	if (strcmp(key, "floor") == 0)
		return take_floor(place, value, &budget->floor);
	if (strcmp(key, "per_work") == 0)
		return take_flag(place, key, value, &budget->per_work);
	if (strcmp(key, "module") == 0)
		return take_scope(place, key, budget, SCOPE_MODULE) && take_text(place, key, value, &budget->module);
	if (strcmp(key, "function") == 0 || strcmp(key, "site") == 0)
		return take_scope(place, key, budget, SCOPE_CALLS) && take_calls(place, key, value, &budget->calls);
	const char *const *words = strcmp(key, "measure") == 0 ? check_measure_names
				   : strcmp(key, "each") == 0  ? group_by_names
							       : NULL;
	if (!words)
		return mistake(place, key, "there is no such key");
	if (words == group_by_names && !take_scope(place, key, budget, SCOPE_EACH))
		return false;
	if (!take_word(place, key, value, words, &index))
		return false;
	if (words == group_by_names)
		budget->each = (enum group_by)index;
	else
		budget->measure = (enum check_measure)index;
	return true;
}

static bool suppression_take(const struct place *place, const char *key, const json_t *value,
			     struct suppression *suppression)
{
	if (strcmp(key, "reason") == 0)
		return take_text(place, key, value, &suppression->reason);
	if (strcmp(key, "until") == 0)
		return take_text(place, key, value, &suppression->until);
	if (strcmp(key, "module") == 0)
		return take_text(place, key, value, &suppression->module);
	if (strcmp(key, "function") == 0 || strcmp(key, "site") == 0)
		return take_calls(place, key, value, &suppression->calls);
	return mistake(place, key, "there is no such key");
}

/* Checks keys that depend on each other. */
static bool budget_close(const struct place *place, const struct budget *budget)
{
	if (!budget->name)
		return mistake(place, "name", "is missing");
	if (budget->measure == CHECK_MEASURES)
		return mistake(place, "measure", "is missing");
	if (isnan(budget->most))
		return mistake(place, "most", "is missing");
	if (check_measure_is_of_process(budget->measure) && budget->scope != SCOPE_PROCESS)
		return mistake(place, "measure", "RSS belongs to the whole process, not to a part of it");
	if (check_measure_is_of_places(budget->measure) && (budget->is_relative || budget->per_work))
		return mistake(place, "most", "for leaks, a number is expected");
	if (check_measure_is_of_places(budget->measure) && budget->scope == SCOPE_EACH)
		return mistake(place, "each", "leaks are counted by place anyway");
	if (budget->floor > 0 && !budget->is_relative)
		return mistake(place, "floor", "goes only with a share of the base, such as \"+10%\"");
	return true;
}

static bool suppression_close(const struct place *place, struct suppression *suppression, int64_t today)
{
	int64_t end = 0;

	if (!suppression->reason)
		return mistake(place, "reason", "is missing");
	if (!suppression->until)
		return mistake(place, "until", "is missing: a suppression needs a last day");
	if (!day_parse(suppression->until, &end))
		return mistake(place, "until", "a day is expected, as 2027-01-31");
	if (!suppression->module == !suppression->calls.count)
		return mistake(place, "function", "one of module, function and site is expected");
	suppression->has_expired = today >= end;
	return true;
}

/* Calls `take` for every member of the object `value`. */
static bool members_take(const struct place *place, json_t *value, void *item,
			 bool (*take)(const struct place *, const char *, const json_t *, void *))
{
	if (!json_is_object(value))
		return mistake(place, "", "an object is expected");
	for (void *at = jansson.json_object_iter(value); at; at = jansson.json_object_iter_next(value, at))
		if (!take(place, jansson.json_object_iter_key(at), jansson.json_object_iter_value(at), item))
			return false;
	return true;
}

static bool budget_member(const struct place *place, const char *key, const json_t *value, void *item)
{
	return budget_take(place, key, value, item);
}

static bool suppression_member(const struct place *place, const char *key, const json_t *value, void *item)
{
	return suppression_take(place, key, value, item);
}

static bool list_open(const struct place *place, const char *key, const json_t *list, size_t *count)
{
	if (!json_is_array(list))
		return mistake(place, key, "a list is expected");
	*count = jansson.json_array_size(list);
	return *count <= ITEMS_MOST || mistake(place, key, "at most 10,000 are read");
}

static bool budgets_take(struct budgets *budgets, struct place *place, json_t *list)
{
	if (!list_open(place, "budgets", list, &budgets->count))
		return false;
	if (budgets->count == 0)
		return mistake(place, "budgets", "the list is empty");
	budgets->items = memory_allocate(budgets->count, sizeof *budgets->items);
	for (size_t i = 0; i < budgets->count; i++) {
		struct budget *budget = &budgets->items[i];
		*budget = (struct budget){.measure = CHECK_MEASURES, .most = NAN};
		snprintf(place->text, sizeof place->text, "budgets[%zu]", i);
		if (!members_take(place, jansson.json_array_get(list, i), budget, budget_member) ||
		    !budget_close(place, budget))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(budgets->items[k].name, budget->name) == 0)
				return mistake(place, "name", "another budget has the same name");
	}
	return true;
}

static bool suppressions_take(struct budgets *budgets, struct place *place, json_t *list, int64_t today)
{
	if (!list)
		return true;
	if (!list_open(place, "suppressions", list, &budgets->suppression_count))
		return false;
	budgets->suppressions = memory_allocate(budgets->suppression_count + 1, sizeof *budgets->suppressions);
	for (size_t i = 0; i < budgets->suppression_count; i++) {
		struct suppression *suppression = &budgets->suppressions[i];
		snprintf(place->text, sizeof place->text, "suppressions[%zu]", i);
		if (!members_take(place, jansson.json_array_get(list, i), suppression, suppression_member) ||
		    !suppression_close(place, suppression, today))
			return false;
	}
	return true;
}

static bool document_take(struct budgets *budgets, struct place *place, json_t *document, int64_t today)
{
	static const char *const keys[] = {"schema", "budgets", "suppressions", "$schema"};
	const char *schema = NULL;

	if (!json_is_object(document))
		return mistake(place, "", "an object with \"budgets\" is expected");
	for (void *at = jansson.json_object_iter(document); at; at = jansson.json_object_iter_next(document, at)) {
		const char *key = jansson.json_object_iter_key(at);
		size_t i = 0;
		while (i < sizeof keys / sizeof *keys && strcmp(key, keys[i]) != 0)
			i++;
		if (i == sizeof keys / sizeof *keys)
			return mistake(place, key, "there is no such key");
	}
	if (!take_text(place, "schema", jansson.json_object_get(document, "schema"), &schema))
		return false;
	if (strcmp(schema, "seep.budgets/1") != 0)
		return mistake(place, "schema", "\"seep.budgets/1\" is expected");
	if (!budgets_take(budgets, place, jansson.json_object_get(document, "budgets")))
		return false;
	place->text[0] = '\0';
	return suppressions_take(budgets, place, jansson.json_object_get(document, "suppressions"), today);
}

static bool budgets_parse(struct budgets *budgets, const char *bytes, size_t length, const char *name, int64_t today,
			  struct error *error)
{
	struct place place = {.error = error, .source = name};
	json_error_t fault;

	*budgets = (struct budgets){.source = name};
	if (!jansson_load(error))
		return false;
	json_t *document = jansson.json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &fault);
	if (!document)
		return error_set(error, "%s:%d:%d: %s", name, fault.line, fault.column, fault.text);
	budgets->document = document;
	if (document_take(budgets, &place, document, today))
		return true;
	budgets_free(budgets);
	return false;
}

bool budgets_read(struct budgets *budgets, const char *path, int64_t today, struct error *error)
{
	size_t length = 0;
	char *text = text_file_read(path, &length, error);

	*budgets = (struct budgets){0};
	const bool is_read = text && budgets_parse(budgets, text, length, path, today, error);
	free(text);
	return is_read;
}

void budgets_add_lost(struct budgets *budgets)
{
	budgets->items = memory_resize(budgets->items, budgets->count + 1, sizeof *budgets->items);
	budgets->items[budgets->count++] = (struct budget){.name = "lost at exit", .measure = CHECK_LOST};
}

void budgets_free(struct budgets *budgets)
{
	free(budgets->lsan);
	if (budgets->document)
		jansson.json_delete(budgets->document);
	free(budgets->items);
	free(budgets->suppressions);
	*budgets = (struct budgets){0};
}
