/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as "function  file:line"; the file by its last two names at most. */
#include "render/text/stack_text.h"

#include <stdio.h>
#include <string.h>

#include "files/path.h"
#include "render/text/name_text.h"

#define GAP 2
#define NAME_LEAST 16 /* columns; rather than less, the place goes to the next line */

/* One line of a stack, and how many there are. */
struct frame {
	const struct profile_location *location;
	const struct source_line *line;
};

struct frame_walk {
	const struct profile *profile;
	const struct profile_site *site;
	uint32_t depth; /* of the location that comes next */
	uint32_t line;
};

static bool walk_next(struct frame_walk *walk, struct frame *frame)
{
	while (walk->depth < walk->site->depth) {
		const struct profile_location *location = &walk->profile->locations[walk->site->stack[walk->depth]];
		if (walk->line < location->line_count) {
			*frame = (struct frame){location, &location->lines[walk->line++]};
			return true;
		}
		walk->depth++;
		walk->line = 0;
	}
	return false;
}

/* Code that the program did not write: by its name, the headers that it comes from, or its module. */
static bool is_library(const struct profile *profile, const struct frame *frame)
{
	const char *file = frame->line->file ? frame->line->file : "";
	const char *module = path_base_name(profile->modules[frame->location->module].path);

	return name_is_library(frame->line->function) || strstr(file, "/include/c++/") || strstr(file, "/rustc/") ||
	       text_begins_with(module, "libstdc++.so") || text_begins_with(module, "libc++.so");
}

/* Where the program's own code begins: callers from here on are the system's. */
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

/* Takes the innermost frame of the program itself, or the leaf where there is none; the walk goes on behind it. False
 * for a stack without frames. */
static bool walk_own(struct frame_walk *walk, struct frame *own, struct frame *leaf)
{
	struct frame_walk from_leaf;

	if (!walk_next(walk, leaf))
		return false;
	from_leaf = *walk;
	*own = *leaf;
	while (is_library(walk->profile, own) && walk_next(walk, own))
		;
	if (is_library(walk->profile, own) ||
	    (is_entry(own->line->function) && strcmp(own->line->function, "main") != 0)) {
		*own = *leaf;
		*walk = from_leaf;
	}
	return true;
}

/* The last two names of a path, or the last alone where they are long. */
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

/* "list.c:42", or the module in parentheses; nothing where that is the program itself, or told by the name already
 * ("plugin.so+0x12"). */
static void place_append(struct buffer *out, const struct profile *profile, const struct frame *frame, bool with_line)
{
	const struct profile_module *module = &profile->modules[frame->location->module];
	const char *name = path_base_name(module->path);
	const bool is_program = module->flags & SEEP_MODULE_EXECUTABLE;

	if (frame->line->file && frame->line->line && with_line)
		buffer_printf(out, "%s:%u", path_tail(frame->line->file), frame->line->line);
	else if (frame->line->file)
		buffer_append_text(out, path_tail(frame->line->file));
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
	const struct profile_location *leaf = site_leaf(profile, &profile->sites[group->site]);
	const char *path = leaf ? profile->modules[leaf->module].path : "";
	const unsigned sites_columns = text_columns(sites);
	struct buffer text = {0};

	path_append(&text, *path ? path : "[no module]", columns - (sites_columns + 8 < columns ? sites_columns : 0));
	text_write(page, STYLE_STRONG, "%s", text.data);
	if (text_columns(text.data) + sites_columns <= columns)
		text_write(page, STYLE_FAINT, "%s", sites);
	buffer_free(&text);
}

/* One line for a frame; `times`: as often as it calls itself there. */
static void write_frame(struct text_page *page, const struct profile *profile, const struct frame *frame,
			unsigned indent, const char *arrow, unsigned times)
{
	const unsigned columns = page->columns > indent + 3 + NAME_LEAST ? page->columns - indent - 3 : NAME_LEAST;
	struct buffer place = {0}, name = {0};

	place_append(&place, profile, frame, true);
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

void group_write_name(struct text_page *page, const struct group *group, enum group_by by, unsigned start,
		      unsigned indent)
{
	const unsigned columns = page->columns > start + NAME_LEAST ? page->columns - start : NAME_LEAST;
	const struct profile *profile = group->profile;
	struct frame_walk walk = {.profile = profile, .site = &profile->sites[group->site]};
	struct buffer place = {0};
	struct frame own, leaf;
	char sites[32] = "";

	if (by != GROUP_BY_SITE && group->site_count > 1)
		snprintf(sites, sizeof sites, "  (%u sites)", group->site_count);
	if (!walk_own(&walk, &own, &leaf)) {
		text_write(page, STYLE_STRONG, "%s", profile_site_stand_in(&profile->sites[group->site]));
	} else if (by == GROUP_BY_MODULE) {
		write_module(page, group, columns, sites);
	} else {
		const struct frame *shown = by == GROUP_BY_SITE ? &own : &leaf;
		place_append(&place, profile, shown, by != GROUP_BY_FUNCTION);
		buffer_append_text(&place, sites + (place.length ? 0 : strspn(sites, " ")));
		write_named(page, shown->line->function, place.data ? place.data : "", columns, indent);
	}
	buffer_append_byte(page->out, '\n');
	if (by == GROUP_BY_SITE && profile->sites[group->site].depth && own.line != leaf.line)
		write_frame(page, profile, &leaf, indent, "->", 1);
	buffer_free(&place);
}

static void write_skipped(struct text_page *page, unsigned skipped, const char *what, unsigned indent)
{
	text_write(page, STYLE_FAINT, "%*s<- ... %u %s%s", (int)indent, "", skipped, what, skipped == 1 ? "" : "s");
	buffer_append_byte(page->out, '\n');
}

/* Frames from here up to the entry, that one included. */
static unsigned walk_count(struct frame_walk walk)
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

/* Passes over callers that are the same function again, `most` at most. */
static unsigned walk_repeats(struct frame_walk *walk, const struct frame *frame, unsigned most)
{
	struct frame_walk ahead = *walk;
	struct frame next;
	unsigned repeats = 0;

	while (repeats < most && walk_next(&ahead, &next) && strcmp(next.line->function, frame->line->function) == 0) {
		*walk = ahead;
		repeats++;
	}
	return repeats;
}

void group_write_callers(struct text_page *page, const struct group *group, enum group_by by, unsigned indent,
			 unsigned frames)
{
	const struct profile_site *site = &group->profile->sites[group->site];
	struct frame_walk walk = {.profile = group->profile, .site = site};
	unsigned skipped = 0, written = 0;
	struct frame frame, leaf;

	if (by != GROUP_BY_SITE || !walk_own(&walk, &frame, &leaf) || is_entry(frame.line->function))
		return;
	for (unsigned left = walk_count(walk); left > 0; left--) {
		if (written >= frames && left > 1) {
			write_skipped(page, left + skipped, "more frame", indent);
			return;
		}
		walk_next(&walk, &frame);
		if (is_library(group->profile, &frame)) {
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
	if (site->truncated) {
		text_write(page, STYLE_FAINT, "%*s<- [callers unknown: stack cut]", (int)indent, "");
		buffer_append_byte(page->out, '\n');
	}
}
