/* SPDX-License-Identifier: Apache-2.0 */
/* The container: header, section table, checksums, and where sections lie. snapshot_entries.c checks the entries. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include <seep/keeper.h>

#include "base/budget.h"
#include "base/memory.h"
#include "encoding/checksum.h"
#include "reader/foreign_describe.h"
#include "reader/input.h"
#include "reader/snapshot_reader.h"

enum { MAGIC_BYTES = sizeof SEEP_SNAPSHOT_MAGIC - 1, HEADER_BYTES = sizeof(struct seep_snapshot_header) };

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

static bool shows_mappings;

void snapshot_show_mappings(bool shows)
{
	shows_mappings = shows;
}

bool snapshot_shows_mappings(void)
{
	return shows_mappings;
}

/* When mappings are shown, their sections take the place of the heap's, which nobody looks at then. */
static void mappings_put_in_place(struct snapshot_view *view)
{
	static const enum seep_section_type places[][2] = {{SEEP_SECTION_SITES, SEEP_SECTION_MAPPING_SITES},
							   {SEEP_SECTION_LIVE, SEEP_SECTION_MAPPINGS},
							   {SEEP_SECTION_ABSENT, SEEP_SECTION_MAPPING_ABSENT}};
	static const enum seep_section_type others[] = {SEEP_SECTION_LIFETIMES, SEEP_SECTION_REFERENCES};

	for (size_t i = 0; shows_mappings && i < sizeof places / sizeof *places; i++) {
		const struct snapshot_table heap = view->tables[places[i][0]];
		view->tables[places[i][0]] = view->tables[places[i][1]];
		view->tables[places[i][1]] = heap;
	}
	for (size_t i = 0; shows_mappings && i < sizeof others / sizeof *others; i++)
		view->tables[others[i]].count = 0, view->tables[others[i]].offset = 0;
}

bool snapshot_is_snapshot(const void *data, size_t bytes)
{
	return bytes >= MAGIC_BYTES && memcmp(data, SEEP_SNAPSHOT_MAGIC, MAGIC_BYTES) == 0;
}

static bool magic_verify(const void *data, size_t bytes, const char *name, struct error *error)
{
	size_t compared = bytes < MAGIC_BYTES ? bytes : MAGIC_BYTES;

	if (bytes == 0)
		return input_fault(error, name, 0, "the file is empty");
	if (memcmp(data, SEEP_SNAPSHOT_MAGIC, compared) != 0)
		return input_fault(error, name, 0, "is not a seep snapshot but %s", foreign_describe(data, bytes));
	return true;
}

static uint32_t header_crc(const struct seep_snapshot_header *header)
{
	struct seep_snapshot_header copy = *header;

	copy.header_crc = 0;
	return (uint32_t)crc32_z(0, (const Bytef *)&copy, sizeof copy);
}

bool snapshot_header_is_valid(const struct seep_snapshot_header *header)
{
	return snapshot_is_snapshot(header, sizeof *header) && header->version >= SEEP_SNAPSHOT_VERSION_PLAIN &&
	       header->version <= SEEP_SNAPSHOT_VERSION && header->header_crc == header_crc(header);
}

/* The order matters, since a newer version may lay out everything behind its number differently. */
static bool header_verify(struct snapshot_view *view, struct error *error)
{
	struct seep_snapshot_header header;
	const char *name = view->name;

	if (!magic_verify(view->data, view->bytes, name, error))
		return false;
	if (view->bytes < sizeof header)
		return input_fault(error, name, view->bytes, "truncated: the header alone has %d bytes", HEADER_BYTES);
	memcpy(&header, view->data, sizeof header);
	view->header = header;
	if (header.version > SEEP_SNAPSHOT_VERSION)
		return input_fault(error, name, offsetof(struct seep_snapshot_header, version),
				   "snapshot version %" PRIu32 " is newer than this seep reads (%u); update seep",
				   header.version, SEEP_SNAPSHOT_VERSION);
	if (header.header_crc != header_crc(&header))
		return input_fault(error, name, 0, "the header is damaged (its checksum differs)");
	if (header.version == 0)
		return input_fault(error, name, offsetof(struct seep_snapshot_header, version),
				   "there is no snapshot version 0");
	if (header.header_bytes != sizeof header)
		return input_fault(error, name, offsetof(struct seep_snapshot_header, header_bytes),
				   "a header of %" PRIu32 " bytes, where there must be %d", header.header_bytes,
				   HEADER_BYTES);
	if (view->bytes < header.file_bytes)
		return input_fault(error, name, view->bytes, "truncated: the file has %zu of %" PRIu64 " bytes",
				   view->bytes, header.file_bytes);
	if (view->bytes > header.file_bytes)
		return input_fault(error, name, header.file_bytes, "%" PRIu64 " bytes follow the end of the snapshot",
				   view->bytes - header.file_bytes);
	return true;
}

static struct seep_section section_at(const struct snapshot_view *view, uint32_t index)
{
	struct seep_section section;

	memcpy(&section, view->data + sizeof view->header + (size_t)index * sizeof section, sizeof section);
	if (view->header.version == SEEP_SNAPSHOT_VERSION_PLAIN)
		section.compact_entries = 0; /* the field was reserved then */
	return section;
}

static uint64_t table_end(const struct snapshot_view *view)
{
	return sizeof view->header + (uint64_t)view->header.section_count * sizeof(struct seep_section);
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

/* Makes a known section a table of the view. */
static bool section_enter(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
			  struct error *error)
{
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

/* The name of a section for messages; `number` is room for the name of an unknown one. */
static const char *section_title(const struct seep_section *section, char number[static 16])
{
	if (section->type < SEEP_SECTION_TYPES && kinds[section->type].name)
		return kinds[section->type].name;
	snprintf(number, 16, "%" PRIu32, section->type);
	return number;
}

/* Whether a section lies where it may. `at` is the offset of its entry in the section table. */
static bool section_verify_place(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
				 struct error *error)
{
	char number[16];
	const char *title = section_title(section, number);

	if (section->offset % 8 || section->offset < table_end(view) || section->offset > view->bytes ||
	    section->bytes > view->bytes - section->offset)
		return input_fault(error, view->name, at,
				   "section %s is said to have %" PRIu64 " bytes at %" PRIu64
				   ", which is not within the file, or not aligned",
				   title, section->bytes, section->offset);
	if (section->entry_bytes == 0 || (!section->compact_entries && section->bytes % section->entry_bytes))
		return input_fault(error, view->name, at,
				   "section %s has %" PRIu64 " bytes, not a multiple of its entries' %" PRIu32, title,
				   section->bytes, section->entry_bytes);
	return true;
}

static bool section_verify_content(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
				   struct error *error)
{
	char number[16];

	if (section->crc != checksum_of(view->data + section->offset, section->bytes))
		return input_fault(error, view->name, section->offset, "section %s is damaged (its checksum differs)",
				   section_title(section, number));
	if (section->type < SEEP_SECTION_TYPES && kinds[section->type].name)
		return section_enter(view, section, at, error);
	return true;
}

static int section_compare(const void *left, const void *right)
{
	const struct seep_section *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static bool overlaps_verify(const struct snapshot_view *view, struct error *error)
{
	uint32_t count = view->header.section_count;
	struct seep_section *sections = memory_allocate(count, sizeof *sections);
	bool apart = true;

	memcpy(sections, view->data + sizeof view->header, count * sizeof *sections);
	qsort(sections, count, sizeof *sections, section_compare);
	for (uint32_t i = 1; i < count && apart; i++)
		if (sections[i].offset - sections[i - 1].offset < sections[i - 1].bytes)
			apart = input_fault(error, view->name, sections[i].offset,
					    "sections %" PRIu32 " and %" PRIu32 " overlap", sections[i - 1].type,
					    sections[i].type);
	free(sections);
	return apart;
}

/* Calls `verify` for every entry of the section table. */
static bool sections_each(struct snapshot_view *view,
			  bool (*verify)(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
					 struct error *error),
			  struct error *error)
{
	for (uint32_t i = 0; i < view->header.section_count; i++) {
		struct seep_section section = section_at(view, i);
		if (!verify(view, &section, sizeof view->header + (uint64_t)i * sizeof section, error))
			return false;
	}
	return true;
}

/* Overlaps are checked before checksums, so that no byte is summed twice, however many sections the file claims. */
static bool sections_verify(struct snapshot_view *view, struct error *error)
{
	uint32_t count = view->header.section_count;

	if (table_end(view) > view->bytes)
		return input_fault(error, view->name, offsetof(struct seep_snapshot_header, section_count),
				   "a table of %" PRIu32 " sections does not fit into %zu bytes", count, view->bytes);
	if (view->header.table_crc !=
	    (uint32_t)crc32_z(0, view->data + sizeof view->header, (size_t)count * sizeof(struct seep_section)))
		return input_fault(error, view->name, sizeof view->header,
				   "the section table is damaged (its checksum differs)");
	if (!sections_each(view, section_verify_place, error) || !overlaps_verify(view, error) ||
	    !sections_each(view, section_verify_content, error))
		return false;
	for (uint32_t type = SEEP_SECTION_PROCESS; type <= SEEP_SECTION_SITES; type++) /* no file can do without */
		if (!view->tables[type].offset)
			return input_fault(error, view->name, sizeof view->header, "there is no %s section",
					   kinds[type].name);
	mappings_put_in_place(view);
	return true;
}

static bool view_verify(struct snapshot_view *view, bool stacks_too, struct error *error)
{
	if (header_verify(view, error) && sections_verify(view, error) &&
	    snapshot_verify_entries(view, stacks_too, error))
		return true;
	snapshot_view_free(view);
	return false;
}

bool snapshot_verify(struct snapshot_view *view, const void *data, size_t bytes, const char *name, struct error *error)
{
	*view = (struct snapshot_view){.name = name, .data = data, .bytes = bytes};
	return view_verify(view, true, error);
}

bool snapshot_verify_but_stacks(struct snapshot_view *view, const void *data, size_t bytes, const char *name,
				struct error *error)
{
	*view = (struct snapshot_view){.name = name, .data = data, .bytes = bytes};
	return view_verify(view, false, error);
}

bool snapshot_verify_brief(struct snapshot_view *view, const void *data, size_t bytes, const char *name,
			   struct error *error)
{
	struct snapshot_view next = {.name = name, .data = data, .bytes = bytes, .is_brief = true};

	next.last_nodes = view->last_nodes;
	for (uint32_t type = 0; type < SEEP_SECTION_TYPES; type++) {
		next.tables[type].room = view->tables[type].room;
		next.tables[type].room_bytes = view->tables[type].room_bytes;
	}
	*view = next;
	return view_verify(view, true, error);
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

uint64_t snapshot_input_bytes(const struct snapshot_view *view)
{
	return budget_packed_bytes(view->bytes, view->bytes + view->expanded_bytes);
}
