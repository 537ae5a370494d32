/* SPDX-License-Identifier: Apache-2.0 */
/* An abbreviation's attributes are put together once, into a few parts: what is only passed, and what is looked at. */
#include "dwarf/dwarf_entries.h"

#include <dwarf.h>
#include <stdlib.h>

#include "base/memory.h"

enum role { ROLE_BYTES, ROLE_VALUE, ROLE_LOW, ROLE_HIGH, ROLE_RANGES, ROLE_SIBLING };

struct dwarf_part {
	enum role role;
	uint32_t bytes; /* of ROLE_BYTES: attributes of fixed sizes */
	uint64_t form;  /* of the others */
};

struct dwarf_kind {
	size_t first, count; /* of the parts */
	int tag;
	bool has_children;
};

static enum role role_of(const struct dwarf_kind *kind, uint64_t name)
{
	const bool is_code = kind->tag == DW_TAG_subprogram || kind->tag == DW_TAG_inlined_subroutine ||
			     kind->tag == DW_TAG_lexical_block;

	return name == DW_AT_sibling && kind->has_children ? ROLE_SIBLING
	       : name == DW_AT_low_pc && is_code           ? ROLE_LOW
	       : name == DW_AT_high_pc && is_code          ? ROLE_HIGH
	       : name == DW_AT_ranges && is_code           ? ROLE_RANGES
							   : ROLE_VALUE;
}

static void part_add(struct dwarf_entries *entries, struct dwarf_kind *kind, enum role role, uint64_t form)
{
	const int bytes = dwarf_form_bytes(form, entries->offset_bytes);
	const bool is_passed = role == ROLE_VALUE && bytes >= 0;

	entries->bytes.is_bad = entries->bytes.is_bad || bytes == FORM_UNKNOWN;
	if (is_passed && kind->count && entries->parts[entries->part_count - 1].role == ROLE_BYTES) {
		entries->parts[entries->part_count - 1].bytes += (uint32_t)bytes;
		return;
	}
	ARRAY_RESERVE(entries->parts, entries->part_count, entries->part_capacity);
	entries->parts[entries->part_count++] = (struct dwarf_part){
	    .role = is_passed ? ROLE_BYTES : role, .bytes = is_passed ? (uint32_t)bytes : 0, .form = form};
	kind->count++;
}

/* Compilers number abbreviations from 1. */
static bool kinds_read(struct dwarf_entries *entries, struct dwarf_bytes bytes)
{
	for (uint64_t code; (code = dwarf_take_number(&bytes));) {
		struct dwarf_kind kind = {.first = entries->part_count, .tag = (int)dwarf_take_number(&bytes)};
		kind.has_children = dwarf_take_fixed(&bytes, 1) == DW_CHILDREN_yes;
		if (code != entries->kind_count + 1 || kind.tag <= 0)
			return false;
		for (;;) {
			const uint64_t name = dwarf_take_number(&bytes), form = dwarf_take_number(&bytes);
			if (bytes.is_bad || (!name && !form))
				break;
			if (form == DW_FORM_implicit_const)
				dwarf_take_signed(&bytes);
			part_add(entries, &kind, role_of(&kind, name), form);
		}
		ARRAY_RESERVE(entries->kinds, entries->kind_count, entries->kind_capacity);
		entries->kinds[entries->kind_count++] = kind;
	}
	return !bytes.is_bad && !entries->bytes.is_bad;
}

bool dwarf_entries_open(struct dwarf_entries *entries, const struct dwarf_raw *raw, Dwarf_Die *unit)
{
	enum { LONG_FORM = 0xffffffff };
	const Dwarf_Off within = dwarf_cuoffset(unit);
	struct dwarf_bytes head = {.at = (const unsigned char *)unit->addr - within, .end = unit->addr};
	struct dwarf_bytes abbrev = raw->abbrev;
	Dwarf_Die die;
	Dwarf_Off first = 0;
	uint8_t address_bytes = 0, offset_bytes = 0;

	*entries = (struct dwarf_entries){.unit = head.at, .offset = dwarf_dieoffset(unit) - within};
	if (!dwarf_cu_die(unit->cu, &die, NULL, &first, &address_bytes, &offset_bytes, NULL, NULL) ||
	    address_bytes != 8)
		return false;
	entries->dwarf = dwarf_cu_getdwarf(unit->cu);
	entries->offset_bytes = offset_bytes;
	uint64_t length = dwarf_take_fixed(&head, 4);
	if (length == LONG_FORM)
		length = dwarf_take_fixed(&head, 8);
	entries->bytes = (struct dwarf_bytes){.at = unit->addr, .end = head.at + length};
	return !head.is_bad && dwarf_take(&abbrev, first) && kinds_read(entries, abbrev);
}

void dwarf_entries_close(struct dwarf_entries *entries)
{
	free(entries->kinds);
	free(entries->parts);
	*entries = (struct dwarf_entries){0};
}

static void sibling_take(struct dwarf_entries *entries, struct dwarf_entry *entry, uint64_t form)
{
	const int bytes = dwarf_form_bytes(form, entries->offset_bytes);
	const uint64_t offset = bytes > 0 ? dwarf_take_fixed(&entries->bytes, (size_t)bytes) : 0;

	entry->sibling = entries->unit + offset;
	if (form != DW_FORM_ref4 || offset <= (uint64_t)(entry->at - entries->unit) ||
	    offset > (uint64_t)(entries->bytes.end - entries->unit))
		entries->bytes.is_bad = true;
}

/* The end of a range, or its length. */
static void high_take(struct dwarf_entries *entries, struct dwarf_entry *entry, uint64_t form, bool *is_length)
{
	const int bytes = dwarf_form_bytes(form, entries->offset_bytes);

	*is_length = form != DW_FORM_addr;
	if (form == DW_FORM_addr || form == DW_FORM_data1 || form == DW_FORM_data2 || form == DW_FORM_data4 ||
	    form == DW_FORM_data8) {
		entry->end = dwarf_take_fixed(&entries->bytes, (size_t)bytes);
	} else if (form == DW_FORM_udata) {
		entry->end = dwarf_take_number(&entries->bytes);
	} else {
		entry->range = RANGE_OTHER;
		dwarf_form_pass(&entries->bytes, form, entries->offset_bytes);
	}
}

static void parts_take(struct dwarf_entries *entries, struct dwarf_entry *entry, const struct dwarf_kind *kind)
{
	bool has[ROLE_SIBLING + 1] = {false}, is_length = false;

	for (size_t i = kind->first; i < kind->first + kind->count; i++) {
		const struct dwarf_part *part = &entries->parts[i];
		has[part->role] = true;
		if (part->role == ROLE_BYTES) {
			dwarf_take(&entries->bytes, part->bytes);
		} else if (part->role == ROLE_SIBLING) {
			sibling_take(entries, entry, part->form);
		} else if (part->role == ROLE_HIGH) {
			high_take(entries, entry, part->form, &is_length);
		} else if (part->role == ROLE_LOW && part->form == DW_FORM_addr) {
			entry->start = dwarf_take_fixed(&entries->bytes, 8);
		} else {
			if (part->role == ROLE_LOW)
				entry->range = RANGE_OTHER;
			dwarf_form_pass(&entries->bytes, part->form, entries->offset_bytes);
		}
	}
	entry->end += is_length ? entry->start : 0;
	if (entry->range == RANGE_NONE)
		entry->range = has[ROLE_LOW] && has[ROLE_HIGH]      ? RANGE_PLAIN
			       : has[ROLE_HIGH] || has[ROLE_RANGES] ? RANGE_OTHER
								    : RANGE_NONE;
}

bool dwarf_entries_take(struct dwarf_entries *entries, struct dwarf_entry *entry)
{
	*entry = (struct dwarf_entry){.at = entries->bytes.at};
	const uint64_t code = dwarf_take_number(&entries->bytes);
	if (code == 0 || code > entries->kind_count)
		return code == 0 && !entries->bytes.is_bad;
	const struct dwarf_kind *kind = &entries->kinds[code - 1];
	entry->tag = kind->tag;
	entry->has_children = kind->has_children;
	parts_take(entries, entry, kind);
	return !entries->bytes.is_bad;
}

bool dwarf_entries_pass(struct dwarf_entries *entries, const struct dwarf_entry *entry)
{
	struct dwarf_entry below;

	if (entry->has_children && entry->sibling) {
		entries->bytes.at = entry->sibling;
		return true;
	}
	for (size_t depth = entry->has_children; depth > 0;) {
		if (!dwarf_entries_take(entries, &below))
			return false;
		if (below.sibling)
			entries->bytes.at = below.sibling;
		else if (below.tag == 0)
			depth--;
		else
			depth += below.has_children;
	}
	return true;
}

bool dwarf_entries_die(const struct dwarf_entries *entries, const struct dwarf_entry *entry, Dwarf_Die *die)
{
	return dwarf_offdie(entries->dwarf, entries->offset + (Dwarf_Off)(entry->at - entries->unit), die) != NULL;
}
