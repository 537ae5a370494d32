/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one unit's line program and keeps the rows that stand for given addresses, and no others. */
#ifndef SEEP_DWARF_DWARF_ROWS_H
#define SEEP_DWARF_DWARF_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

#include "base/string_pool.h"
#include "dwarf/dwarf_raw.h"

struct dwarf_row {
	uint64_t address;
	uint64_t file;
	int64_t line;
	bool is_known, is_end; /* the end of a sequence stands for no address */
};

struct dwarf_rows {
	struct string_pool *texts;
	struct dwarf_row *rows; /* one for each address */
	struct dwarf_rows_file *files;
	const char **directories; /* NULL is possible */
	size_t file_count, file_capacity, directory_count, directory_capacity;
};

/* `addresses` ascend. False: something is unknown or damaged; libdw must read it. */
bool dwarf_rows_read(struct dwarf_rows *rows, const struct dwarf_raw *raw, Dwarf_Die *unit, const uint64_t *addresses,
		     size_t count, struct string_pool *texts);
void dwarf_rows_free(struct dwarf_rows *rows);

/* The path of a file; NULL: there is none of this number. */
const char *dwarf_rows_file(struct dwarf_rows *rows, uint64_t number);

#endif
