/* SPDX-License-Identifier: Apache-2.0 */
/* The container: header, section table, checksums, and where sections lie. snapshot_tables.c makes tables of them,
 * snapshot_entries.c checks the entries. */
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
#include "reader/snapshot_reader_private.h"

enum { MAGIC_BYTES = sizeof SEEP_SNAPSHOT_MAGIC - 1, HEADER_BYTES = sizeof(struct seep_snapshot_header) };

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

/* Whether a section lies where it may. `at` is the offset of its entry in the section table. */
static bool section_verify_place(struct snapshot_view *view, const struct seep_section *section, uint64_t at,
				 struct error *error)
{
	char number[16];
	const char *title = snapshot_section_title(section, number);

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
				   snapshot_section_title(section, number));
	return snapshot_section_enter(view, section, at, error);
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
	if (!snapshot_sections_are_there(view, error))
		return false;
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

uint64_t snapshot_input_bytes(const struct snapshot_view *view)
{
	return budget_packed_bytes(view->bytes, view->bytes + view->expanded_bytes);
}
