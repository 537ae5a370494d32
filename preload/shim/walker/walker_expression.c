/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DWARF expressions of unwind tables: see walker_expression.h.
 */
#include "shim/walker/walker_expression.h"

#include <dwarf.h>

#define DEPTH 6

enum { REGISTER_RBP = 6, REGISTER_RSP = 7, REGISTER_RIP = 16 };

struct evaluation {
	struct symbol stack[DEPTH];
	unsigned depth;
	bool failed;
};

static void evaluation_push(struct evaluation *evaluation, enum symbol_base base, int64_t offset)
{
	if (evaluation->depth == DEPTH) {
		evaluation->failed = true;
		return;
	}
	evaluation->stack[evaluation->depth++] = (struct symbol){.base = base, .offset = offset};
}

static struct symbol evaluation_pop(struct evaluation *evaluation)
{
	if (evaluation->depth == 0) {
		evaluation->failed = true;
		return (struct symbol){.base = SYMBOL_NUMBER};
	}
	return evaluation->stack[--evaluation->depth];
}

static void evaluation_push_register(struct evaluation *evaluation, unsigned number, int64_t offset, uintptr_t address)
{
	if (number == REGISTER_RSP)
		evaluation_push(evaluation, SYMBOL_RSP, offset);
	else if (number == REGISTER_RBP)
		evaluation_push(evaluation, SYMBOL_RBP, offset);
	else if (number == REGISTER_RIP)
		evaluation_push(evaluation, SYMBOL_NUMBER, (int64_t)address + offset);
	else
		evaluation->failed = true;
}

static void evaluation_dereference(struct evaluation *evaluation)
{
	struct symbol symbol = evaluation_pop(evaluation);
	if (symbol.base == SYMBOL_RSP)
		evaluation_push(evaluation, SYMBOL_AT_RSP, symbol.offset);
	else if (symbol.base == SYMBOL_RBP)
		evaluation_push(evaluation, SYMBOL_AT_RBP, symbol.offset);
	else
		evaluation->failed = true;
}

/* Operators on two numbers; a register may only be added to. */
static void evaluation_combine(struct evaluation *evaluation, uint8_t operation)
{
	struct symbol right = evaluation_pop(evaluation), left = evaluation_pop(evaluation);
	if (operation == DW_OP_plus && right.base != SYMBOL_NUMBER) {
		struct symbol swapped = left;
		left = right;
		right = swapped;
	}
	bool sum = (operation == DW_OP_plus || operation == DW_OP_minus) &&
		   (left.base == SYMBOL_RSP || left.base == SYMBOL_RBP);
	if (right.base != SYMBOL_NUMBER || (left.base != SYMBOL_NUMBER && !sum)) {
		evaluation->failed = true;
		return;
	}
	uint64_t a = (uint64_t)left.offset, b = (uint64_t)right.offset, value = 0;
	switch (operation) {
	case DW_OP_plus:
		value = a + b;
		break;
	case DW_OP_minus:
		value = a - b;
		break;
	case DW_OP_and:
		value = a & b;
		break;
	case DW_OP_shl:
		value = b < 64 ? a << b : 0;
		break;
	case DW_OP_ge:
		value = left.offset >= right.offset;
		break;
	default:
		evaluation->failed = true;
	}
	evaluation_push(evaluation, left.base, (int64_t)value);
}

bool expression_evaluate(struct table_reader expression, uintptr_t address, struct symbol *result)
{
	struct evaluation evaluation = {.depth = 0};
	while (expression.at < expression.end && !expression.failed && !evaluation.failed) {
		uint8_t operation = reader_u8(&expression);
		if (operation >= DW_OP_lit0 && operation <= DW_OP_lit31)
			evaluation_push(&evaluation, SYMBOL_NUMBER, operation - DW_OP_lit0);
		else if (operation >= DW_OP_breg0 && operation <= DW_OP_breg31)
			evaluation_push_register(&evaluation, operation - DW_OP_breg0, reader_sleb(&expression),
						 address);
		else if (operation == DW_OP_const1u)
			evaluation_push(&evaluation, SYMBOL_NUMBER, reader_u8(&expression));
		else if (operation == DW_OP_const1s)
			evaluation_push(&evaluation, SYMBOL_NUMBER, (int8_t)reader_u8(&expression));
		else if (operation == DW_OP_plus_uconst) {
			evaluation_push(&evaluation, SYMBOL_NUMBER, (int64_t)reader_uleb(&expression));
			evaluation_combine(&evaluation, DW_OP_plus);
		} else if (operation == DW_OP_deref)
			evaluation_dereference(&evaluation);
		else
			evaluation_combine(&evaluation, operation);
	}
	*result = evaluation_pop(&evaluation);
	return !expression.failed && !evaluation.failed;
}
