/* SPDX-License-Identifier: Apache-2.0 */
/* A check on one screen: first what fails, then what is undecided, then what passes, in one paragraph. */
#include "base/message.h"
#include "render/check/check_words.h"
#include "render/check/outputs.h"
#include "render/text/head_lines.h"
#include "render/text/place_text.h"

#define FAILURES_MOST 4
#define UNDECIDED_MOST 3
#define INDENT 6

const char *const check_format_names[] = {"text", "json", "junit", "sarif", "github", "gitlab", "markdown", NULL};

static void runs_write(struct text_page *page, const struct check *check)
{
	const struct check_runs *runs = check->runs;
	const size_t after = runs->count[SIDE_AFTER], base = runs->count[SIDE_BASE];
	const struct profile *profile = run_profile(runs, &runs->items[SIDE_AFTER][0], MOMENT_NOW);
	struct head_line line = {0};

	head_line_add(&line, base ? "%zu run%s beside %zu of the base" : "%zu run%s", after, after == 1 ? "" : "s",
		      base);
	head_add_rate(&line, profile);
	if (after + base < 3)
		head_line_add(&line, "so that the spread between runs is not known");
	head_write_program(page, profile, "", &line);
}

static void part_write(struct text_page *page, struct buffer *part)
{
	struct buffer safe = {0};

	text_append_safe(&safe, part->data);
	text_write(page, STYLE_PLAIN, "%*s", INDENT, "");
	text_write_words_behind(page, STYLE_PLAIN, safe.data, INDENT);
	buffer_free(&safe);
	part->length = 0;
}

static void row_write(struct text_page *page, const struct check *check, const struct check_row *row)
{
	struct buffer part = {0};

	text_append_safe(&part, row->budget->name);
	text_write_labelled(page, row->result == CHECK_FAIL ? STYLE_GROWN : STYLE_WARNING,
			    row->result == CHECK_FAIL ? "FAIL" : "UNDECIDED", part.data);
	part.length = 0;
	if (check_words_place(&part, row))
		part_write(page, &part);
	if (row->budget->measure == CHECK_LOST && row->group) {
		place_text_append_callers(&part, row->group, 200);
		if (part.length)
			part_write(page, &part);
	}
	check_words_value(&part, row);
	part_write(page, &part);
	check_words_sureness(&part, row);
	if (part.length)
		part_write(page, &part);
	if (check_words_owner(&part, row))
		part_write(page, &part);
	if (row->result == CHECK_FAIL && check_words_command(&part, check, row))
		part_write(page, &part);
	buffer_free(&part);
}

static void rows_write(struct text_page *page, const struct check *check, enum check_result result, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < check->count; i++)
		if (check->rows[i].result == result && count++ < most)
			row_write(page, check, &check->rows[i]);
	if (count > most)
		text_write(page, STYLE_FAINT, "%*sand %zu more that %s: --format=json has all\n", INDENT, "",
			   count - most, result == CHECK_FAIL ? "fail" : "are undecided");
}

static void passes_write(struct text_page *page, const struct check *check)
{
	struct buffer names = {0};

	for (size_t i = 0; i < check->count; i++) {
		if (check->rows[i].result != CHECK_PASS)
			continue;
		buffer_append_text(&names, names.length ? ", " : "");
		text_append_safe(&names, check->rows[i].budget->name);
	}
	if (names.length)
		text_write_labelled(page, STYLE_STRONG, "pass", names.data);
	buffer_free(&names);
}

void check_text_render(struct text_page *page, const struct check *check, const struct check_context *context)
{
	struct buffer summary = {0};

	check_words_summary(&summary, check);
	if (context->since)
		buffer_printf(&summary, "; since %s", context->since);
	text_write_labelled(page, check->result == CHECK_FAIL ? STYLE_GROWN : STYLE_STRONG, "seep check", summary.data);
	buffer_free(&summary);
	runs_write(page, check);
	rows_write(page, check, CHECK_FAIL, FAILURES_MOST);
	rows_write(page, check, CHECK_UNDECIDED, UNDECIDED_MOST);
	passes_write(page, check);
	for (size_t i = 0; i < check->budgets->suppression_count; i++) {
		struct buffer words = {0};
		if (!check->budgets->suppressions[i].has_expired)
			continue;
		check_words_expired(&words, &check->budgets->suppressions[i]);
		text_write_labelled(page, STYLE_WARNING, "expired", words.data);
		buffer_free(&words);
	}
}
