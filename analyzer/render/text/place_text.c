/* SPDX-License-Identifier: Apache-2.0 */
#include "render/text/place_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "files/path.h"
#include "place/code_owner.h"
#include "render/terminal/name_text.h"
#include "render/terminal/text_page.h"
#include "render/words/leak_sentence.h"

#define NAME_LEAST 16
#define NAME_LEAST_BESIDE_LINE 10 /* the reader opens the file at this line, so even a short name helps */
#define PIECE 96
#define SPREAD_INDENT 4

/* "svc.cpp:63-66", or the module if it is not the program. */
static void source_text(char text[PIECE], const struct profile *profile, const struct profile_location *location,
			const struct source_line *line, uint32_t first, uint32_t last)
{
	const struct profile_module *module = &profile->modules[location->module];
	const char *name = path_base_name(module->path);

	text[0] = '\0';
	if (line->file && first && last > first)
		snprintf(text, PIECE, "%.64s:%u-%u", path_base_name(line->file), first, last);
	else if (line->file && first)
		snprintf(text, PIECE, "%.64s:%u", path_base_name(line->file), first);
	else if (profile_call_address(profile, location, line))
		snprintf(text, PIECE, "+0x%" PRIx64, location->address);
	else if (*name && !(module->flags & SEEP_MODULE_EXECUTABLE) && !text_begins_with(line->function, name))
		snprintf(text, PIECE, "(%.64s)", name);
}

/* False: the function's name had to be cut. */
static bool parts_append(struct buffer *out, const char *source, const char *function, uint32_t stacks,
			 unsigned columns, bool is_ambiguous)
{
	char count[32] = "";
	bool is_whole = true;

	if (*source && text_columns(source) + 2 + NAME_LEAST_BESIDE_LINE > columns) /* the file's name is very long */
		source = "";
	buffer_printf(out, "%s%s", source, *source ? "  " : "");
	columns -= text_columns(source) + (*source ? 2 : 0);
	const size_t before = out->length;
	if (is_ambiguous)
		name_append_apart(out, function, columns);
	else
		is_whole = name_append_bare(out, function, columns);
	if (stacks > 1)
		snprintf(count, sizeof count, "  %u stacks", stacks);
	if (text_columns(out->data + before) + strlen(count) <= columns)
		buffer_append_text(out, count);
	return is_whole;
}

void place_parts_append(struct buffer *out, const char *source, const char *function, uint32_t stacks, unsigned columns)
{
	parts_append(out, source, function, stacks, columns, false);
}

void place_text_append_source(struct buffer *out, const struct group *group)
{
	const struct source_line *line = group_line(group);
	char source[PIECE] = "";

	if (line)
		source_text(source, group->profile, group_location(group), line, group->first_line, group->last_line);
	buffer_append_text(out, source);
}

bool place_text_append(struct buffer *out, const struct group *group, unsigned columns)
{
	const struct source_line *line = group_line(group);
	char source[PIECE];

	if (!line) {
		buffer_append_text(out, group_stand_in(group));
		return true;
	}
	source_text(source, group->profile, group_location(group), line, group->first_line, group->last_line);
	return parts_append(out, source, line->function, group->site_count, columns, group->is_ambiguous);
}

/* Appends the name if a row of so many columns shows only a part of it; returns the columns that it takes. */
static unsigned whole_append(struct buffer *out, const struct group *group, unsigned columns, unsigned row_columns)
{
	struct buffer row = {0};
	const bool is_cut = row_columns && !place_text_append(&row, group, row_columns);
	const size_t before = out->length;

	buffer_free(&row);
	if (!is_cut)
		return 0;
	buffer_append_text(out, "in ");
	name_append_bare(out, group_line(group)->function, columns - 3);
	return text_columns(out->data + before);
}

/* Appends "was old_name" if there is room; returns the columns that it takes. */
static unsigned former_append(struct buffer *out, const struct group *group, unsigned columns, bool is_first)
{
	static const unsigned words = sizeof ", was , via " - 1;

	if (!group->was || columns < words + NAME_LEAST)
		return 0;
	const size_t before = out->length;
	buffer_append_text(out, is_first ? "was " : ", was ");
	name_append_bare(out, group->was, columns - words);
	return text_columns(out->data + before);
}

void place_text_append_callers(struct buffer *out, const struct group *group, unsigned columns, unsigned row_columns)
{
	const struct profile *profile = group->profile;
	struct frame_walk at = group->place;
	unsigned used = whole_append(out, group, columns, row_columns);
	used += former_append(out, group, (columns - used) / 2, used == 0);
	const char *separator = used ? ", via " : "via ", *last = "";

	for (uint32_t i = 0; i < group->shared_callers && frame_walk_has(at); i++) {
		at = frame_walk_next(profile, at);
		if (!frame_walk_has(at))
			return;
		const struct source_line *line = frame_walk_line(profile, at);
		const struct profile_location *location = frame_walk_location(profile, at);
		if (!code_is_own(code_owner(profile, location, line)) || strcmp(line->function, last) == 0 ||
		    strcmp(line->function, "_start") == 0)
			continue;
		char source[PIECE];
		source_text(source, profile, location, line, line->line, 0);
		const unsigned fixed = text_columns(separator) + (*source ? text_columns(source) + 1 : 0);
		if (used + fixed + NAME_LEAST > columns)
			return;
		const size_t before = out->length;
		buffer_append_text(out, separator);
		name_append_bare(out, line->function, columns - used - fixed);
		buffer_printf(out, "%s%s", *source ? " " : "", source);
		used += text_columns(out->data + before);
		separator = " <- ";
		last = line->function;
	}
}

void spread_name_append(struct buffer *out, const struct spread_place *spread, unsigned columns)
{
	static const char below[] = " and below";

	switch (spread->level) {
	case SPREAD_FUNCTION:
		name_append(out, spread->line->function, columns - (unsigned)strlen(below));
		buffer_append_text(out, below);
		break;
	case SPREAD_MODULE:
		buffer_append_text(out, "all over ");
		path_append(out, path_base_name(spread->module), columns - 9);
		break;
	case SPREAD_LABEL:
		buffer_append_text(out, "under label ");
		beginning_append(out, spread->label, columns - 12);
		break;
	default:
		buffer_append_text(out, "all over the program");
	}
}

void spread_write(struct text_page *page, const struct spread_place *spread, unsigned start)
{
	struct buffer text = {0};

	spread_name_append(&text, spread, page->columns > start + 20 ? page->columns - start : 20);
	text_write(page, STYLE_STRONG, "%s", text.data);
	buffer_append_byte(page->out, '\n');
	buffer_free(&text);
	spread_sentence_append(&text, spread);
	text_write_words(page, STYLE_PLAIN, text.data, SPREAD_INDENT);
	buffer_free(&text);
}
