/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the addresses of one module. Runs in the child process, because the files that it reads may crash it. */
#ifndef SEEP_SYMBOLS_RESOLVE_H
#define SEEP_SYMBOLS_RESOLVE_H

#include "symbols/symbols.h"
#include "symbols/wire.h"

/* How far to trust the module's file; each step leaves out the parser that may have crashed in the one before. */
enum resolve_effort { RESOLVE_ALL, RESOLVE_SYMBOL_TABLES, RESOLVE_NOTHING, RESOLVE_EFFORTS };

/* Writes the record of module number `number`. */
void resolve_module(struct wire *wire, const struct symbol_module *module, uint32_t number,
		    const struct symbol_search *search, enum resolve_effort effort);

#endif
