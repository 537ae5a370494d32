/* SPDX-License-Identifier: Apache-2.0 */
/* What the symbolizing child tells its parent: a stream of records of 32-bit words. Each text is sent once and then
 * referred to by its number; each finished module has one record. A record that is not complete when the stream ends
 * (because the child was killed) does not count. */
#ifndef SEEP_SYMBOLS_WIRE_H
#define SEEP_SYMBOLS_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/map.h"
#include "symbols/symbols.h"

enum { WIRE_TEXT_LIMIT = BUDGET_NAME_BYTES }; /* longest text, made fit to print */

struct wire {
	struct buffer out;         /* complete records that are still to be sent */
	struct buffer record;      /* the module's record that is being made; its texts are sent before it */
	struct string_pool *texts; /* texts that were sent */
	struct numbering numbers;  /* by their pointers in the pool */
	uint32_t debug_file;       /* of the record that is being made */
};

void wire_open(struct wire *wire);
void wire_close(struct wire *wire);

/* The number of a text, made fit to print; 0 stands for NULL. */
uint32_t wire_text(struct wire *wire, const char *text);

/* A module's record: one call for each address in the order of its addresses, each followed by the announced number of
 * lines; then where its DWARF is, if it has any; then its end. */
void wire_begin_address(struct wire *wire, uint32_t line_count);
void wire_line(struct wire *wire, uint32_t function, uint32_t file, uint32_t line, bool inlined);
void wire_debug_file(struct wire *wire, const char *path);
/* The whole record of a module without a file. */
void wire_nameless_module(struct wire *wire, uint32_t module, uint32_t source);
void wire_end_module(struct wire *wire, uint32_t module, uint32_t source, bool has_lines, uint32_t address_count);

/* Reads a stream: fills the modules whose records are complete (and that have no `source` yet), and returns the index
 * after the last of them. */
size_t wire_read(const struct buffer *stream, struct symbol_module *modules, size_t count, struct string_pool *strings,
		 struct symbol_lines *lines);

#endif
