/* SPDX-License-Identifier: Apache-2.0 */
/* See snapshot_reader_private.h. */
#include "reader/snapshot_reader_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "reader/input.h"

/* The known sections, and the size of an entry as this version knows it. */
#define SECTION_KIND(name, type, is_always_there) [SEEP_SECTION_##name] = {#name, sizeof(type)},
static const struct section_kind {
	const char *name;
	uint32_t entry_bytes;
} kinds[SEEP_SECTION_TYPES] = {SEEP_SNAPSHOT_SECTIONS(SECTION_KIND)};

/* A file from before the entry grew has less in it. */
static uint32_t least_entry_bytes(uint32_t type)
{
	if (type == SEEP_SECTION_SITES)
		return SEEP_SITE_BYTES_LEAST;
	if (type == SEEP_SECTION_ABSENT || type == SEEP_SECTION_MAPPING_ABSENT)
		return SEEP_ABSENCE_BYTES_LEAST;
	return kinds[type].entry_bytes;
}

static bool is_known(const struct seep_section *section)
{
	return section->type < SEEP_SECTION_TYPES && kinds[section->type].name;
}

/* Makes room for the table's entries; keeps what it had. */
static void table_make_room(struct snapshot_table *table)
{
	const size_t bytes = (size_t)table->count * table->stride_bytes;

	if (bytes > table->room_bytes || !table->room) {
		table->room = memory_resize(table->room, bytes, 1);
		table->room_bytes = bytes;
	}
	table->entries = table->room;
}

/* Snapshots of one recording usually begin with the same nodes, because its tables grow at their end. */
static bool nodes_expand_rest(struct snapshot_view *view, const struct seep_section *section,
			      const unsigned char *packed, void *nodes, uint64_t *fault)
{
	const bool is_longer = view->last_nodes.count && view->last_nodes.count <= section->compact_entries &&
			       view->last_nodes.bytes <= section->bytes &&
			       memcmp(view->last_nodes.packed, packed, view->last_nodes.bytes) == 0;

	view->shared_nodes = is_longer ? view->last_nodes.count : 0;
	view->last_nodes.count = 0;
	if (!(is_longer
		  ? seep_nodes_expand_rest(section, packed, nodes, view->shared_nodes, view->last_nodes.bytes, fault)
		  : seep_section_expand(section, packed, nodes, fault)))
		return false;
	if (section->bytes > view->last_nodes.room) {
		view->last_nodes.room = section->bytes + section->bytes / 4;
		view->last_nodes.packed = memory_resize(view->last_nodes.packed, view->last_nodes.room, 1);
	}
	memcpy(view->last_nodes.packed, packed, section->bytes);
	view->last_nodes.bytes = section->bytes;
	view->last_nodes.count = section->compact_entries;
	return true;
}

static bool entries_expand(struct snapshot_view *view, const struct seep_section *section, void *entries,
			   uint64_t *fault)
{
	const unsigned char *packed = view->data + section->offset;

	if (section->type == SEEP_SECTION_NODES)
		return nodes_expand_rest(view, section, packed, entries, fault);
	if (section->type == SEEP_SECTION_SITES)
		return seep_sites_expand_brief(section, packed, entries, fault);
	return seep_section_expand(section, packed, entries, fault);
}

bool snapshot_compact_fault(const struct snapshot_view *view, const struct seep_section *section, uint64_t fault,
			    struct error *error)
{
	return input_fault(error, view->name, section->offset + fault,
			   "the compact section %s can't be expanded from here on", kinds[section->type].name);
}

static struct snapshot_window *window_open(const struct seep_section *section, const void *bytes)
{
	struct snapshot_window *window =
	    memory_allocate(1, sizeof *window + SNAPSHOT_WINDOW_ENTRIES * (size_t)section->entry_bytes);

	window->section = *section;
	seep_section_open(&window->cursor, section, bytes);
	return window;
}

void snapshot_window_move(const struct snapshot_table *table, uint32_t index)
{
	struct snapshot_window *window = table->window;
	const uint32_t first = index - index % SNAPSHOT_WINDOW_ENTRIES;
	const bool is_behind = index < window->first;

	if (is_behind)
		seep_section_open(&window->cursor, &window->section, window->cursor.begin);
	while (window->cursor.next <= index &&
	       seep_section_next(&window->cursor, window->entries, SNAPSHOT_WINDOW_ENTRIES)) {
	}
	if (window->cursor.is_bad)
		memset(window->entries, 0, SNAPSHOT_WINDOW_ENTRIES * (size_t)table->stride_bytes);
	window->first = first;
	window->count = SNAPSHOT_WINDOW_ENTRIES;
}

/* For a compact section: checks the number of entries before it takes memory. */
static bool section_expand(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
			   struct error *error)
{
	struct snapshot_table *table = &view->tables[section->type];
	const char *name = kinds[section->type].name;
	uint64_t fault;

	if (!seep_section_is_compact(section))
		return input_fault(error, view->name, at,
				   "%s can't be compact, or not with entries of %" PRIu32 " bytes", name,
				   section->entry_bytes);
	view->expanded_bytes += (uint64_t)section->compact_entries * section->entry_bytes;
	if (view->expanded_bytes > SEEP_COMPACT_LEAST + SEEP_COMPACT_RATIO * (uint64_t)view->bytes)
		return input_fault(error, view->name, at,
				   "%" PRIu32 " entries in the compact section %s, far too many for its size",
				   section->compact_entries, name);
	table->count = section->compact_entries;
	if (view->is_brief && section->type == SEEP_SECTION_SITES)
		table->stride_bytes = SEEP_SITE_BYTES_BRIEF;
	table->is_compact = true;
	if (!view->is_brief) {
		table->entries = NULL;
		table->window = window_open(section, view->data + section->offset);
		return true;
	}
	table_make_room(table);
	return entries_expand(view, section, table->room, &fault) ||
	       snapshot_compact_fault(view, section, fault, error);
}

bool snapshot_section_enter(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
			    struct error *error)
{
	if (!is_known(section))
		return true;
	const struct section_kind *kind = &kinds[section->type];
	struct snapshot_table *table = &view->tables[section->type];
	const uint32_t least_bytes = least_entry_bytes(section->type);

	if (table->offset)
		return input_fault(error, view->name, at, "a second %s section", kind->name);
	if (section->type == SEEP_SECTION_STRINGS ? section->entry_bytes != 1
						  : section->entry_bytes < least_bytes || section->entry_bytes % 8)
		return input_fault(error, view->name, at,
				   "%s entries of %" PRIu32 " bytes, where there must be %" PRIu32, kind->name,
				   section->entry_bytes, least_bytes);
	if (section->bytes / section->entry_bytes > UINT32_MAX)
		return input_fault(error, view->name, at, "more %s entries than an index can name", kind->name);
	*table = (struct snapshot_table){
	    .entries = view->data + section->offset,
	    .offset = section->offset,
	    .count = (uint32_t)(section->bytes / section->entry_bytes),
	    .stride_bytes = section->entry_bytes,
	    .room = table->room,
	    .room_bytes = table->room_bytes,
	};
	if (view->is_brief && section->type == SEEP_SECTION_LIFETIMES)
		table->count = 0;
	else if (section->compact_entries)
		return section_expand(view, section, at, error);
	return true;
}

const char *snapshot_section_title(const struct seep_section *section, char number[static 16])
{
	if (is_known(section))
		return kinds[section->type].name;
	snprintf(number, 16, "%" PRIu32, section->type);
	return number;
}

bool snapshot_sections_are_there(const struct snapshot_view *view, struct error *error)
{
	for (uint32_t type = SEEP_SECTION_PROCESS; type <= SEEP_SECTION_SITES; type++)
		if (!view->tables[type].offset)
			return input_fault(error, view->name, sizeof view->header, "there is no %s section",
					   kinds[type].name);
	return true;
}

void snapshot_view_keep(struct snapshot_view *kept, const struct snapshot_view *view, enum seep_section_type type)
{
	const struct snapshot_table *from = &view->tables[type];
	struct snapshot_table *table = &kept->tables[type];
	const struct seep_section *packed = from->window ? &from->window->section : NULL;

	*kept = (struct snapshot_view){.header = view->header};
	*table = *from;
	table->window = NULL;
	table->room_bytes = packed ? packed->bytes : (size_t)from->count * from->stride_bytes;
	table->room = memory_allocate(table->room_bytes, 1);
	if (table->room_bytes)
		memcpy(table->room, packed ? from->window->cursor.begin : from->entries, table->room_bytes);
	table->entries = packed ? NULL : table->room;
	if (packed)
		table->window = window_open(packed, table->room);
}

void snapshot_view_free(struct snapshot_view *view)
{
	for (uint32_t type = 0; type < SEEP_SECTION_TYPES; type++) {
		free(view->tables[type].room);
		free(view->tables[type].window);
	}
	free(view->last_nodes.packed);
	free(view->last_nodes.depths);
	*view = (struct snapshot_view){0};
}
