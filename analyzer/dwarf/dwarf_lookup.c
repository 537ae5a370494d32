/* SPDX-License-Identifier: Apache-2.0 */
/* From addresses to lines: first one pass over all units' ranges finds the unit of each address; then, unit by unit,
 * come scopes and line table. */
#include <dwarf.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/memory.h"
#include "dwarf/dwarf_lookup.h"
#include "dwarf/dwarf_names.h"
#include "dwarf/dwarf_rows.h"
#include "dwarf/dwarf_scopes.h"

enum {
	INLINE_DEPTH_MAX = BUDGET_INLINED_LINES,
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

/* What one unit's line table says of its addresses. */
struct unit_lines {
	struct unit *unit;
	struct dwarf_rows rows;
	bool has_rows; /* else libdw is asked */
};

static struct source_line line_of(struct unit_lines *lines, size_t index, uint64_t address)
{
	struct source_line place = {0};
	int number;

	if (lines->has_rows) {
		const struct dwarf_row *row = &lines->rows.rows[index];
		if (row->is_known) {
			place.file = dwarf_rows_file(&lines->rows, row->file);
			place.line = (uint32_t)row->line;
		}
		return place;
	}
	Dwarf_Line *row = dwarf_getsrc_die(&lines->unit->lines, address);
	place.file = row ? dwarf_linesrc(row, NULL, NULL) : NULL;
	if (row && dwarf_lineno(row, &number) == 0 && number > 0)
		place.line = (uint32_t)number;
	return place;
}

static const char *file_of(struct unit_lines *lines, uint32_t number)
{
	Dwarf_Files *files;
	size_t count;

	if (lines->has_rows)
		return dwarf_rows_file(&lines->rows, number);
	return dwarf_getsrcfiles(&lines->unit->tree, &files, &count) == 0 && number < count
		   ? dwarf_filesrc(files, number, NULL, NULL)
		   : NULL;
}

/* The place from which an inlined function was called. File 0 is a file since DWARF 5; before that, libdw has "???"
 * there. */
static void die_call_site(Dwarf_Die *die, struct unit_lines *lines, struct source_line *line)
{
	uint32_t number;

	if (die_number(die, DW_AT_call_file, &number))
		line->file = file_of(lines, number);
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
 * within the one before; `place` is the address's own. */
static void answer_fill(struct dwarf_lookup *lookup, struct dwarf_names *names, struct dwarf_answer *answer,
			struct unit_lines *lines, struct dwarf_scope *const *chain, size_t depth,
			struct source_line place)
{
	answer->first = lookup->line_count;
	for (size_t left = depth; left > 0; left--) {
		Dwarf_Die *die = &chain[left - 1]->die;
		if (answer->count < INLINE_DEPTH_MAX - 1 || left == 1) {
			place.function = dwarf_names_function(names, die);
			lookup_add(lookup, &place);
			answer->count++;
		}
		place = (struct source_line){0};
		die_call_site(die, lines, &place);
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
	struct dwarf_names names = {.texts = lookup->texts, .passed = &lookup->passed};
	const bool is_raw = lookup->raw && unit->lines.addr == unit->tree.addr;
	struct unit_lines lines = {.unit = unit};

	dwarf_scopes_collect(&scopes, is_raw ? lookup->raw : NULL, &unit->tree);
	lines.has_rows =
	    is_raw && dwarf_rows_read(&lines.rows, lookup->raw, &unit->lines, addresses, count, lookup->texts);
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
		answer_fill(lookup, &names, &lookup->answers[places[i]], &lines, chain + begin, at - begin,
			    line_of(&lines, i, addresses[i]));
	}
	dwarf_names_end(&names);
	dwarf_rows_free(&lines.rows);
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
