/* SPDX-License-Identifier: Apache-2.0 */
/* Names are made in the linker's notation (Itanium C++ ABI, "Mangling"), without parameters, which nobody misses here:
 * they are demangled and shortened like all others. */
#include "dwarf/dwarf_names.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

enum {
	AROUND_DEPTH_MAX = 256, /* nested entries around an entry */
	FUNCTIONS_MAX = 8,      /* functions nested in each other, by local classes and lambdas */
	BLOCKS_MAX = 8,         /* nested blocks in which lambdas are counted */
	PASSED_MAX = 5000000,   /* entries passed on the way to them, in all: that takes half a second */
	LEVEL_STEP = 16,        /* children from one mark to the next */
};

/* What is around a function, outermost first: the unit, namespaces, classes, functions, blocks. */
struct surroundings {
	Dwarf_Die entries[AROUND_DEPTH_MAX];
	size_t count;
};

void dwarf_names_end(struct dwarf_names *names)
{
	for (size_t i = 0; i < names->level_count; i++)
		free(names->levels[i].marks);
	free(names->levels);
	numbering_free(&names->parents);
	if (names->known)
		map_free(names->known);
	*names = (struct dwarf_names){0};
}

static const char *die_text(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute room;
	const char *text = dwarf_formstring(dwarf_attr_integrate(die, attribute, &room));

	return text && *text ? text : NULL;
}

static const char *die_linkers_name(Dwarf_Die *die)
{
	const char *name = die_text(die, DW_AT_linkage_name);

	return name ? name : die_text(die, DW_AT_MIPS_linkage_name);
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

/* Whether names of this entry's unit consist of those around them. A partial unit does not say its language. */
static bool die_is_cplusplus(Dwarf_Die *die)
{
	Dwarf_Die unit;

	switch (dwarf_diecu(die, &unit, NULL, NULL) ? dwarf_srclang(&unit) : DW_LANG_C) {
	case -1:
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
		return true;
	default:
		return false;
	}
}

/* A lambda's call has the same name as that of any function object, "operator()" or "operator()<int>", but the compiler
 * made it. */
static bool die_is_lambda_call(Dwarf_Die *die, const char *name)
{
	static const char call[] = "operator()";
	Dwarf_Attribute made;

	return strncmp(name, call, sizeof call - 1) == 0 && strchr("<", name[sizeof call - 1]) &&
	       dwarf_attr_integrate(die, DW_AT_artificial, &made);
}

static bool die_is_class(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Whether this class has no name, and a call that the compiler made. */
static bool die_is_lambda(struct dwarf_names *names, Dwarf_Die *die)
{
	Dwarf_Die member;

	if (!die_is_class(die) || die_text(die, DW_AT_name))
		return false;
	for (int more = dwarf_child(die, &member); more == 0 && *names->passed < PASSED_MAX;
	     more = dwarf_siblingof(&member, &member)) {
		const char *name = dwarf_tag(&member) == DW_TAG_subprogram ? die_text(&member, DW_AT_name) : NULL;
		++*names->passed;
		if (name && die_is_lambda_call(&member, name))
			return true;
	}
	return false;
}

/* Whether one entry stands before another in their source. */
static bool die_is_before(Dwarf_Die *die, Dwarf_Die *other)
{
	int line = 0, other_line = 0, column = 0, other_column = 0;

	dwarf_decl_line(die, &line);
	dwarf_decl_line(other, &other_line);
	dwarf_decl_column(die, &column);
	dwarf_decl_column(other, &other_column);
	return line < other_line || (line == other_line && column < other_column);
}

/* How many lambdas in a function, or beside each other, stand before this one. Compilers count alike. */
static unsigned lambdas_before(struct dwarf_names *names, Dwarf_Die *around, Dwarf_Die *lambda, int blocks)
{
	Dwarf_Die die;
	unsigned count = 0;

	for (int more = dwarf_child(around, &die); more == 0 && *names->passed < PASSED_MAX;
	     more = dwarf_siblingof(&die, &die)) {
		++*names->passed;
		if (dwarf_tag(&die) == DW_TAG_lexical_block && blocks > 0)
			count += lambdas_before(names, &die, lambda, blocks - 1);
		else if (die_is_lambda(names, &die) && die_is_before(&die, lambda))
			count++;
	}
	return count;
}

/* The marks of an entry's children. They ascend, whatever a damaged file says. */
static const struct dwarf_level *level_of(struct dwarf_names *names, Dwarf_Die *parent)
{
	struct dwarf_level level = {0};
	Dwarf_Off last = 0;
	Dwarf_Die child;
	size_t number = 0;
	bool is_new;
	const uint32_t index = numbering_put(&names->parents, dwarf_dieoffset(parent), &is_new);

	if (!is_new)
		return &names->levels[index];
	for (int more = dwarf_child(parent, &child);
	     more == 0 && *names->passed < PASSED_MAX && dwarf_dieoffset(&child) > last;
	     more = dwarf_siblingof(&child, &child)) {
		last = dwarf_dieoffset(&child);
		++*names->passed;
		if (number++ % LEVEL_STEP)
			continue;
		ARRAY_RESERVE(level.marks, level.count, level.capacity);
		level.marks[level.count++] = child;
	}
	ARRAY_RESERVE(names->levels, names->level_count, names->level_capacity);
	names->levels[names->level_count++] = level;
	return &names->levels[index];
}

/* The child of an entry that is or holds the entry at this offset: entries are stored in the order of the tree. */
static bool child_find(struct dwarf_names *names, Dwarf_Die *parent, Dwarf_Off offset, Dwarf_Die *child)
{
	const struct dwarf_level *level = level_of(names, parent);
	size_t low = 0, high = level->count;
	Dwarf_Die next;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (dwarf_dieoffset(&level->marks[middle]) <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*child = level->marks[low - 1];
	for (int left = LEVEL_STEP; left > 0 && dwarf_siblingof(child, &next) == 0; left--) {
		if (dwarf_dieoffset(&next) > offset)
			break;
		*child = next;
	}
	return true;
}

static bool surroundings_find(struct dwarf_names *names, Dwarf_Die *wanted, struct surroundings *around)
{
	const Dwarf_Off offset = dwarf_dieoffset(wanted);
	Dwarf_Die child;

	if (!dwarf_diecu(wanted, &around->entries[0], NULL, NULL))
		return false;
	for (around->count = 1; around->count < AROUND_DEPTH_MAX; around->entries[around->count++] = child) {
		if (!child_find(names, &around->entries[around->count - 1], offset, &child))
			return false;
		if (dwarf_dieoffset(&child) == offset)
			return true;
	}
	return false;
}

static void source_name_append(struct buffer *out, const char *name)
{
	buffer_printf(out, "%zu%s", strlen(name), name);
}

/* Appends the names of namespaces and classes. */
static void scopes_append(struct buffer *out, Dwarf_Die *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = die_text(&entries[i], DW_AT_name);
		if (dwarf_tag(&entries[i]) == DW_TAG_namespace)
			source_name_append(out, name ? name : "(anonymous namespace)");
		else if (die_is_class(&entries[i]))
			source_name_append(out, name ? name : "{unnamed}");
	}
}

/* Appends the closure's and its call's, as if it took no arguments. */
static void lambda_append(struct buffer *out, unsigned before)
{
	if (before)
		buffer_printf(out, "UlvE%u_clEv", before - 1);
	else
		buffer_append_text(out, "UlvE_clEv");
}

/* Appends a name in the linker's notation, but without "_Z". False: not possible. */
static bool encoding_append(struct dwarf_names *names, struct buffer *out, Dwarf_Die *die, int functions)
{
	const char *linkers = die_linkers_name(die), *name = die_text(die, DW_AT_name);
	Dwarf_Die origin = die_origin(*die);
	struct surroundings around;

	if (linkers && strncmp(linkers, "_Z", 2) == 0) {
		buffer_append_text(out, linkers + 2);
		return true;
	}
	if (!name || functions == 0 || !surroundings_find(names, &origin, &around))
		return false;
	size_t inner = around.count - 1; /* the innermost function, or the unit */
	while (inner > 0 && dwarf_tag(&around.entries[inner]) != DW_TAG_subprogram)
		inner--;
	if (inner > 0) {
		buffer_append_byte(out, 'Z');
		if (!encoding_append(names, out, &around.entries[inner], functions - 1))
			return false;
		buffer_append_byte(out, 'E');
	}
	const size_t before = out->length, last = around.count - 1;
	if (last > inner && die_is_lambda_call(die, name)) {
		buffer_append_text(out, "NK");
		scopes_append(out, &around.entries[inner + 1], last - inner - 1);
		lambda_append(out, lambdas_before(names, &around.entries[inner ? inner : last - 1],
						  &around.entries[last], BLOCKS_MAX));
		return true;
	}
	buffer_append_byte(out, 'N');
	scopes_append(out, &around.entries[inner + 1], last - inner);
	const bool is_inside = inner > 0 || out->length > before + 1;
	out->length = is_inside ? out->length : before;
	source_name_append(out, name);
	buffer_append_text(out, is_inside ? "E" : "");
	return true;
}

/* NULL: there is nothing to make it of. */
static const char *name_make(struct dwarf_names *names, Dwarf_Die *die, const char *name)
{
	struct buffer made = {0};
	const char *text = NULL;

	buffer_append_text(&made, "_Z");
	const bool is_made = encoding_append(names, &made, die, FUNCTIONS_MAX);
	if (is_made && strchr("NZ", made.data[2]))
		text = string_pool_intern(names->texts, made.data);
	else if (!is_made && die_is_lambda_call(die, name))
		text = "{lambda}";
	buffer_free(&made);
	return text;
}

const char *dwarf_names_function(struct dwarf_names *names, Dwarf_Die *die)
{
	const char *linkers = die_linkers_name(die), *name = die_text(die, DW_AT_name);
	Dwarf_Die origin = die_origin(*die);
	bool is_new;

	if (linkers || !name || !die_is_cplusplus(&origin))
		return linkers ? linkers : name;
	names->known = names->known ? names->known : map_create();
	uint64_t *known = map_put(names->known, dwarf_dieoffset(&origin), &is_new);
	if (is_new)
		*known = (uint64_t)(uintptr_t)name_make(names, die, name);
	return *known ? (const char *)(uintptr_t)*known : name;
}
