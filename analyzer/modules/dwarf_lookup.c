/* SPDX-License-Identifier: Apache-2.0 */
/* From addresses to lines: first one pass over all units' ranges finds the unit of each address; then, unit by unit,
 * come scopes and line table. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "modules/dwarf_lookup.h"
#include "modules/dwarf_scopes.h"

enum {
	INLINE_DEPTH_MAX = BUDGET_INLINED_LINES,
	AROUND_DEPTH_MAX = 256, /* nested entries around an entry */
	LAMBDAS_MAX = 8,        /* lambdas nested in each other */
	PASSED_MAX = 5000000,   /* entries passed on the way to them, in all: that takes half a second */
};

/* A compilation unit that contains some of the addresses. */
struct unit {
	Dwarf_Die lines; /* has the line table */
	Dwarf_Die tree;  /* has the functions: the same entry, or that of the split unit for which it stands */
};

/* The unit of each address. */
struct unit_index {
	struct unit *units;
	size_t count, capacity;
	size_t *unit_of; /* by address: index into units + 1; 0: none */
};

/* Gives the unit all addresses in its ranges that have no unit yet; false if there are none. */
static bool unit_claim(struct dwarf_lookup *lookup, struct unit_index *index, const uint64_t *addresses, Dwarf_Die *die)
{
	const size_t count = lookup->count;
	Dwarf_Addr base, start, end;
	bool claimed = false;

	for (ptrdiff_t next = dwarf_ranges(die, 0, &base, &start, &end); next > 0;
	     next = dwarf_ranges(die, next, &base, &start, &end)) {
		size_t at = addresses_lower_bound(addresses, count, start);
		for (; at < count && addresses[at] < end; at++) {
			if (lookup->claimed[at])
				continue;
			index->unit_of[at] = index->count + 1;
			lookup->claimed[at] = true;
			lookup->left--;
			claimed = true;
		}
	}
	return claimed;
}

static void unit_index_build(struct dwarf_lookup *lookup, struct unit_index *index, Dwarf *debug,
			     const uint64_t *addresses)
{
	Dwarf_CU *unit = NULL;
	uint8_t type;
	Dwarf_Die die, split;

	index->unit_of = memory_allocate(lookup->count, sizeof *index->unit_of);
	while (dwarf_get_units(debug, unit, &unit, NULL, &type, &die, &split) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (!unit_claim(lookup, index, addresses, &die))
			continue;
		ARRAY_RESERVE(index->units, index->count, index->capacity);
		bool is_split = type == DW_UT_skeleton && split.addr;
		index->units[index->count++] = (struct unit){.lines = die, .tree = is_split ? split : die};
	}
}

/* Reads a constant attribute; false if it is missing, or larger than a line or file number can be. */
static bool die_number(Dwarf_Die *die, unsigned name, uint32_t *number)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) != 0 || value > INT32_MAX)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* The abstract entry of an inlined or separate instance. */
static Dwarf_Die die_origin(Dwarf_Die die)
{
	static const unsigned references[] = {DW_AT_abstract_origin, DW_AT_specification};
	Dwarf_Attribute attribute;
	Dwarf_Die origin;

	for (size_t i = 0; i < sizeof references / sizeof *references; i++)
		if (dwarf_formref_die(dwarf_attr(&die, references[i], &attribute), &origin))
			die = origin;
	return die;
}

/* Finds the innermost function around an entry. Entries are stored in the order of the tree, so offsets lead to it. */
static bool die_find_around(struct dwarf_lookup *lookup, Dwarf_Die *inner, Dwarf_Die *function)
{
	const Dwarf_Off wanted = dwarf_dieoffset(inner);
	Dwarf_Die parent, child, next;
	bool found = false;

	if (!dwarf_diecu(inner, &parent, NULL, NULL))
		return false;
	for (int depth = 0; depth < AROUND_DEPTH_MAX && dwarf_child(&parent, &child) == 0; depth++) {
		while (lookup->passed < PASSED_MAX && dwarf_siblingof(&child, &next) == 0 &&
		       dwarf_dieoffset(&next) <= wanted && dwarf_dieoffset(&next) > dwarf_dieoffset(&child)) {
			child = next;
			lookup->passed++;
		}
		if (dwarf_dieoffset(&child) == wanted)
			return found;
		if (dwarf_tag(&child) == DW_TAG_subprogram) {
			*function = child;
			found = true;
		}
		parent = child;
	}
	return false;
}

/* The linker's name; without one, the source's. */
static const char *die_name(Dwarf_Die *die)
{
	static const unsigned names[] = {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		Dwarf_Attribute attribute;
		const char *name = dwarf_formstring(dwarf_attr_integrate(die, names[i], &attribute));
		if (name && *name)
			return name;
	}
	return NULL;
}

/* A lambda's call has the same name as that of any function object, "operator()" or "operator()<int>", but the compiler
 * made it. */
static bool die_is_lambda(Dwarf_Die *die, const char *name)
{
	static const char call[] = "operator()";
	Dwarf_Attribute made;

	return name && strncmp(name, call, sizeof call - 1) == 0 && strchr("<", name[sizeof call - 1]) &&
	       dwarf_attr_integrate(die, DW_AT_artificial, &made);
}

/* The linker's name, which says more than the source's; without one, the latter. A lambda in a function that only one
 * unit has gets no linker's name. So it gets the one that it would have if it were the only one there and took no
 * arguments ("_ZZ4mainENKUlvE_clEv": Itanium C++ ABI, "Closure Types"), and is then shortened like others. `room`,
 * which is empty, holds that name. */
static const char *die_function(struct dwarf_lookup *lookup, Dwarf_Die *die, struct buffer *room)
{
	const char *name = die_name(die), *around = NULL;
	struct buffer tail = {0};
	Dwarf_Die lambda, function;

	if (!die_is_lambda(die, name))
		return name;
	lambda = die_origin(*die);
	for (int depth = 0; depth < LAMBDAS_MAX && die_find_around(lookup, &lambda, &function); depth++) {
		buffer_append_text(&tail, "ENKUlvE_clEv");
		buffer_append_byte(room, 'Z');
		around = die_name(&function);
		if (!die_is_lambda(&function, around))
			break;
		lambda = function;
		around = NULL;
	}
	if (around) {
		struct buffer whole = {0};
		buffer_printf(&whole, "_Z%s", room->data);
		if (strncmp(around, "_Z", 2) == 0)
			buffer_append_text(&whole, around + 2);
		else
			buffer_printf(&whole, "%zu%s", strlen(around), around);
		buffer_append_text(&whole, tail.data);
		buffer_free(room);
		*room = whole;
	}
	buffer_free(&tail);
	return around ? room->data : "{lambda}";
}

/* The place from which an inlined function was called. File 0 is a file since DWARF 5; before that, libdw has "???"
 * there. */
static void die_call_site(Dwarf_Die *die, Dwarf_Die *unit, struct source_line *line)
{
	Dwarf_Files *files;
	size_t count;
	uint32_t number;

	if (die_number(die, DW_AT_call_file, &number) && dwarf_getsrcfiles(unit, &files, &count) == 0 && number < count)
		line->file = dwarf_filesrc(files, number, NULL, NULL);
	if (die_number(die, DW_AT_call_line, &number))
		line->line = number;
}

static void lookup_add(struct dwarf_lookup *lookup, const struct source_line *line)
{
	ARRAY_RESERVE(lookup->lines, lookup->line_count, lookup->line_capacity);
	lookup->lines[lookup->line_count++] =
	    (struct source_line){.function = line->function ? string_pool_intern(lookup->texts, line->function) : NULL,
				 .file = line->file ? string_pool_intern(lookup->texts, line->file) : NULL,
				 .line = line->line};
}

/* Makes the lines of one address. `chain` has its scopes, callers first: the function, then the inlined calls, each
 * within the one before. */
static void answer_fill(struct dwarf_lookup *lookup, struct dwarf_answer *answer, struct unit *unit,
			struct dwarf_scope *const *chain, size_t depth, uint64_t address)
{
	Dwarf_Line *row = dwarf_getsrc_die(&unit->lines, address);
	struct source_line place = {.file = row ? dwarf_linesrc(row, NULL, NULL) : NULL};
	int number;

	if (row && dwarf_lineno(row, &number) == 0 && number > 0)
		place.line = (uint32_t)number;
	answer->first = lookup->line_count;
	for (size_t left = depth; left > 0; left--) {
		Dwarf_Die *die = &chain[left - 1]->die;
		if (answer->count < INLINE_DEPTH_MAX - 1 || left == 1) {
			struct buffer room = {0};
			place.function = die_function(lookup, die, &room);
			lookup_add(lookup, &place);
			buffer_free(&room);
			answer->count++;
		}
		place = (struct source_line){0};
		die_call_site(die, &unit->tree, &place);
	}
	if (depth == 0 && place.file) {
		lookup_add(lookup, &place);
		answer->count++;
	}
}

static int scope_compare(const void *left, const void *right)
{
	const struct dwarf_scope *a = *(struct dwarf_scope *const *)left, *b = *(struct dwarf_scope *const *)right;

	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return (a > b) - (a < b);
}

/* Makes the answers for one unit's addresses; `places` has their indices in the lookup. */
static void unit_answer(struct dwarf_lookup *lookup, struct unit *unit, const uint64_t *addresses, const size_t *places,
			size_t count)
{
	struct dwarf_scopes scopes = {.addresses = addresses, .address_count = count};

	dwarf_scopes_collect(&scopes, &unit->tree);
	struct dwarf_scope **chain = memory_allocate(scopes.count, sizeof(struct dwarf_scope *));
	for (size_t i = 0; i < scopes.count; i++)
		chain[i] = &scopes.scopes[i];
	qsort(chain, scopes.count, sizeof(struct dwarf_scope *), scope_compare);
	for (size_t i = 0, at = 0; i < count; i++) {
		size_t begin = at, function = at;
		for (; at < scopes.count && chain[at]->index == i; at++)
			if (dwarf_tag(&chain[at]->die) == DW_TAG_subprogram)
				function = at; /* the innermost function, if one is nested in another */
		begin = function;
		answer_fill(lookup, &lookup->answers[places[i]], unit, chain + begin, at - begin, addresses[i]);
	}
	free((void *)chain);
	dwarf_scopes_free(&scopes);
}

/* Sorts the addresses by unit, in one counting pass, and answers unit by unit. */
static void lookup_answer_all(struct dwarf_lookup *lookup, struct unit_index *index, const uint64_t *addresses)
{
	size_t *starts = memory_allocate(index->count + 2, sizeof *starts);
	size_t *places = memory_allocate(lookup->count, sizeof *places);
	uint64_t *grouped = memory_allocate(lookup->count, sizeof *grouped);

	for (size_t i = 0; i < lookup->count; i++)
		starts[index->unit_of[i] + 1]++;
	for (size_t i = 1; i < index->count + 2; i++)
		starts[i] += starts[i - 1];
	for (size_t i = 0; i < lookup->count; i++) {
		size_t place = starts[index->unit_of[i]]++;
		places[place] = i;
		grouped[place] = addresses[i];
	}
	/* Each start has moved to where the next unit begins. */
	for (size_t unit = 0; unit < index->count; unit++)
		unit_answer(lookup, &index->units[unit], grouped + starts[unit], places + starts[unit],
			    starts[unit + 1] - starts[unit]);
	free(starts);
	free(places);
	free(grouped);
}

void dwarf_lookup_begin(struct dwarf_lookup *lookup, const uint64_t *addresses, size_t count)
{
	*lookup = (struct dwarf_lookup){.addresses = addresses,
					.count = count,
					.answers = memory_allocate(count, sizeof *lookup->answers),
					.claimed = memory_allocate(count, sizeof *lookup->claimed),
					.left = count,
					.texts = string_pool_create()};
}

void dwarf_lookup_add(struct dwarf_lookup *lookup, Dwarf *debug, Dwarf_Addr bias)
{
	struct unit_index index = {0};
	uint64_t *unbiased = memory_allocate(lookup->count, sizeof *unbiased);

	/* Addresses stay in ascending order: those below the bias, which no file has, become 0. */
	for (size_t i = 0; i < lookup->count; i++)
		unbiased[i] = lookup->addresses[i] > bias ? lookup->addresses[i] - bias : 0;
	unit_index_build(lookup, &index, debug, unbiased);
	lookup_answer_all(lookup, &index, unbiased);
	free(unbiased);
	free(index.units);
	free(index.unit_of);
}

void dwarf_lookup_free(struct dwarf_lookup *lookup)
{
	free(lookup->answers);
	free(lookup->lines);
	free(lookup->claimed);
	if (lookup->texts)
		string_pool_free(lookup->texts);
	*lookup = (struct dwarf_lookup){0};
}
