/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64 instructions one by one, by Zydis, which is loaded when it is first needed: all else that seep does works without. */
#ifndef SEEP_INLINE_DISASSEMBLER_H
#define SEEP_INLINE_DISASSEMBLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum flow {
	FLOW_ON,            /* to the next instruction */
	FLOW_JUMP,          /* to `target` */
	FLOW_BRANCH,        /* to `target` or on */
	FLOW_CALL,          /* `target` */
	FLOW_JUMP_INDIRECT, /* to where the pointer at `target` leads, if that is not 0 */
	FLOW_CALL_INDIRECT,
	FLOW_END, /* a return, or a trap */
};

struct instruction {
	enum flow flow;
	uint8_t length;
	uint8_t displacement_at; /* of four bytes that are relative to the next instruction; 0: there are none */
	uint8_t condition;       /* of a FLOW_BRANCH that can be made long; 255: it can't */
	bool is_marker;          /* endbr64, where an indirect jump may lead */
	uint64_t target;
};

/* False: the error says that there is no Zydis. */
bool disassembler_prepare(struct error *error);

/* The instruction in these bytes, which are at `address`. False: there is none. */
bool instruction_decode(const unsigned char *bytes, size_t count, uint64_t address, struct instruction *instruction);

#endif
