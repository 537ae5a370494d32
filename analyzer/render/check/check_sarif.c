/* SPDX-License-Identifier: Apache-2.0 */
/* A check as SARIF 2.1.0 (OASIS): a rule for each budget, a result for each row that does not pass. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "render/check/check_source.h"
#include "render/check/check_words.h"
#include "render/check/outputs.h"

static void text_object(struct json *json, const char *key, const char *text)
{
	json_begin_object(json_key(json, key));
	json_text(json_key(json, "text"), text);
	json_end_object(json);
}

static void rules_write(struct json *json, const struct budgets *budgets)
{
	json_begin_array(json_key(json, "rules"));
	for (size_t i = 0; i < budgets->count; i++) {
		const struct budget *budget = &budgets->items[i];
		char id[32];
		snprintf(id, sizeof id, "SEEP%04zu", i + 1);
		json_begin_object(json);
		json_text(json_key(json, "id"), id);
		json_text(json_key(json, "name"), "MemoryBudget");
		text_object(json, "shortDescription", budget->name);
		if (budget->reason)
			text_object(json, "fullDescription", budget->reason);
		json_end_object(json);
	}
	json_end_array(json);
}

/* A path as an RFC 3986 reference: relative to the repository, or a file of this machine. */
static void uri_append(struct buffer *out, const char *path)
{
	if (path[0] == '/')
		buffer_append_text(out, "file://");
	for (; *path; path++) {
		const unsigned char byte = (unsigned char)*path;
		const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
				      (byte >= '0' && byte <= '9') || byte == '/' || byte == '-' || byte == '_' ||
				      byte == '.' || byte == '~';
		buffer_printf(out, is_plain ? "%c" : "%%%02X", byte);
	}
}

static void location_write(struct json *json, const struct check *check, const struct check_row *row)
{
	const struct source_line *place = check_row_line(row);
	struct buffer path = {0}, uri = {0};

	const uint32_t line = check_source_append(&path, check, row);
	uri_append(&uri, path.data);
	json_begin_array(json_key(json, "locations"));
	json_begin_object(json);
	json_begin_object(json_key(json, "physicalLocation"));
	json_begin_object(json_key(json, "artifactLocation"));
	json_text(json_key(json, "uri"), uri.data);
	json_end_object(json);
	json_begin_object(json_key(json, "region"));
	json_unsigned(json_key(json, "startLine"), line);
	json_end_object(json);
	json_end_object(json);
	if (place) {
		json_begin_array(json_key(json, "logicalLocations"));
		json_begin_object(json);
		json_text(json_key(json, "fullyQualifiedName"), place->function);
		json_text(json_key(json, "kind"), "function");
		json_end_object(json);
		json_end_array(json);
	}
	json_end_object(json);
	json_end_array(json);
	buffer_free(&path);
	buffer_free(&uri);
}

static void result_write(struct json *json, const struct check *check, const struct check_row *row)
{
	const size_t rule = (size_t)(row->budget - check->budgets->items);
	struct buffer words = {0};
	char text[32];

	check_words_row(&words, row);
	snprintf(text, sizeof text, "SEEP%04zu", rule + 1);
	json_begin_object(json);
	json_text(json_key(json, "ruleId"), text);
	json_unsigned(json_key(json, "ruleIndex"), rule);
	json_text(json_key(json, "kind"), row->result == CHECK_FAIL ? "fail" : "open");
	json_text(json_key(json, "level"), row->result == CHECK_FAIL ? "error" : "none");
	text_object(json, "message", words.data);
	location_write(json, check, row);
	json_begin_object(json_key(json, "partialFingerprints"));
	snprintf(text, sizeof text, "%016" PRIx64, check_row_identity(row));
	json_text(json_key(json, "budgetAndFunction/v1"), text);
	json_end_object(json);
	json_end_object(json);
	buffer_free(&words);
}

void check_sarif_render(struct buffer *out, const struct check *check)
{
	struct json json = {.out = out};

	json_begin_object(&json);
	json_text(json_key(&json, "$schema"), "https://json.schemastore.org/sarif-2.1.0.json");
	json_text(json_key(&json, "version"), "2.1.0");
	json_begin_array(json_key(&json, "runs"));
	json_begin_object(&json);
	json_begin_object(json_key(&json, "tool"));
	json_begin_object(json_key(&json, "driver"));
	json_text(json_key(&json, "name"), "seep");
	json_text(json_key(&json, "version"), SEEP_VERSION);
	rules_write(&json, check->budgets);
	json_end_object(&json);
	json_end_object(&json);
	json_text(json_key(&json, "columnKind"), "utf16CodeUnits");
	json_begin_array(json_key(&json, "results"));
	for (size_t i = 0; i < check->count; i++)
		if (check->rows[i].result != CHECK_PASS)
			result_write(&json, check, &check->rows[i]);
	json_end_array(&json);
	json_end_object(&json);
	json_end_array(&json);
	json_end_object(&json);
	buffer_append_byte(out, '\n');
}
