/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs call frame programs: see walker_program.h. It follows the CFA, rbp and
 * the return address, and steps over instructions for other registers.
 */
#include "shim/walker/walker_program.h"

#include <dwarf.h>
#include <stddef.h>

#include "shim/walker/walker_expression.h"

/* Offset of the saved register words in struct rt_sigframe, counted from rsp in the trampoline. */
#define SIGNAL_RBP_OFFSET 120
#define SIGNAL_RSP_OFFSET 160
#define SIGNAL_RIP_OFFSET 168

#define REMEMBERED_ROWS 4

enum place_kind {
	PLACE_SAME,       /* the register keeps its value */
	PLACE_UNDEFINED,  /* the return address has none: the outermost frame */
	PLACE_OFFSET,     /* saved at CFA + offset */
	PLACE_EXPRESSION, /* saved where the expression at module start + offset says */
	PLACE_OTHER,
};

/* Small, because a program may remember several rows, and they lie on the program's stack: offsets in a frame or a
 * module fit. */
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

/* Steps over an expression and returns its place relative to the module. */
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

/* Runs the instructions that say where a register is. */
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
		run->location = reader_pointer(reader, run->description->pointer_encoding, false);
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

static const struct rule lost = {.kind = RULE_LOST};

/* Where the CFA is; a number where it cannot be followed. */
static struct symbol row_cfa(const struct run *run)
{
	const struct row *row = &run->row;
	struct symbol cfa = {.offset = row->cfa_offset};
	if (row->cfa_is_expression) {
		if (!row_symbol(run, row->cfa_offset, &cfa))
			cfa.base = SYMBOL_NUMBER;
	} else if (row->cfa_register == REGISTER_RSP) {
		cfa.base = SYMBOL_RSP;
	} else if (row->cfa_register == REGISTER_RBP) {
		cfa.base = SYMBOL_RBP;
	}
	return cfa;
}

static bool returns_below_cfa(const struct row *row)
{
	return row->rip.kind == PLACE_OFFSET && row->rip.offset == -8;
}

/* The CFA is rsp or rbp plus an offset. */
static struct rule row_rule_plain(const struct row *row, enum rule_kind kind, int64_t cfa)
{
	bool kept = row->rbp.kind == PLACE_SAME || row->rbp.kind == PLACE_UNDEFINED;
	bool saved = row->rbp.kind == PLACE_OFFSET && row->rbp.offset < 0;
	if (!returns_below_cfa(row) || !(kept || saved))
		return lost;
	return (struct rule){.kind = kind, .cfa = cfa, .saved = kept ? 0 : -row->rbp.offset};
}

/* The CFA is the word at rbp plus an offset: gcc's realigned frame. */
static struct rule row_rule_realigned(const struct run *run, int64_t cfa)
{
	bool fits = cfa < 0 && place_is(run, &run->row.rbp, SYMBOL_RBP, 0) && returns_below_cfa(&run->row);
	return fits ? (struct rule){.kind = RULE_REALIGNED, .cfa = -cfa} : lost;
}

/* The CFA is the word at rsp plus an offset: the kernel's signal frame. */
static struct rule row_rule_signal(const struct run *run, int64_t cfa)
{
	bool fits = cfa == SIGNAL_RSP_OFFSET && run->description->signal_frame &&
		    place_is(run, &run->row.rbp, SYMBOL_RSP, SIGNAL_RBP_OFFSET) &&
		    place_is(run, &run->row.rip, SYMBOL_RSP, SIGNAL_RIP_OFFSET);
	return fits ? (struct rule){.kind = RULE_SIGNAL} : lost;
}

static struct rule row_rule(const struct run *run)
{
	if (run->failed)
		return lost;
	if (run->row.rip.kind == PLACE_UNDEFINED)
		return (struct rule){.kind = RULE_END};
	const struct symbol cfa = row_cfa(run);
	switch (cfa.base) {
	case SYMBOL_RSP:
		return row_rule_plain(&run->row, RULE_RSP, cfa.offset);
	case SYMBOL_RBP:
		return row_rule_plain(&run->row, RULE_RBP, cfa.offset);
	case SYMBOL_AT_RBP:
		return row_rule_realigned(run, cfa.offset);
	case SYMBOL_AT_RSP:
		return row_rule_signal(run, cfa.offset);
	default:
		return lost;
	}
}

struct rule program_rule(const struct table_module *module, const struct description *description, uintptr_t address)
{
	struct run run = {.module = module,
			  .description = description,
			  .address = address,
			  .location = description->code_start,
			  .row = {.cfa_register = REGISTER_NONE}};
	run_program(&run, description->common);
	run.initial = run.row;
	run_program(&run, description->own);
	return row_rule(&run);
}
