/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the rule of one code address in a module's .eh_frame_hdr and .eh_frame
 * as they lie in memory, by a binary search and one FDE's program. Nothing is
 * kept.
 *
 * Every pointer is checked against the module's range. Tables that cannot be
 * understood give RULE_LOST, an address without an FDE RULE_FRAME_POINTER.
 */
#ifndef SEEP_WALKER_WALKER_TABLES_H
#define SEEP_WALKER_WALKER_TABLES_H

#include <stdint.h>

#include "shim/walker/walker_reader.h"
#include "shim/walker/walker_rule.h"

/* Signal-safe, lock-free, no system call unless careful. */
struct rule tables_rule(const struct table_module *module, uintptr_t address);

#endif
