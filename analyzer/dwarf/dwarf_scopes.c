/* SPDX-License-Identifier: Apache-2.0 */
/* One walk through a unit's tree serves all of its addresses. It enters functions and blocks only if they contain one
 * of them, and namespaces always. If it finds no function for some address, a second walk looks everywhere (functions
 * in types, or nested in functions). */
#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>

#include <seep/search.h>

#include "base/memory.h"
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

/* Files the entry for every address in it, unless it is only a block. */
static enum holding die_hold(struct walk *walk, Dwarf_Die *die, int tag)
{
	const struct dwarf_scopes *scopes = walk->scopes;
	enum holding holding = HAS_NO_RANGES;
	Dwarf_Addr base, start, end;

	for (ptrdiff_t next = dwarf_ranges(die, 0, &base, &start, &end); next > 0;
	     next = dwarf_ranges(die, next, &base, &start, &end)) {
		if (holding == HAS_NO_RANGES)
			holding = HOLDS_NONE;
		size_t index = addresses_lower_bound(scopes->addresses, scopes->address_count, start);
		for (; index < scopes->address_count && scopes->addresses[index] < end; index++) {
			holding = HOLDS_SOME;
			if (tag != DW_TAG_lexical_block)
				scope_add(walk, index, die, tag == DW_TAG_subprogram);
		}
	}
	return holding;
}

/* Whether to look at the entries below this one. `inside`: a function around it contains an address. */
static bool die_enter(struct walk *walk, Dwarf_Die *die, bool *inside)
{
	int tag = dwarf_tag(die);

	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block: {
		enum holding holding = die_hold(walk, die, tag);
		if (holding == HOLDS_SOME || (holding == HAS_NO_RANGES && tag == DW_TAG_lexical_block && *inside)) {
			*inside = true;
			return true;
		}
		return walk->everywhere;
	}
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
		if (die_enter(walk, &die, &inside_child))
			walk_children(walk, &die, inside_child, depth + 1);
	} while (dwarf_siblingof(&die, &die) == 0);
}

void dwarf_scopes_collect(struct dwarf_scopes *scopes, Dwarf_Die *unit)
{
	struct walk walk = {.scopes = scopes, .found = memory_allocate(scopes->address_count, sizeof(bool))};
	size_t missing = 0;

	walk_children(&walk, unit, false, 0);
	for (size_t i = 0; i < scopes->address_count; i++)
		missing += !walk.found[i];
	if (missing > 0) {
		walk.everywhere = true;
		walk_children(&walk, unit, false, 0);
	}
	free(walk.found);
}

void dwarf_scopes_free(struct dwarf_scopes *scopes)
{
	free(scopes->scopes);
	*scopes = (struct dwarf_scopes){0};
}
