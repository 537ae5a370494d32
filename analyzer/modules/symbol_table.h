/* SPDX-License-Identifier: Apache-2.0 */
/* Function names by address from a module's symbol tables, and function starts from its unwind table. */
#ifndef SEEP_MODULES_SYMBOL_TABLE_H
#define SEEP_MODULES_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdwfl.h>

struct symbol {
	uint64_t start, end; /* end is exclusive */
	const char *name;    /* mangled; borrowed from the module */
	uint32_t rank;       /* of several names for one address, the lowest wins */
};

struct symbol_table {
	struct symbol *symbols; /* in ascending order of start, one for each start */
	size_t count;
	uint64_t longest_bytes; /* of all symbols: it bounds how far before an address a symbol can begin */
	bool is_static;         /* it has local functions: it is .symtab, not only .dynsym */
};

void symbol_table_load(struct symbol_table *table, Dwfl_Module *module);
void symbol_table_free(struct symbol_table *table);
/* NULL: no symbol contains the address. */
const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address);

/* The start of the function that contains `address`, by .eh_frame_hdr and the entry to which it points; 0: unknown. It
 * works in a file without any symbols. */
uint64_t unwind_table_function(Elf *elf, uint64_t address);

#endif
