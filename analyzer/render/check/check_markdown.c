/* SPDX-License-Identifier: Apache-2.0 */
/* A check as Markdown, for a comment on a pull request: a table, and below it the commands that show what fails. */
#include <string.h>

#include "base/message.h"
#include "render/check/check_source.h"
#include "render/check/check_words.h"
#include "render/check/outputs.h"

/* Names come from anybody's program: no part of them may become a table's edge, a link, a mention or HTML. */
static void plain_append(struct buffer *out, const char *text)
{
	struct buffer safe = {0};

	text_append_safe(&safe, text);
	for (const char *at = safe.data ? safe.data : ""; *at; at++) {
		if (strchr("\\`*_{}[]<>()#+-!|~&@:", *at))
			buffer_printf(out, "&#%d;", (unsigned char)*at);
		else
			buffer_append_byte(out, *at);
	}
	buffer_free(&safe);
}

static void part_append(struct buffer *out, struct buffer *part, const char *separator)
{
	if (!part->length)
		return;
	buffer_append_text(out, separator);
	plain_append(out, part->data);
	part->length = 0;
}

static void row_append(struct buffer *out, const struct check *check, const struct check_row *row)
{
	static const char *const marks[] = {"pass", "undecided", "**fail**"};
	const struct source_line *place = check_row_line(row);
	struct buffer part = {0};

	buffer_printf(out, "| %s | ", marks[row->result]);
	plain_append(out, row->budget->name);
	buffer_append_text(out, " | ");
	check_words_value(&part, row);
	part_append(out, &part, "");
	check_words_sureness(&part, row);
	part_append(out, &part, "; ");
	if (check_words_owner(&part, row) && row->result != CHECK_PASS)
		part_append(out, &part, "; ");
	buffer_append_text(out, " | ");
	part.length = 0;
	if (place) {
		plain_append(out, place->function);
		const uint32_t line = check_source_append(&part, check, row);
		if (place->file) {
			buffer_append_byte(out, ' ');
			plain_append(out, part.data);
			buffer_printf(out, "&#58;%u", line);
		}
		if (row->group && row->group->was) {
			buffer_append_text(out, ", was ");
			plain_append(out, row->group->was);
		}
	} else if (row->group) {
		plain_append(out, group_stand_in(row->group));
	}
	buffer_append_text(out, " |\n");
	buffer_free(&part);
}

void check_markdown_render(struct buffer *out, const struct check *check, const struct check_context *context)
{
	struct buffer text = {0};

	check_words_summary(&text, check);
	buffer_printf(out, "### seep check: %s", text.data);
	text.length = 0;
	if (context->since) {
		buffer_append_text(out, ", since ");
		plain_append(out, context->since);
	}
	buffer_append_text(out, "\n\n| | budget | value | place |\n|---|---|---|---|\n");
	for (size_t i = 0; i < check->count; i++)
		row_append(out, check, &check->rows[i]);
	if (context->flame) {
		buffer_append_text(out, "\nThe flame graph of the difference: ");
		plain_append(out, context->flame);
		buffer_append_byte(out, '\n');
	}
	for (size_t i = 0; i < check->count; i++) {
		if (check->rows[i].result != CHECK_FAIL || !check_words_command(&text, check, &check->rows[i]))
			continue;
		buffer_append_text(out, "\n    ");
		text_append_safe(out, text.data);
		buffer_append_byte(out, '\n');
		break;
	}
	buffer_free(&text);
}
