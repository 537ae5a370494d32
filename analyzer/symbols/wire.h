/* SPDX-License-Identifier: Apache-2.0 */
/* What the symbolizing child tells its parent, as a stream of records of 32-bit words: texts, each sent once and then
 * named by its number, and one record for each module that is done. A record that is not complete when the stream ends
 * (the child was killed) does not count. */
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
	struct buffer out;         /* complete records, not yet sent */
	struct buffer record;      /* the module's record in the making; its texts go before it */
	struct string_pool *texts; /* those that were sent */
	struct map *numbers;       /* by their pointers in the pool */
	uint32_t debug_file;       /* of the module's record in the making */
};

void wire_open(struct wire *wire);
void wire_close(struct wire *wire);

/* The number of a text; 0 stands for NULL. Made fit to print on the way. */
uint32_t wire_text(struct wire *wire, const char *text);

/* A module's record: one call an address in the order of its addresses, each followed by as many lines as it was told;
 * where its DWARF is, if it has any; then its end. */
void wire_begin_address(struct wire *wire, uint32_t line_count);
void wire_line(struct wire *wire, uint32_t function, uint32_t file, uint32_t line, bool inlined);
void wire_debug_file(struct wire *wire, const char *path);
/* The whole record of a module without a file. */
void wire_nameless_module(struct wire *wire, uint32_t module, uint32_t source);
void wire_end_module(struct wire *wire, uint32_t module, uint32_t source, bool has_lines, uint32_t address_count);

/* Reads a stream: fills the modules whose records are complete (and that have no `source` yet) and gives the index
 * after the last of them. */
size_t wire_read(const struct buffer *stream, struct symbol_module *modules, size_t count, struct string_pool *strings,
		 struct symbol_lines *lines);

#endif
