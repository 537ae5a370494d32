/* SPDX-License-Identifier: Apache-2.0 */
/* One walk through a unit's tree serves all of its addresses. It enters functions and blocks only if they contain one
 * of them, and namespaces always. If it finds no function for some address, a second walk looks everywhere (functions
 * in types, or nested in functions). */
#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <seep/search.h>

#include "base/memory.h"
#include "dwarf/dwarf_entries.h"
#include "dwarf/dwarf_scopes.h"

enum { DEPTH_MAX = 256 }; /* nested entries; deeper ones are not looked at */

struct walk {
	struct dwarf_scopes *scopes;
	bool *found;     /* by address: its function was found */
	bool everywhere; /* this is the second walk */
};

size_t addresses_lower_bound(const uint64_t *addresses, size_t count, uint64_t limit)
{
	return seep_count_below(addresses, count, sizeof *addresses, 0, limit);
}

static void scope_add(struct walk *walk, size_t index, const Dwarf_Die *die, bool is_function)
{
	struct dwarf_scopes *scopes = walk->scopes;

	/* The first walk's answer stands; and an inlined call is never taken without its function. */
	if (walk->everywhere && walk->found[index])
		return;
	ARRAY_RESERVE(scopes->scopes, scopes->count, scopes->capacity);
	scopes->scopes[scopes->count++] = (struct dwarf_scope){.index = index, .die = *die};
	if (is_function && !walk->everywhere)
		walk->found[index] = true;
}

/* How an entry is related to the addresses. */
enum holding { HOLDS_NONE, HOLDS_SOME, HAS_NO_RANGES };

/* Files the entry for every address in the range, unless it is only a block. */
static enum holding range_hold(struct walk *walk, const Dwarf_Die *die, int tag, uint64_t start, uint64_t end)
{
	const struct dwarf_scopes *scopes = walk->scopes;
	size_t index = addresses_lower_bound(scopes->addresses, scopes->address_count, start);
	enum holding holding = HOLDS_NONE;

	for (; index < scopes->address_count && scopes->addresses[index] < end; index++) {
		holding = HOLDS_SOME;
		if (tag != DW_TAG_lexical_block)
			scope_add(walk, index, die, tag == DW_TAG_subprogram);
	}
	return holding;
}

static enum holding die_hold(struct walk *walk, Dwarf_Die *die, int tag)
{
	enum holding holding = HAS_NO_RANGES;
	Dwarf_Addr base, start, end;

	for (ptrdiff_t next = dwarf_ranges(die, 0, &base, &start, &end); next > 0;
	     next = dwarf_ranges(die, next, &base, &start, &end)) {
		const bool holds = range_hold(walk, die, tag, start, end) == HOLDS_SOME;
		holding = holds || holding == HOLDS_SOME ? HOLDS_SOME : HOLDS_NONE;
	}
	return holding;
}

static bool tag_has_code(int tag)
{
	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block;
}

/* Whether to look at the entries below this one. `holding`: of one that has code. `inside`: a function around it
 * contains an address. */
static bool tag_enter(const struct walk *walk, int tag, enum holding holding, bool *inside)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
		if (holding == HOLDS_SOME || (holding == HAS_NO_RANGES && tag == DW_TAG_lexical_block && *inside)) {
			*inside = true;
			return true;
		}
		return walk->everywhere;
	case DW_TAG_namespace:
	case DW_TAG_module:
		return true;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return walk->everywhere;
	default:
		return false;
	}
}

static void walk_children(struct walk *walk, Dwarf_Die *parent, bool inside, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die) != 0)
		return;
	do {
		bool inside_child = inside;
		const int tag = dwarf_tag(&die);
		const enum holding holding = tag_has_code(tag) ? die_hold(walk, &die, tag) : HOLDS_NONE;
		if (tag_enter(walk, tag, holding, &inside_child))
			walk_children(walk, &die, inside_child, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

/* ---- the same over entries as they lie in memory ---- */

static bool entry_hold(struct walk *walk, const struct dwarf_entries *entries, const struct dwarf_entry *entry,
		       enum holding *holding)
{
	const struct dwarf_scopes *scopes = walk->scopes;
	Dwarf_Die die;

	*holding = entry->range == RANGE_NONE ? HAS_NO_RANGES : HOLDS_NONE;
	if (entry->range == RANGE_NONE)
		return true;
	if (entry->range == RANGE_PLAIN) {
		const size_t first = addresses_lower_bound(scopes->addresses, scopes->address_count, entry->start);
		if (first == scopes->address_count || scopes->addresses[first] >= entry->end)
			return true;
	}
	if (!dwarf_entries_die(entries, entry, &die))
		return false;
	*holding = entry->range == RANGE_PLAIN ? range_hold(walk, &die, entry->tag, entry->start, entry->end)
					       : die_hold(walk, &die, entry->tag);
	return true;
}

/* False: something is damaged or unknown. */
static bool walk_entries(struct walk *walk, struct dwarf_entries *entries, bool inside, int depth)
{
	struct dwarf_entry entry;

	while (dwarf_entries_take(entries, &entry)) {
		bool inside_child = inside;
		enum holding holding = HOLDS_NONE;
		if (entry.tag == 0)
			return true;
		if (tag_has_code(entry.tag) && !entry_hold(walk, entries, &entry, &holding))
			return false;
		const bool enters = tag_enter(walk, entry.tag, holding, &inside_child) && depth < DEPTH_MAX;
		if (!enters || !entry.has_children) {
			if (!dwarf_entries_pass(entries, &entry))
				return false;
			continue;
		}
		if (!walk_entries(walk, entries, inside_child, depth + 1))
			return false;
		entries->bytes.at = entry.sibling ? entry.sibling : entries->bytes.at;
	}
	return false;
}

/* Walks through the unit; in memory if it can. */
static void walk_unit(struct walk *walk, const struct dwarf_raw *raw, Dwarf_Die *unit)
{
	const size_t before = walk->scopes->count;
	struct dwarf_entries entries = {0};
	struct dwarf_entry entry;

	const bool is_walked = raw && dwarf_entries_open(&entries, raw, unit) && dwarf_entries_take(&entries, &entry) &&
			       (!entry.has_children || walk_entries(walk, &entries, false, 0));
	dwarf_entries_close(&entries);
	if (is_walked)
		return;
	walk->scopes->count = before;
	if (!walk->everywhere)
		memset(walk->found, 0, walk->scopes->address_count * sizeof *walk->found);
	walk_children(walk, unit, false, 0);
}

void dwarf_scopes_collect(struct dwarf_scopes *scopes, const struct dwarf_raw *raw, Dwarf_Die *unit)
{
	struct walk walk = {.scopes = scopes, .found = memory_allocate(scopes->address_count, sizeof(bool))};
	size_t missing = 0;

	walk_unit(&walk, raw, unit);
	for (size_t i = 0; i < scopes->address_count; i++)
		missing += !walk.found[i];
	if (missing > 0) {
		walk.everywhere = true;
		walk_unit(&walk, raw, unit);
	}
	free(walk.found);
}

void dwarf_scopes_free(struct dwarf_scopes *scopes)
{
	free(scopes->scopes);
	*scopes = (struct dwarf_scopes){0};
}
