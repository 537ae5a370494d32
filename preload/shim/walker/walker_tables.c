/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a code address to its rule, by .eh_frame_hdr's search table, an FDE and
 * its CIE, whose programs walker_program.c runs.
 */
#include "shim/walker/walker_tables.h"

#include <dwarf.h>
#include <stddef.h>

#include "shim/walker/walker_program.h"
#include "shim/walker/walker_reader.h"

/* Encodings of .eh_frame_hdr as every linker writes them. */
#define HEADER_VERSION 1
#define HEADER_COUNT_ENCODING DW_EH_PE_udata4
#define HEADER_TABLE_ENCODING (DW_EH_PE_datarel | DW_EH_PE_sdata4)

struct search_entry {
	int32_t code, description; /* relative to the header */
};

static struct search_entry read_entry(struct table_reader *reader, uintptr_t at)
{
	struct search_entry entry;
	reader->at = at;
	uint64_t bytes = reader_bytes(reader, sizeof entry);
	memcpy(&entry, &bytes, sizeof entry);
	return entry;
}

/* The FDE that may cover the address; 0: none, or no search table. */
static __attribute__((noinline)) uintptr_t find_description(const struct table_module *module, uintptr_t address)
{
	struct table_reader reader = module_reader(module, module->eh_frame_header);
	uint8_t version = reader_u8(&reader), pointer_encoding = reader_u8(&reader);
	uint8_t count_encoding = reader_u8(&reader), table_encoding = reader_u8(&reader);
	if (version != HEADER_VERSION || count_encoding != HEADER_COUNT_ENCODING ||
	    table_encoding != HEADER_TABLE_ENCODING)
		return 0;
	(void)reader_pointer(&reader, pointer_encoding, false);
	uint64_t count = reader_u32(&reader);
	uintptr_t table = reader.at;
	int64_t wanted = (int64_t)(address - module->eh_frame_header);
	struct search_entry entry = read_entry(&reader, table);
	if (reader.failed || count == 0 || (module->end - table) / sizeof entry < count || wanted < entry.code)
		return 0;
	uint64_t low = 0; /* its code <= wanted; entry is its own */
	for (uint64_t high = count; high - low > 1 && !reader.failed;) {
		uint64_t middle = low + (high - low) / 2;
		struct search_entry candidate = read_entry(&reader, table + middle * sizeof entry);
		if (candidate.code <= wanted) {
			low = middle;
			entry = candidate;
		} else {
			high = middle;
		}
	}
	return reader.failed ? 0 : module->eh_frame_header + (uintptr_t)(intptr_t)entry.description;
}

/* The augmentation of a CIE: "zR", with L, P and S as it comes. */
static bool read_augmentation(struct table_reader *reader, const char *augmentation, struct description *description)
{
	description->pointer_encoding = DW_EH_PE_absptr;
	if (*augmentation == 0)
		return true;
	if (*augmentation != 'z')
		return false;
	description->has_augmentation = true;
	uint64_t bytes = reader_uleb(reader);
	struct table_reader rest = *reader;
	reader_skip(&rest, bytes);
	for (const char *letter = augmentation + 1; *letter && !reader->failed; letter++) {
		if (*letter == 'R')
			description->pointer_encoding = reader_u8(reader);
		else if (*letter == 'L')
			(void)reader_u8(reader);
		else if (*letter == 'P')
			(void)reader_pointer(reader, reader_u8(reader) & 0x0f, false);
		else if (*letter == 'S')
			description->signal_frame = true;
		else
			return false;
	}
	rest.failed |= reader->failed;
	*reader = rest;
	return !reader->failed;
}

/* A CIE or an FDE: its length, then as many bytes. */
static bool entry_begin(struct table_reader *reader, const struct table_module *module, uintptr_t at)
{
	*reader = module_reader(module, at);
	uint32_t bytes = reader_u32(reader);
	if (reader->failed || bytes > reader->end - reader->at)
		return false;
	reader->end = reader->at + bytes;
	return true;
}

static bool read_common(const struct table_module *module, uintptr_t at, struct description *description)
{
	struct table_reader reader;
	if (!entry_begin(&reader, module, at))
		return false;
	uint32_t id = reader_u32(&reader);
	uint8_t version = reader_u8(&reader);
	const char *augmentation = (const char *)reader.at;
	while (reader_u8(&reader))
		;
	if (reader.failed || id != 0 || (version != 1 && version != 3))
		return false;
	description->code_alignment = reader_uleb(&reader);
	description->data_alignment = reader_sleb(&reader);
	uint64_t return_register = version == 1 ? reader_u8(&reader) : reader_uleb(&reader);
	if (return_register != REGISTER_RIP || !read_augmentation(&reader, augmentation, description))
		return false;
	description->common = reader;
	return !reader.failed;
}

/* Out of line, so that its frame is gone before the program is run, maybe in the last KiB of a stack. */
static __attribute__((noinline)) bool read_description(const struct table_module *module, uintptr_t at,
						       struct description *description)
{
	struct table_reader reader;
	if (!entry_begin(&reader, module, at))
		return false;
	uintptr_t common = reader.at;
	common -= reader_u32(&reader);
	if (reader.failed || !read_common(module, common, description))
		return false;
	description->code_start = reader_pointer(&reader, description->pointer_encoding, false);
	description->code_end = description->code_start + reader_pointer(&reader, description->pointer_encoding, true);
	if (description->has_augmentation)
		reader_skip(&reader, reader_uleb(&reader));
	description->own = reader;
	return !reader.failed;
}

struct rule tables_rule(const struct table_module *module, uintptr_t address)
{
	struct description description = {.code_start = 0};
	uintptr_t at = module->eh_frame_header ? find_description(module, address) : 0;
	if (!at)
		return (struct rule){.kind = RULE_FRAME_POINTER};
	if (!read_description(module, at, &description))
		return (struct rule){.kind = RULE_LOST};
	if (address < description.code_start || address >= description.code_end)
		return (struct rule){.kind = RULE_FRAME_POINTER};
	return program_rule(module, &description, address);
}
