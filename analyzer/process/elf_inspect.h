/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an executable can be profiled, by its ELF file: how it is linked, for which machine, with which runtimes, and
 * whether it still has its symbols. The file is untrusted; libelf checks its bounds.
 */
#ifndef SEEP_PROCESS_ELF_INSPECT_H
#define SEEP_PROCESS_ELF_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct elf_facts {
	bool is_64_bit;
	bool is_little_endian;
	uint16_t machine;      /* EM_X86_64, ... */
	char interpreter[256]; /* PT_INTERP; "" : statically linked */
	bool has_dynamic_section;
	bool has_build_id;
	char build_id[65];    /* lower-case hexadecimal, "" if none */
	bool has_symbols;     /* .symtab with functions */
	bool has_debug_info;  /* .debug_info, or .debug_line */
	bool needs_libpython; /* DT_NEEDED */
	bool needs_glib;
	const char *sanitizer;       /* "AddressSanitizer", ...; NULL: none */
	char own_malloc[64];         /* the function by which it defines its own allocator; "" : none */
	bool own_malloc_is_exported; /* its malloc takes the place of the C library's for the libraries, too */
	bool is_go;
	bool is_rust;
	bool is_python; /* CPython's interpreter is in it or linked to it */
};

enum elf_depth {
	ELF_SHALLOW, /* only headers, dynamic section and dynamic symbols: milliseconds for a file of any size */
	ELF_DEEP,    /* .symtab too */
};

/* False: it can't be read, or is not ELF (then *is_elf is false). */
bool elf_inspect(const char *path, enum elf_depth depth, struct elf_facts *facts, bool *is_elf, struct error *error);

/* The name of a machine number, as `uname -m` gives it; "machine N" for the less common. */
const char *elf_machine_name(uint16_t machine);

/* The machine that this program was built for. */
uint16_t elf_own_machine(void);

#endif
