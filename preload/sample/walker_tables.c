/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a code address to its rule, by way of .eh_frame_hdr's search table, an
 * FDE, its CIE and their programs. Only the CFA, rbp and the return address
 * are followed through a program; the other registers' instructions are
 * stepped over.
 */
#include "sample/walker_tables.h"

#include <dwarf.h>
#include <stddef.h>

#include "sample/walker_expression.h"
#include "sample/walker_reader.h"

/* Offset of the saved register words in struct rt_sigframe, counted from rsp in the trampoline. */
#define SIGNAL_RBP_OFFSET 120
#define SIGNAL_RSP_OFFSET 160
#define SIGNAL_RIP_OFFSET 168

#define REMEMBERED_ROWS 4

enum { REGISTER_RBP = 6, REGISTER_RSP = 7, REGISTER_RIP = 16, REGISTER_NONE = 255 };

/* Encodings of .eh_frame_hdr as every linker writes them. */
#define HEADER_VERSION 1
#define HEADER_COUNT_ENCODING DW_EH_PE_udata4
#define HEADER_TABLE_ENCODING (DW_EH_PE_datarel | DW_EH_PE_sdata4)

struct search_entry {
	int32_t code, description; /* relative to the header */
};

enum place_kind {
	PLACE_SAME,       /* the register keeps its value */
	PLACE_UNDEFINED,  /* of the return address: the outermost frame */
	PLACE_OFFSET,     /* saved at CFA + offset */
	PLACE_EXPRESSION, /* saved where the expression at module start + offset says */
	PLACE_OTHER,
};

/* Small, since a program may remember several rows, on the program's stack: offsets in a frame or a module fit. */
struct place {
	int32_t offset;
	uint8_t kind; /* enum place_kind */
};

struct row {
	int32_t cfa_offset;
	uint8_t cfa_register;
	bool cfa_is_expression; /* at module start + cfa_offset, with its length */
	struct place rbp, rip;
};

struct description {
	uintptr_t code_start, code_end;
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding;
	bool has_augmentation, signal_frame;
	struct table_reader common, own; /* the programs */
};

static struct table_reader module_reader(const struct table_module *module, uintptr_t at)
{
	bool inside = at >= module->start && at < module->end;
	return (struct table_reader){
	    .at = inside ? at : module->end, .end = module->end, .known_page = module->careful, .failed = !inside};
}

/* A pointer in one of the encodings that compilers use: 4 or 8 bytes, absolute or relative to itself. */
static uintptr_t read_pointer(struct table_reader *reader, uint8_t encoding, bool is_size)
{
	uintptr_t base = (encoding & 0x70) == DW_EH_PE_pcrel && !is_size ? reader->at : 0;
	if ((encoding & 0x70) != 0 && (encoding & 0x70) != DW_EH_PE_pcrel)
		reader->failed = true;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return base + reader_bytes(reader, 8);
	case DW_EH_PE_udata4:
		return base + reader_u32(reader);
	case DW_EH_PE_sdata4:
		return base + (uintptr_t)(intptr_t)(int32_t)reader_u32(reader);
	default:
		reader->failed = true;
		return 0;
	}
}

static struct search_entry read_entry(struct table_reader *reader, uintptr_t at)
{
	struct search_entry entry;
	reader->at = at;
	uint64_t bytes = reader_bytes(reader, sizeof entry);
	memcpy(&entry, &bytes, sizeof entry);
	return entry;
}

/* The FDE that may cover the address; 0: none, or no search table. */
static uintptr_t find_description(const struct table_module *module, uintptr_t address)
{
	struct table_reader reader = module_reader(module, module->eh_frame_header);
	uint8_t version = reader_u8(&reader), pointer_encoding = reader_u8(&reader);
	uint8_t count_encoding = reader_u8(&reader), table_encoding = reader_u8(&reader);
	if (version != HEADER_VERSION || count_encoding != HEADER_COUNT_ENCODING ||
	    table_encoding != HEADER_TABLE_ENCODING)
		return 0;
	(void)read_pointer(&reader, pointer_encoding, false);
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
			(void)read_pointer(reader, reader_u8(reader) & 0x0f, false);
		else if (*letter == 'S')
			description->signal_frame = true;
		else
			return false;
	}
	rest.failed |= reader->failed;
	*reader = rest;
	return !reader->failed;
}

static bool read_common(const struct table_module *module, uintptr_t at, struct description *description)
{
	struct table_reader reader = module_reader(module, at);
	uint32_t bytes = reader_u32(&reader);
	if (reader.failed || bytes >= reader.end - reader.at)
		return false;
	reader.end = reader.at + bytes;
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

static bool read_description(const struct table_module *module, uintptr_t at, struct description *description)
{
	struct table_reader reader = module_reader(module, at);
	uint32_t bytes = reader_u32(&reader);
	if (reader.failed || bytes >= reader.end - reader.at)
		return false;
	reader.end = reader.at + bytes;
	uintptr_t common = reader.at;
	common -= reader_u32(&reader);
	if (reader.failed || !read_common(module, common, description))
		return false;
	description->code_start = read_pointer(&reader, description->pointer_encoding, false);
	description->code_end = description->code_start + read_pointer(&reader, description->pointer_encoding, true);
	if (description->has_augmentation)
		reader_skip(&reader, reader_uleb(&reader));
	description->own = reader;
	return !reader.failed;
}

/* A program being run up to the row that covers `address`. */
struct run {
	const struct table_module *module;
	const struct description *description;
	uintptr_t address, location;
	struct row row, initial;
	struct row remembered[REMEMBERED_ROWS];
	unsigned depth;
	bool failed;
};

static struct place *run_place(struct run *run, uint64_t number)
{
	if (number == REGISTER_RBP)
		return &run->row.rbp;
	return number == REGISTER_RIP ? &run->row.rip : NULL;
}

static void run_place_set(struct run *run, uint64_t number, enum place_kind kind, int64_t offset)
{
	struct place *place = run_place(run, number);
	if (place)
		*place = (struct place){.kind = (uint8_t)kind, .offset = (int32_t)offset};
}

static void run_restore(struct run *run, uint64_t number)
{
	if (number == REGISTER_RBP)
		run->row.rbp = run->initial.rbp;
	else if (number == REGISTER_RIP)
		run->row.rip = run->initial.rip;
}

static void run_remember(struct run *run)
{
	if (run->depth == REMEMBERED_ROWS)
		run->failed = true;
	else
		run->remembered[run->depth++] = run->row;
}

static void run_restore_state(struct run *run)
{
	if (run->depth == 0)
		run->failed = true;
	else
		run->row = run->remembered[--run->depth];
}

/* Steps over an expression; its place is kept relative to the module. */
static int64_t run_expression(struct run *run, struct table_reader *reader)
{
	int64_t offset = (int64_t)(reader->at - run->module->start);
	reader_skip(reader, reader_uleb(reader));
	return offset;
}

static void run_cfa_expression(struct run *run, struct table_reader *reader)
{
	run->row.cfa_is_expression = true;
	run->row.cfa_offset = (int32_t)run_expression(run, reader);
}

static void run_cfa(struct run *run, uint64_t number, int64_t offset)
{
	run->row.cfa_is_expression = false;
	run->row.cfa_register = number < REGISTER_NONE ? (uint8_t)number : REGISTER_NONE;
	run->row.cfa_offset = (int32_t)offset;
}

/* The instructions that say where a register is. */
static void run_register_instruction(struct run *run, struct table_reader *reader, uint8_t operation)
{
	int64_t factor = run->description->data_alignment;
	uint64_t number = reader_uleb(reader);
	switch (operation) {
	case DW_CFA_offset_extended:
		run_place_set(run, number, PLACE_OFFSET, (int64_t)reader_uleb(reader) * factor);
		break;
	case DW_CFA_offset_extended_sf:
		run_place_set(run, number, PLACE_OFFSET, reader_sleb(reader) * factor);
		break;
	case DW_CFA_GNU_negative_offset_extended:
		run_place_set(run, number, PLACE_OFFSET, -(int64_t)reader_uleb(reader) * factor);
		break;
	case DW_CFA_restore_extended:
		run_restore(run, number);
		break;
	case DW_CFA_undefined:
		run_place_set(run, number, PLACE_UNDEFINED, 0);
		break;
	case DW_CFA_same_value:
		run_place_set(run, number, PLACE_SAME, 0);
		break;
	case DW_CFA_expression:
		run_place_set(run, number, PLACE_EXPRESSION, run_expression(run, reader));
		break;
	case DW_CFA_val_expression:
		run_place_set(run, number, PLACE_OTHER, run_expression(run, reader));
		break;
	case DW_CFA_register:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		run_place_set(run, number, PLACE_OTHER, 0);
		(void)reader_uleb(reader);
		break;
	default:
		run->failed = true;
	}
}

static void run_instruction(struct run *run, struct table_reader *reader, uint8_t operation)
{
	int64_t factor = run->description->data_alignment;
	uint64_t number;
	switch (operation) {
	case DW_CFA_nop:
		break;
	case DW_CFA_set_loc:
		run->location = read_pointer(reader, run->description->pointer_encoding, false);
		break;
	case DW_CFA_advance_loc1:
		run->location += reader_u8(reader) * run->description->code_alignment;
		break;
	case DW_CFA_advance_loc2:
		run->location += reader_bytes(reader, 2) * run->description->code_alignment;
		break;
	case DW_CFA_advance_loc4:
		run->location += reader_u32(reader) * run->description->code_alignment;
		break;
	case DW_CFA_remember_state:
		run_remember(run);
		break;
	case DW_CFA_restore_state:
		run_restore_state(run);
		break;
	case DW_CFA_def_cfa:
		number = reader_uleb(reader);
		run_cfa(run, number, (int64_t)reader_uleb(reader));
		break;
	case DW_CFA_def_cfa_sf:
		number = reader_uleb(reader);
		run_cfa(run, number, reader_sleb(reader) * factor);
		break;
	case DW_CFA_def_cfa_register:
		run_cfa(run, reader_uleb(reader), run->row.cfa_offset);
		break;
	case DW_CFA_def_cfa_offset:
		run_cfa(run, run->row.cfa_register, (int64_t)reader_uleb(reader));
		break;
	case DW_CFA_def_cfa_offset_sf:
		run_cfa(run, run->row.cfa_register, reader_sleb(reader) * factor);
		break;
	case DW_CFA_def_cfa_expression:
		run_cfa_expression(run, reader);
		break;
	case DW_CFA_GNU_args_size:
		(void)reader_uleb(reader);
		break;
	default:
		run_register_instruction(run, reader, operation);
	}
}

static void run_program(struct run *run, struct table_reader reader)
{
	while (reader.at < reader.end && !reader.failed && !run->failed) {
		uint8_t byte = reader_u8(&reader), low = byte & 0x3f;
		if ((byte & 0xc0) == DW_CFA_offset)
			run_place_set(run, low, PLACE_OFFSET,
				      (int64_t)reader_uleb(&reader) * run->description->data_alignment);
		else if ((byte & 0xc0) == DW_CFA_restore)
			run_restore(run, low);
		else if ((byte & 0xc0) == DW_CFA_advance_loc)
			run->location += low * run->description->code_alignment;
		else
			run_instruction(run, &reader, byte);
		if (run->location > run->address)
			return;
	}
	run->failed |= reader.failed;
}

static bool row_symbol(const struct run *run, int64_t offset, struct symbol *symbol)
{
	struct table_reader reader = module_reader(run->module, run->module->start + (uintptr_t)offset);
	uint64_t bytes = reader_uleb(&reader);
	if (reader.failed || bytes > reader.end - reader.at)
		return false;
	reader.end = reader.at + bytes;
	return expression_evaluate(reader, run->address, symbol);
}

static bool place_is(const struct run *run, const struct place *place, enum symbol_base base, int64_t offset)
{
	struct symbol symbol;
	return place->kind == PLACE_EXPRESSION && row_symbol(run, place->offset, &symbol) && symbol.base == base &&
	       symbol.offset == offset;
}

/* The CFA is the word at rsp or rbp plus an offset. */
static struct rule row_rule_indirect(const struct run *run, const struct symbol *cfa)
{
	const struct row *row = &run->row;
	if (cfa->base == SYMBOL_AT_RBP && cfa->offset < 0 && place_is(run, &row->rbp, SYMBOL_RBP, 0) &&
	    row->rip.kind == PLACE_OFFSET && row->rip.offset == -8)
		return (struct rule){.kind = RULE_REALIGNED, .cfa = -cfa->offset};
	if (cfa->base == SYMBOL_AT_RSP && cfa->offset == SIGNAL_RSP_OFFSET && run->description->signal_frame &&
	    place_is(run, &row->rbp, SYMBOL_RSP, SIGNAL_RBP_OFFSET) &&
	    place_is(run, &row->rip, SYMBOL_RSP, SIGNAL_RIP_OFFSET))
		return (struct rule){.kind = RULE_SIGNAL};
	return (struct rule){.kind = RULE_LOST};
}

static struct rule row_rule(const struct run *run)
{
	const struct row *row = &run->row;
	const struct rule lost = {.kind = RULE_LOST};
	if (run->failed)
		return lost;
	if (row->rip.kind == PLACE_UNDEFINED)
		return (struct rule){.kind = RULE_END};
	struct symbol cfa = {.offset = row->cfa_offset};
	if (row->cfa_is_expression) {
		if (!row_symbol(run, row->cfa_offset, &cfa))
			return lost;
	} else if (row->cfa_register == REGISTER_RSP) {
		cfa.base = SYMBOL_RSP;
	} else if (row->cfa_register == REGISTER_RBP) {
		cfa.base = SYMBOL_RBP;
	}
	if (cfa.base == SYMBOL_AT_RSP || cfa.base == SYMBOL_AT_RBP)
		return row_rule_indirect(run, &cfa);
	if (cfa.base == SYMBOL_NUMBER || row->rip.kind != PLACE_OFFSET || row->rip.offset != -8)
		return lost;
	bool kept = row->rbp.kind == PLACE_SAME || row->rbp.kind == PLACE_UNDEFINED;
	if (!kept && (row->rbp.kind != PLACE_OFFSET || row->rbp.offset >= 0))
		return lost;
	return (struct rule){.kind = cfa.base == SYMBOL_RSP ? RULE_RSP : RULE_RBP,
			     .cfa = cfa.offset,
			     .saved = kept ? 0 : -row->rbp.offset};
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
	struct run run = {.module = module,
			  .description = &description,
			  .address = address,
			  .location = description.code_start,
			  .row = {.cfa_register = REGISTER_NONE}};
	run_program(&run, description.common);
	run.initial = run.row;
	run_program(&run, description.own);
	return row_rule(&run);
}
