/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as "function  file:line"; of the file's path, at most the last two names. */
#include "render/text/stack_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"
#include "place/code_owner.h"
#include "render/terminal/name_text.h"
#include "render/text/place_text.h"

#define GAP 2
#define NAME_LEAST 16 /* columns; if there are fewer, the place goes to the next line */

/* One line of a stack, and how many frames it stands for. */
struct frame {
	const struct profile_location *location;
	const struct source_line *line;
};

struct stack_walk {
	const struct profile *profile;
	struct frame_walk at; /* the frame of the next line */
};

static bool walk_next(struct stack_walk *walk, struct frame *frame)
{
	if (!frame_walk_has(walk->at))
		return false;
	*frame = (struct frame){frame_walk_location(walk->profile, walk->at), frame_walk_line(walk->profile, walk->at)};
	walk->at = frame_walk_next(walk->profile, walk->at);
	return true;
}

/* Begins behind the call that names the group. */
static struct stack_walk walk_callers(const struct group *group)
{
	return (struct stack_walk){group->profile, frame_walk_has(group->place)
						       ? frame_walk_next(group->profile, group->place)
						       : group->place};
}

static bool is_library(const struct profile *profile, const struct frame *frame)
{
	return !code_is_own(code_owner(profile, frame->location, frame->line));
}

/* Whether the program's own code begins here: further callers are the system's. */
static bool is_entry(const char *function)
{
	static const char *const entries[] = {"main",
					      "start_thread",
					      "clone3",
					      "_start",
					      "__clone3",
					      "__clone",
					      "__libc_start_main",
					      "__libc_start_call_main",
					      "thread_start"};

	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
		if (strcmp(function, entries[i]) == 0)
			return true;
	}
	return text_begins_with(function, "__libc_start_");
}

/* The last two names of a path, or only the last if they are long. */
static const char *path_tail(const char *path)
{
	const char *last = path_base_name(path);
	const char *tail = last;

	if (last - path >= 2) {
		tail = last - 1;
		while (tail > path && tail[-1] != '/')
			tail--;
	}
	return text_columns(tail) <= 28 ? tail : last;
}

/* "list.c:42" or "list.c:42-45", or the module in parentheses. Nothing if that is the program itself, or if the name
 * tells it already ("plugin.so+0x12"). */
static void place_append(struct buffer *out, const struct profile *profile, const struct frame *frame,
			 uint32_t first_line, uint32_t last_line)
{
	const struct profile_module *module = &profile->modules[frame->location->module];
	const char *name = path_base_name(module->path);
	const bool is_program = module->flags & SEEP_MODULE_EXECUTABLE;

	if (frame->line->file && first_line && last_line > first_line)
		buffer_printf(out, "%s:%u-%u", path_tail(frame->line->file), first_line, last_line);
	else if (frame->line->file && first_line)
		buffer_printf(out, "%s:%u", path_tail(frame->line->file), first_line);
	else if (frame->line->file)
		buffer_append_text(out, path_tail(frame->line->file));
	else if (profile_call_address(profile, frame->location, frame->line))
		buffer_printf(out, "at +0x%" PRIx64, frame->location->address);
	else if (*name && !is_program && !text_begins_with(frame->line->function, name))
		buffer_printf(out, "(%s)", name);
}

static void write_named(struct text_page *page, const char *function, const char *place, unsigned columns,
			unsigned indent)
{
	const unsigned place_columns = *place ? text_columns(place) + GAP : 0;
	const bool is_short = text_columns(function) + place_columns <= columns;
	struct buffer name = {0};
	bool is_one_line = *place == '\0';

	if (!is_one_line && (is_short || columns >= NAME_LEAST + place_columns))
		is_one_line = name_append(&name, function, columns - place_columns);
	if (!is_one_line || *place == '\0') {
		name.length = 0;
		name_append(&name, function, columns);
	}
	text_write(page, STYLE_STRONG, "%s", name.data ? name.data : "");
	if (*place && is_one_line)
		text_write(page, STYLE_PLAIN, "%*s%s", GAP, "", place);
	else if (*place)
		text_write(page, STYLE_PLAIN, "\n%*s   %s", (int)indent, "", place);
	buffer_free(&name);
}

static void write_module(struct text_page *page, const struct group *group, unsigned columns, const char *sites)
{
	const struct profile *profile = group->profile;
	const struct profile_location *location = group_location(group);
	const char *path = location ? profile->modules[location->module].path : "";
	const unsigned sites_columns = text_columns(sites);
	struct buffer text = {0};

	path_append(&text, *path ? path : "[no module]", columns - (sites_columns + 8 < columns ? sites_columns : 0));
	text_write(page, STYLE_STRONG, "%s", text.data);
	if (text_columns(text.data) + sites_columns <= columns)
		text_write(page, STYLE_FAINT, "%s", sites);
	buffer_free(&text);
}

/* Writes a line for a frame; `times`: how often it calls itself there. */
static void write_frame(struct text_page *page, const struct profile *profile, const struct frame *frame,
			unsigned indent, const char *arrow, unsigned times)
{
	const unsigned columns = page->columns > indent + 3 + NAME_LEAST ? page->columns - indent - 3 : NAME_LEAST;
	struct buffer place = {0}, name = {0};

	place_append(&place, profile, frame, frame->line->line, 0);
	if (times > 1)
		buffer_printf(&place, "%s(%u times)", place.length ? "  " : "", times);
	const unsigned place_columns = place.length ? text_columns(place.data) + GAP : 0;
	const bool has_room = columns >= place_columns + NAME_LEAST;
	name_append(&name, frame->line->function, columns - (has_room ? place_columns : 0));
	text_write(page, STYLE_PLAIN, "%*s%s %s", (int)indent, "", arrow, name.data ? name.data : "");
	if (place.length && has_room)
		text_write(page, STYLE_FAINT, "%*s%s", GAP, "", place.data);
	buffer_append_byte(page->out, '\n');
	buffer_free(&place);
	buffer_free(&name);
}

/* Writes all calls from the place to the leaf. */
static void write_inner(struct text_page *page, const struct group *group, unsigned indent)
{
	struct stack_walk walk = {group->profile, frame_walk_leaf(&group->profile->sites[group->site])};
	struct frame *frames = NULL, frame;
	size_t count = 0, capacity = 0;

	while (!frame_walk_is(walk.at, group->place) && walk_next(&walk, &frame)) {
		ARRAY_RESERVE(frames, count, capacity);
		frames[count++] = frame;
	}
	while (count > 0)
		write_frame(page, group->profile, &frames[--count], indent, "->", 1);
	free(frames);
}

static void write_stack_name(struct text_page *page, const struct group *group, unsigned columns, unsigned indent)
{
	const struct frame own = {group_location(group), group_line(group)};
	struct stack_walk walk = {group->profile, frame_walk_leaf(&group->profile->sites[group->site])};
	struct buffer place = {0};
	struct frame leaf;

	place_append(&place, group->profile, &own, own.line->line, 0);
	write_named(page, own.line->function, place.data ? place.data : "", columns, indent);
	buffer_append_byte(page->out, '\n');
	if (group->is_ambiguous)
		write_inner(page, group, indent);
	else if (walk_next(&walk, &leaf) && own.line != leaf.line)
		write_frame(page, group->profile, &leaf, indent, "->", 1);
	buffer_free(&place);
}

/* Writes the function, with the lines that all of the group's sites have in common. */
static void write_call(struct text_page *page, const struct group *group, enum group_by by, unsigned columns,
		       unsigned indent, const char *sites)
{
	const struct frame frame = {group_location(group), group_line(group)};
	struct buffer place = {0};

	place_append(&place, group->profile, &frame, by == GROUP_BY_LINE ? group->first_line : 0, group->last_line);
	buffer_append_text(&place, sites + (place.length ? 0 : strspn(sites, " ")));
	write_named(page, frame.line->function, place.data ? place.data : "", columns, indent);
	buffer_free(&place);
	buffer_append_byte(page->out, '\n');
}

const char *group_title(enum group_by by)
{
	return by == GROUP_BY_PLACE ? "where" : group_by_name(by);
}

static unsigned name_columns(const struct text_page *page, unsigned start)
{
	return page->columns > start + NAME_LEAST ? page->columns - start : NAME_LEAST;
}

void group_write_name(struct text_page *page, const struct group *group, enum group_by by, unsigned start,
		      unsigned indent)
{
	const unsigned columns = name_columns(page, start);
	struct buffer place = {0};
	char sites[32] = "";

	if (by == GROUP_BY_PLACE) {
		place_text_append(&place, group, columns);
		text_write(page, STYLE_STRONG, "%s", place.data);
		buffer_append_byte(page->out, '\n');
		buffer_free(&place);
		return;
	}
	if (by != GROUP_BY_STACK && group->site_count > 1)
		snprintf(sites, sizeof sites, "  (%u stacks)", group->site_count);
	if (!group_line(group)) {
		text_write(page, STYLE_STRONG, "%s%s", group_stand_in(group), sites);
		buffer_append_byte(page->out, '\n');
	} else if (by == GROUP_BY_MODULE) {
		write_module(page, group, columns, sites);
		buffer_append_byte(page->out, '\n');
	} else if (by == GROUP_BY_STACK) {
		write_stack_name(page, group, columns, indent);
	} else {
		write_call(page, group, by, columns, indent, sites);
	}
}

static void write_skipped(struct text_page *page, unsigned skipped, const char *what, unsigned indent)
{
	text_write(page, STYLE_FAINT, "%*s<- ... %u %s%s", (int)indent, "", skipped, what, skipped == 1 ? "" : "s");
	buffer_append_byte(page->out, '\n');
}

/* The number of frames from here to the entry, which is included. */
static unsigned walk_count(struct stack_walk walk)
{
	struct frame frame;
	unsigned count = 0;

	while (walk_next(&walk, &frame)) {
		count++;
		if (is_entry(frame.line->function))
			break;
	}
	return count;
}

/* Skips callers that are the same function again, at most `most`. */
static unsigned walk_repeats(struct stack_walk *walk, const struct frame *frame, unsigned most)
{
	struct stack_walk ahead = *walk;
	struct frame next;
	unsigned repeats = 0;

	while (repeats < most && walk_next(&ahead, &next) && strcmp(next.line->function, frame->line->function) == 0) {
		*walk = ahead;
		repeats++;
	}
	return repeats;
}

static void write_line(struct text_page *page, unsigned indent, const char *text)
{
	text_write(page, STYLE_FAINT, "%*s%s", (int)indent, "", text);
	buffer_append_byte(page->out, '\n');
}

/* What the thread worked on, which the program has said. */
static void write_label(struct text_page *page, const struct group *group, unsigned indent)
{
	const struct profile_site *site = &group->profile->sites[group->site];

	if (site->label)
		write_line(page, indent, group->profile->modules[site->label].path);
}

/* For a place: writes its name if that was cut to `columns`, and the program's calls that all of its stacks share. */
static void write_shared_callers(struct text_page *page, const struct group *group, unsigned indent, unsigned columns)
{
	struct buffer callers = {0};

	place_text_append_callers(&callers, group, page->columns - indent, columns);
	if (callers.length)
		text_write_words(page, STYLE_FAINT, callers.data, indent);
	buffer_free(&callers);
}

void group_write_callers(struct text_page *page, const struct group *group, enum group_by by, unsigned start,
			 unsigned indent, unsigned frames)
{
	const struct profile_site *site = &group->profile->sites[group->site];
	struct stack_walk walk = walk_callers(group);
	unsigned skipped = 0, written = 0;
	struct frame frame = {group_location(group), group_line(group)};

	if (by == GROUP_BY_PLACE && frame.line)
		write_shared_callers(page, group, indent, name_columns(page, start));
	if (by != GROUP_BY_STACK || !frame.line || is_entry(frame.line->function))
		return;
	if (frames < group->telling_callers)
		frames = group->telling_callers;
	for (unsigned left = walk_count(walk); left > 0; left--) {
		if (written >= frames && left > 1) {
			write_skipped(page, left + skipped, "more frame", indent);
			write_label(page, group, indent);
			return;
		}
		walk_next(&walk, &frame);
		if (is_library(group->profile, &frame) && !is_entry(frame.line->function)) {
			skipped++;
			continue;
		}
		if (skipped)
			write_skipped(page, skipped, "library frame", indent);
		skipped = 0;
		const unsigned times = 1 + walk_repeats(&walk, &frame, left - 1);
		left -= times - 1;
		write_frame(page, group->profile, &frame, indent, "<-", times);
		written++;
	}
	if (skipped)
		write_skipped(page, skipped, "library frame", indent);
	if (site->truncated)
		write_line(page, indent, "<- [callers unknown: stack cut]");
	write_label(page, group, indent);
}

void group_write_row(struct text_page *page, const struct table *table, uint32_t row, const struct group *group,
		     enum group_by by)
{
	enum { CALLERS = 3 };

	table_write_cells(table, page, row);
	group_write_name(page, group, by, table_text_start(table), CALLER_INDENT);
	group_write_callers(page, group, by, table_text_start(table), CALLER_INDENT, CALLERS);
}

void inventory_write_rows(struct text_page *page, const struct table *table, const struct inventory *inventory,
			  uint32_t shown)
{
	const enum group_by by = inventory->groups.by;

	buffer_append_byte(page->out, '\n');
	table_write_titles(table, page);
	for (uint32_t i = 0; i < shown; i++)
		group_write_row(page, table, i, &inventory->groups.groups[inventory->rows[i].group], by);
	table_write_cells(table, page, shown);
	text_write(page, STYLE_PLAIN, "in all, %u %s%s\n", inventory->filled, group_by_name(by),
		   inventory->filled == 1 ? "" : "s");
}
