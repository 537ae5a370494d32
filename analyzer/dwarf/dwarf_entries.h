/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over one unit's entries as they lie in memory, and takes no more of each than its place in the tree and one
 * range of addresses. */
#ifndef SEEP_DWARF_DWARF_ENTRIES_H
#define SEEP_DWARF_DWARF_ENTRIES_H

#include <stddef.h>

#include <elfutils/libdw.h>

#include "dwarf/dwarf_raw.h"

struct dwarf_kind; /* an abbreviation */
struct dwarf_part; /* of its attributes */

struct dwarf_entries {
	struct dwarf_bytes bytes; /* from the next entry to the unit's end */
	const unsigned char *unit;
	Dwarf_Off offset; /* of the unit in .debug_info */
	Dwarf *dwarf;
	unsigned offset_bytes;
	struct dwarf_kind *kinds; /* by the abbreviation's number, from 1 */
	struct dwarf_part *parts;
	size_t kind_count, kind_capacity, part_count, part_capacity;
};

/* libdw must say what an entry's ranges are if they aren't simple. */
enum dwarf_range { RANGE_NONE, RANGE_PLAIN, RANGE_OTHER };

struct dwarf_entry {
	const unsigned char *at;
	const unsigned char *sibling; /* NULL: it does not say */
	uint64_t start, end;          /* of the plain range */
	enum dwarf_range range;       /* of a function, inlined call or block */
	int tag;                      /* 0: here ends a list of children */
	bool has_children;
};

/* Begins with the unit's own entry; false: something in it is unknown here. */
bool dwarf_entries_open(struct dwarf_entries *entries, const struct dwarf_raw *raw, Dwarf_Die *unit);
void dwarf_entries_close(struct dwarf_entries *entries);

/* False: the rest is damaged or unknown. */
bool dwarf_entries_take(struct dwarf_entries *entries, struct dwarf_entry *entry);
/* Passes what is below the entry that was taken last. */
bool dwarf_entries_pass(struct dwarf_entries *entries, const struct dwarf_entry *entry);
bool dwarf_entries_die(const struct dwarf_entries *entries, const struct dwarf_entry *entry, Dwarf_Die *die);

#endif
