/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are kept with a recording, in its file "names": for each module, by build id or else by path, everything
 * that was known about its addresses when the program had just run. So a program that was rebuilt or removed since
 * keeps its names.
 *
 * The file has a header and gzip members, each a file of the cache of names (cache_file.h). Its size is bounded, and it
 * is read like any file with which somebody may have tampered.
 */
#ifndef SEEP_SYMBOLS_RECORDS_H
#define SEEP_SYMBOLS_RECORDS_H

#include "base/error.h"
#include "symbols/symbols.h"

#define RECORDS_FILE_NAME "names"
#define RECORDS_MAGIC "SEEPKEPT"
enum {
	RECORDS_VERSION = 1,
	RECORDS_ADDRESSES_MAX = 1 << 16, /* kept for one recording */
	RECORDS_FILE_BYTES_MAX = 4 << 20,
};

struct records_header {
	char magic[8];
	uint32_t version;
	uint32_t left_out; /* addresses for which there was no room */
};

struct records_summary {
	uint32_t modules, addresses, left_out;
	uint64_t bytes;
};

/* Keeps what is known about the modules' addresses with the recording, replacing what was kept before. Modules about
 * which nothing is known are not kept. `summary`: its left_out has what the caller left out already. The directory must
 * be the caller's own, and nobody else may write to it. */
bool symbol_records_write(const char *directory, const struct symbol_module *modules, size_t count,
			  const struct symbol_lines *lines, struct records_summary *summary, struct error *error);

/* If the records of the search's recordings know more about a module's addresses than was found, takes that, and the
 * module's source says so. */
void symbol_records_use(struct symbol_module *modules, size_t count, const struct symbol_search *search,
			struct string_pool *strings, struct symbol_lines *lines);

#endif
