/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DWARF expressions of unwind tables, evaluated without registers: the result
 * says what to do with rsp or rbp when they are known. That covers the PLT's
 * (a choice by the code address), gcc's realigned frames and the kernel's
 * signal frame; anything else is refused.
 */
#ifndef SEEP_WALKER_WALKER_EXPRESSION_H
#define SEEP_WALKER_WALKER_EXPRESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/walker/walker_reader.h"

enum symbol_base {
	SYMBOL_NUMBER, /* offset alone */
	SYMBOL_RSP,    /* rsp + offset */
	SYMBOL_RBP,    /* rbp + offset */
	SYMBOL_AT_RSP, /* the word at rsp + offset */
	SYMBOL_AT_RBP, /* the word at rbp + offset */
};

struct symbol {
	enum symbol_base base;
	int64_t offset;
};

/* Evaluates the expression that the reader spans, for code at `address`. False: not of these forms. */
bool expression_evaluate(struct table_reader expression, uintptr_t address, struct symbol *result);

#endif
