/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a snapshot (docs/SNAPSHOT_FORMAT.md) from untrusted bytes.
 *
 * snapshot_verify() checks everything once: magic, version, sizes, checksums, and every index, offset and number in
 * every entry. A file that it accepts can be read through the functions below without a further check, at any index
 * below the table's count. The view borrows the bytes, which need no alignment; until snapshot_view_free() it also
 * holds a piece of each compact section or, for a series, all entries.
 */
#ifndef SEEP_READER_SNAPSHOT_READER_H
#define SEEP_READER_SNAPSHOT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <seep/keeper.h>
#include <seep/snapshot.h>

#include "base/error.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format's byte order is the machine's");

enum {
	/* Most frames in one stack; seep's own recorder stops far earlier. It bounds the cost of expanding the tree. */
	SNAPSHOT_DEPTH_MAX = 1024,
	/* Most frames in all stacks together: this many, and some for each byte of the file. */
	SNAPSHOT_FRAMES_LEAST = 8 << 20,
	SNAPSHOT_FRAMES_RATIO = 20,
	SNAPSHOT_LIFETIME_BINS = 64,
};
#define SNAPSHOT_BYTES_LIMIT (UINT64_C(4) << 30)

struct snapshot_table {
	const unsigned char *entries;
	uint64_t offset; /* in the file; 0: the file has no such section */
	uint32_t count;
	uint32_t stride_bytes;
	bool is_compact;
	void *room; /* holds all entries of a compact section; owned */
	size_t room_bytes;
	struct snapshot_window *window; /* instead of `entries`: those around the last one that was read; owned */
};

enum { SNAPSHOT_WINDOW_ENTRIES = 64 };
/* Entries of a compact section. Reading it from the first to the last needs no more memory than this. */
struct snapshot_window {
	struct seep_section section;
	struct seep_section_cursor cursor;
	uint32_t first, count; /* the entries in here */
	unsigned char entries[];
};

struct snapshot_view {
	const char *name; /* the file's, for messages */
	const unsigned char *data;
	size_t bytes;
	struct seep_snapshot_header header;
	struct snapshot_table tables[SEEP_SECTION_TYPES]; /* by enum seep_section_type */
	uint64_t expanded_bytes;
	bool is_brief;
	uint32_t shared_nodes; /* in a brief view: this many first nodes are those of the snapshot before */
	struct {
		unsigned char *packed; /* a copy of NODES, packed as in the file */
		uint64_t bytes, room;
		uint32_t count;
		uint16_t *depths; /* of the nodes that were checked last, together with this many modules */
		uint32_t checked, modules;
	} last_nodes;
};

/* Whether the bytes begin like a snapshot, however broken the rest may be. */
bool snapshot_is_snapshot(const void *data, size_t bytes);

/* Whether the header is intact and of a version that can be read: magic, version, checksum. */
bool snapshot_header_is_valid(const struct seep_snapshot_header *header);

/* Fills the view. False: the error names file, offset and fault, and the view holds nothing. */
bool snapshot_verify(struct snapshot_view *view, const void *data, size_t bytes, const char *name, struct error *error);

/* The same without the entries of NODES and SITES, which take longest to unpack: for a reader that checks each one when
 * it comes to it. */
bool snapshot_verify_but_stacks(struct snapshot_view *view, const void *data, size_t bytes, const char *name,
				struct error *error);
struct stack_checks {
	const struct snapshot_view *view;
	uint16_t *depths; /* for each node that was checked, its number of calls */
	uint64_t frames_left;
};
struct stack_checks stack_checks_begin(const struct snapshot_view *view);
void stack_checks_end(struct stack_checks *checks);
/* Call this for all nodes from the first to the last, then likewise for all sites. */
bool snapshot_node_verify(struct stack_checks *checks, uint32_t index, const struct seep_node *node,
			  struct error *error);
bool snapshot_site_verify(struct stack_checks *checks, uint32_t index, const struct seep_site *site,
			  struct error *error);
/* Whether all compact entries that were read could be unpacked: if not, no other fault of theirs counts. */
bool snapshot_compact_verify(const struct snapshot_view *view, struct error *error);

/*
 * The same for a series, in place of the snapshot before or of zeros. Of sites it has only what was allocated and is in
 * use, and it has no lifetimes. Compact sections are expanded into the same memory again, nodes only as far as they are
 * new.
 */
bool snapshot_verify_brief(struct snapshot_view *view, const void *data, size_t bytes, const char *name,
			   struct error *error);
void snapshot_view_free(struct snapshot_view *view);
/* Makes a view of one section with its own copy of the packed bytes, which outlives the other view. */
void snapshot_view_keep(struct snapshot_view *kept, const struct snapshot_view *view, enum seep_section_type type);

/* The size that the file counts as if the input's size bounds memory: that of the unpacked file, within reason. */
uint64_t snapshot_input_bytes(const struct snapshot_view *view);

/* Reports that a compact section can't be unpacked from the offset `fault` on; returns false. */
bool snapshot_compact_fault(const struct snapshot_view *view, const struct seep_section *section, uint64_t fault,
			    struct error *error);

/* If true, every snapshot that is read from now on has mappings as its sites, samples and absences, instead of the
 * heap's. */
void snapshot_show_mappings(bool shows);
bool snapshot_shows_mappings(void);

/* The second half of snapshot_verify(): checks the entries, with `stacks_too` also those of NODES and SITES. */
bool snapshot_verify_entries(struct snapshot_view *view, bool stacks_too, struct error *error);

/* Moves the window to the entry. Entries that can't be unpacked become zeros. */
void snapshot_window_move(const struct snapshot_table *table, uint32_t index);

static inline const unsigned char *snapshot_entry_at(const struct snapshot_table *table, uint32_t index)
{
	const struct snapshot_window *window = table->window;

	if (!window)
		return table->entries + (size_t)index * table->stride_bytes;
	if (index - window->first >= window->count)
		snapshot_window_move(table, index);
	return window->entries + (size_t)(index - window->first) * table->stride_bytes;
}

/* Copies the known part of an entry, and zeros for what the file's version did not have; index < count. Mostly the file
 * has all of it, and `known_bytes` is a constant, so that the copy takes a few instructions. */
static inline void snapshot_entry(const struct snapshot_view *view, enum seep_section_type type, uint32_t index,
				  void *entry, size_t known_bytes)
{
	const struct snapshot_table *table = &view->tables[type];
	const unsigned char *at = snapshot_entry_at(table, index);

	if (table->stride_bytes >= known_bytes) {
		memcpy(entry, at, known_bytes);
		return;
	}
	memcpy(entry, at, table->stride_bytes);
	memset((char *)entry + table->stride_bytes, 0, known_bytes - table->stride_bytes);
}

static inline uint32_t snapshot_count(const struct snapshot_view *view, enum seep_section_type type)
{
	return view->tables[type].count;
}

static inline const char *snapshot_text(const struct snapshot_view *view, seep_string offset)
{
	return (const char *)view->tables[SEEP_SECTION_STRINGS].entries + offset;
}

#define SNAPSHOT_ENTRY_FUNCTION(name, type, section)                                                                   \
	static inline struct type name(const struct snapshot_view *view, uint32_t index)                               \
	{                                                                                                              \
		struct type entry;                                                                                     \
		snapshot_entry(view, section, index, &entry, sizeof entry);                                            \
		return entry;                                                                                          \
	}
SNAPSHOT_ENTRY_FUNCTION(snapshot_process, seep_process, SEEP_SECTION_PROCESS)
SNAPSHOT_ENTRY_FUNCTION(snapshot_module, seep_module, SEEP_SECTION_MODULES)
SNAPSHOT_ENTRY_FUNCTION(snapshot_node, seep_node, SEEP_SECTION_NODES)
SNAPSHOT_ENTRY_FUNCTION(snapshot_site, seep_site, SEEP_SECTION_SITES)
SNAPSHOT_ENTRY_FUNCTION(snapshot_lifetime, seep_lifetime, SEEP_SECTION_LIFETIMES)
SNAPSHOT_ENTRY_FUNCTION(snapshot_live, seep_live, SEEP_SECTION_LIVE)
SNAPSHOT_ENTRY_FUNCTION(snapshot_memory, seep_value, SEEP_SECTION_MEMORY)
SNAPSHOT_ENTRY_FUNCTION(snapshot_loss, seep_value, SEEP_SECTION_LOSSES)
SNAPSHOT_ENTRY_FUNCTION(snapshot_ledger, seep_ledger_row, SEEP_SECTION_LEDGER)
SNAPSHOT_ENTRY_FUNCTION(snapshot_absence, seep_absence, SEEP_SECTION_ABSENT)
SNAPSHOT_ENTRY_FUNCTION(snapshot_referenced, seep_referenced, SEEP_SECTION_REFERENCES)
#undef SNAPSHOT_ENTRY_FUNCTION

/* The entry itself if it can be read in place, else in `copy`. A brief view has nothing behind
 * SEEP_SITE_BYTES_BRIEF. */
static inline const struct seep_site *snapshot_site_in_place(const struct snapshot_view *view, uint32_t index,
							     struct seep_site *copy)
{
	const struct snapshot_table *table = &view->tables[SEEP_SECTION_SITES];

	if (table->is_compact)
		return (const struct seep_site *)(const void *)snapshot_entry_at(table, index);
	*copy = snapshot_site(view, index);
	return copy;
}

/* A class that only a newer seep knows can't be explained here. */
static inline enum seep_ledger_class snapshot_ledger_class(const struct seep_ledger_row *row)
{
	return row->ledger_class < SEEP_LEDGER_CLASSES ? (enum seep_ledger_class)row->ledger_class
						       : SEEP_LEDGER_UNEXPLAINED;
}

#endif
