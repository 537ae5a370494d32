/* SPDX-License-Identifier: Apache-2.0 */
/* A check in the formats of two forges: GitHub's workflow commands, which become annotations of the code, and GitLab's
 * code quality report. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/message.h"
#include "render/check/check_source.h"
#include "render/check/check_words.h"
#include "render/check/outputs.h"

/* A command is one line; in its properties "," and ":" have a meaning, too. */
static void command_text(struct buffer *out, const char *text, bool is_property)
{
	struct buffer safe = {0};

	text_append_safe(&safe, text);
	for (const char *at = safe.data ? safe.data : ""; *at; at++) {
		if (*at == '%' || (is_property && (*at == ',' || *at == ':')))
			buffer_printf(out, "%%%02X", (unsigned char)*at);
		else
			buffer_append_byte(out, *at);
	}
	buffer_free(&safe);
}

void check_github_render(struct buffer *out, const struct check *check)
{
	for (size_t i = 0; i < check->count; i++) {
		const struct check_row *row = &check->rows[i];
		struct buffer path = {0}, words = {0};
		if (row->result == CHECK_PASS)
			continue;
		const uint32_t line = check_source_append(&path, check, row);
		check_words_row(&words, row);
		buffer_append_text(out, row->result == CHECK_FAIL ? "::error file=" : "::warning file=");
		command_text(out, path.data, true);
		buffer_printf(out, ",line=%u,title=", line);
		command_text(out, row->budget->name, true);
		buffer_append_text(out, "::");
		command_text(out, words.data, false);
		buffer_append_byte(out, '\n');
		buffer_free(&path);
		buffer_free(&words);
	}
	struct buffer summary = {0};
	check_words_summary(&summary, check);
	buffer_printf(out, "::notice title=seep check::%s\n", summary.data);
	buffer_free(&summary);
}

static void finding_write(struct json *json, const struct check *check, const struct check_row *row)
{
	struct buffer path = {0}, words = {0};
	char fingerprint[32];

	const uint32_t line = check_source_append(&path, check, row);
	buffer_printf(&words, "%s: ", row->budget->name);
	check_words_row(&words, row);
	snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, check_row_identity(row));
	json_begin_object(json);
	json_text(json_key(json, "description"), words.data);
	json_text(json_key(json, "check_name"), row->budget->name);
	json_text(json_key(json, "fingerprint"), fingerprint);
	json_text(json_key(json, "severity"), row->result == CHECK_FAIL ? "major" : "info");
	json_begin_object(json_key(json, "location"));
	json_text(json_key(json, "path"), path.data);
	json_begin_object(json_key(json, "lines"));
	json_unsigned(json_key(json, "begin"), line);
	json_end_object(json);
	json_end_object(json);
	json_end_object(json);
	buffer_free(&path);
	buffer_free(&words);
}

void check_gitlab_render(struct buffer *out, const struct check *check)
{
	struct json json = {.out = out};

	json_begin_array(&json);
	for (size_t i = 0; i < check->count; i++)
		if (check->rows[i].result != CHECK_PASS)
			finding_write(&json, check, &check->rows[i]);
	json_end_array(&json);
	buffer_append_byte(out, '\n');
}
