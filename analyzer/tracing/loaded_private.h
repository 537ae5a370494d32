/* SPDX-License-Identifier: Apache-2.0 */
/* The reading of one module, for the reading of the list: see loaded.h. */
#ifndef SEEP_TRACING_LOADED_PRIVATE_H
#define SEEP_TRACING_LOADED_PRIVATE_H

#include "tracing/loaded.h"

/* The dynamic section's pointers, as addresses. */
struct loaded_dynamic {
	uint64_t symbols, strings, string_bytes, gnu_hash, hash, jumps, jump_bytes, relocations, relocation_bytes;
	uint64_t soname; /* 1 + offset of the name; 0: none */
	uint64_t debug;  /* only in the program: struct r_debug */
};

/* Finds the program's segments and dynamic section by what the kernel told it when it started. */
bool loaded_module_read_program(const struct remote *remote, struct loaded_module *program,
				struct loaded_dynamic *dynamic);

/* The same for a library with that bias and dynamic section. */
bool loaded_module_read_library(const struct remote *remote, struct loaded_module *module, uint64_t section,
				struct loaded_dynamic *dynamic);

/* Reads symbols, names and relocations. */
bool loaded_module_read_tables(const struct remote *remote, struct loaded_module *module,
			       const struct loaded_dynamic *dynamic);

void loaded_module_free(struct loaded_module *module);

#endif
