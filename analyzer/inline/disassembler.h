/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes x86-64 instructions one by one, by Zydis, which is loaded when it is first needed: the rest of seep works
 * without it. */
#ifndef SEEP_INLINE_DISASSEMBLER_H
#define SEEP_INLINE_DISASSEMBLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum flow {
	FLOW_ON,            /* goes on to the next instruction */
	FLOW_JUMP,          /* goes to `target` */
	FLOW_BRANCH,        /* goes to `target` or on */
	FLOW_CALL,          /* calls `target` */
	FLOW_JUMP_INDIRECT, /* goes to where the pointer at `target` leads, if `target` is not 0 */
	FLOW_CALL_INDIRECT,
	FLOW_END, /* a return, or a trap */
};

struct instruction {
	enum flow flow;
	uint8_t length;
	/* place of the four bytes that are relative to the next instruction; 0: there are none */
	uint8_t displacement_at;
	uint8_t condition; /* for a FLOW_BRANCH that can be made long; 255: it can't */
	bool is_marker;    /* endbr64, a possible target of indirect jumps */
	uint64_t target;
};

/* False: Zydis is missing, and the error says so. */
bool disassembler_prepare(struct error *error);

/* Decodes the instruction in these bytes, which are at `address`. False: they hold none. */
bool instruction_decode(const unsigned char *bytes, size_t count, uint64_t address, struct instruction *instruction);

#endif
