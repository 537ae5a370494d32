/* SPDX-License-Identifier: Apache-2.0 */
/* A check on one screen: first what fails, then what is undecided, then what passes, in one paragraph. */
#include <math.h>

#include "base/message.h"
#include "render/check/check_words.h"
#include "render/check/outputs.h"
#include "render/text/head_lines.h"
#include "render/text/place_text.h"

#define INDENT 6
#define LINES_KEPT 4 /* of the first screen: for the names of rows without room, and of what passes */
#define NAMES_MOST 3
#define NAME_COLUMNS 40

const char *const check_format_names[] = {"text", "json", "junit", "sarif", "github", "gitlab", "markdown", NULL};

/* Lost memory is not a matter of chance. */
static bool all_are_lost(const struct check *check)
{
	size_t lost = 0;

	while (lost < check->count && check->rows[lost].budget->measure == CHECK_LOST)
		lost++;
	return lost == check->count;
}

static void runs_write(struct text_page *page, const struct check *check)
{
	const struct check_runs *runs = check->runs;
	const size_t after = runs->count[SIDE_AFTER], base = runs->count[SIDE_BASE];
	const struct profile *profile = run_profile(runs, &runs->items[SIDE_AFTER][0], MOMENT_NOW);
	struct head_line line = {0};

	head_line_add(&line, base ? "%zu run%s beside %zu of the base" : "%zu run%s", after, after == 1 ? "" : "s",
		      base);
	head_add_rate(&line, profile);
	if (after + base < 3 && !all_are_lost(check))
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

/* The value, and how sure it is. `is_whole`: also who answers for it, and what shows it. */
static void details_write(struct text_page *page, const struct check *check, const struct check_row *row, bool is_whole)
{
	struct buffer part = {0};

	check_words_value(&part, row);
	const size_t length = part.length;
	buffer_append_text(&part, "; ");
	check_words_sureness(&part, row);
	if (part.length == length + 2)
		part.data[part.length = length] = '\0';
	part_write(page, &part);
	if (is_whole && check_words_owner(&part, row))
		part_write(page, &part);
	if (is_whole && check_words_command(&part, check, row))
		part_write(page, &part);
	buffer_free(&part);
}

static bool is_of_same_budget(const struct check_row *row, const struct check_row *other)
{
	return row->budget == other->budget && row->result == other->result;
}

/* Places that lost memory stand below one heading. */
static void lost_row_write(struct text_page *page, const struct check *check, const struct check_row *row)
{
	struct buffer part = {0};

	if (row == check->rows || !is_of_same_budget(row, row - 1)) {
		text_append_safe(&part, row->budget->name);
		buffer_append_text(&part, ": ");
		check_words_value(&part, row);
		text_write_labelled(page, STYLE_GROWN, "FAIL", part.data);
		part.length = 0;
		if (check_words_owner(&part, row))
			part_write(page, &part);
	}
	if (check_words_place(&part, row))
		part_write(page, &part);
	place_text_append_callers(&part, row->group, 200, 0);
	if (part.length)
		part_write(page, &part);
	buffer_free(&part);
}

static void row_write(struct text_page *page, const struct check *check, const struct check_row *row)
{
	const bool fails = row->result == CHECK_FAIL, is_of_place = !isfinite(row->share);
	struct buffer part = {0};

	if (row->budget->measure == CHECK_LOST && fails) {
		lost_row_write(page, check, row);
		return;
	}
	text_append_safe(&part, row->budget->name);
	text_write_labelled(page, fails ? STYLE_GROWN : STYLE_WARNING, fails ? "FAIL" : "UNDECIDED", part.data);
	part.length = 0;
	/* Who has most of what may well be within its limit is of no use. */
	if ((fails || is_of_place) && check_words_place(&part, row))
		part_write(page, &part);
	buffer_free(&part);
	details_write(page, check, row, fails);
}

static size_t lines_of(const struct buffer *text, size_t from)
{
	size_t lines = 0;

	for (size_t i = from; i < text->length; i++)
		lines += text->data[i] == '\n';
	return lines;
}

/* "every place (gated.c:36  remember)", or of lost memory the place alone. */
static void name_append(struct buffer *names, const struct check_row *row)
{
	const bool is_lost = row->budget->measure == CHECK_LOST && row->group;

	buffer_append_text(names, names->length ? ", " : "");
	if (!is_lost)
		text_append_safe(names, row->budget->name);
	if (!is_lost && (!row->group || (row->budget->scope != SCOPE_EACH && !row->leak)))
		return;
	buffer_append_text(names, is_lost ? "" : " (");
	place_text_append(names, row->group, NAME_COLUMNS);
	buffer_append_text(names, is_lost ? "" : ")");
}

/* Names rows for which there was no room. */
static void left_out_write(struct text_page *page, const struct check *check, enum check_result result, size_t shown)
{
	const bool fails = result == CHECK_FAIL;
	struct buffer names = {0};
	size_t count = 0;

	for (size_t i = 0; i < check->count; i++)
		if (check->rows[i].result == result && ++count > shown && count <= shown + NAMES_MOST)
			name_append(&names, &check->rows[i]);
	if (count > shown + NAMES_MOST)
		buffer_printf(&names, " and %zu more", count - shown - NAMES_MOST);
	if (count > shown) {
		buffer_append_text(&names, "; --format=json has all of it");
		text_write_labelled(page, fails ? STYLE_GROWN : STYLE_WARNING, fails ? "FAIL" : "UNDECIDED",
				    names.data);
	}
	buffer_free(&names);
}

/* Writes rows while there is room for them below what stands there; the first failure in any case. */
static void rows_write(struct text_page *page, const struct check *check, enum check_result result, size_t from)
{
	struct buffer *out = page->out, row = {0};
	size_t shown = 0, used = lines_of(out, from);

	page->out = &row;
	for (size_t i = 0; i < check->count; i++) {
		if (check->rows[i].result != result)
			continue;
		row.length = 0;
		row_write(page, check, &check->rows[i]);
		const size_t lines = lines_of(&row, 0);
		if ((shown || result != CHECK_FAIL) && used + lines > TEXT_ROWS - LINES_KEPT)
			break;
		buffer_append(out, row.data, row.length);
		used += lines;
		shown++;
	}
	page->out = out;
	buffer_free(&row);
	left_out_write(page, check, result, shown);
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
	const size_t from = page->out->length;
	struct buffer summary = {0};

	check_words_summary(&summary, check);
	if (context->since)
		buffer_printf(&summary, "; since %s", context->since);
	text_write_labelled(page, check->result == CHECK_FAIL ? STYLE_GROWN : STYLE_STRONG, "seep check", summary.data);
	buffer_free(&summary);
	runs_write(page, check);
	rows_write(page, check, CHECK_FAIL, from);
	rows_write(page, check, CHECK_UNDECIDED, from);
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
