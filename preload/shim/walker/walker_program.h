/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of an FDE and its CIE, run up to the row that covers an address,
 * and the rule that this row is.
 */
#ifndef SEEP_WALKER_WALKER_PROGRAM_H
#define SEEP_WALKER_WALKER_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/walker/walker_reader.h"
#include "shim/walker/walker_rule.h"

/* By their numbers in DWARF; RIP is the return address's column. */
enum { REGISTER_RBP = 6, REGISTER_RSP = 7, REGISTER_RIP = 16, REGISTER_NONE = 255 };

/* An FDE and its CIE, read. */
struct description {
	uintptr_t code_start, code_end;
	uint64_t code_alignment;
	int64_t data_alignment;
	uint8_t pointer_encoding;
	bool has_augmentation, signal_frame;
	struct table_reader common, own; /* the programs */
};

/* Signal-safe, lock-free. A program that cannot be understood gives RULE_LOST. */
struct rule program_rule(const struct table_module *module, const struct description *description, uintptr_t address);

#endif
