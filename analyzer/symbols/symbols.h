/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for addresses: function, file and line from DWARF, with the calls that were inlined; else names from symbol
 * tables; else the start of the function by the unwind table, or the address itself.
 *
 * ELF and DWARF are untrusted and their parsers are large, so all of that runs in a child process with limits on time
 * and memory. A module that crashes the child loses its names alone, and its `source` says so.
 */
#ifndef SEEP_SYMBOLS_SYMBOLS_H
#define SEEP_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/source_line.h"
#include "base/string_pool.h"

struct symbol_address {
	uint64_t address;    /* ELF virtual address; a return address unless exact */
	uint32_t first_line; /* filled: index into symbol_lines.lines */
	uint32_t
	    line_count : 31; /* filled: at least 1, innermost first; 0: nothing is known, where labels are not wanted */
	bool exact : 1;
};

struct symbol_module {
	const char *path; /* of the program or library when it ran */
	const uint8_t *build_id;
	uint32_t build_id_bytes; /* 0: unknown, so that any file at `path` is taken */
	bool is_vdso;
	struct symbol_address *addresses; /* in any order */
	size_t address_count;
	bool does_without_labels; /* addresses of a module without names need no lines, if no two would have the same */
	const char *source;       /* filled: where the names came from, or why there are none */
	bool has_lines;           /* filled: DWARF was found */
	const char *kept;         /* filled: where names came from that were kept with the recording; NULL: none were */
	const char *debug_file;   /* filled: the file that the DWARF is in; "" a server's; NULL without any */
};

/* Texts are fit to print and live in the caller's pool. */
struct symbol_lines {
	struct source_line *lines; /* freed by the caller */
	size_t count, capacity;
};

/* A process that the addresses are from. While it runs, it has files to which its modules' paths no longer lead. */
struct symbol_process {
	uint64_t pid, start_ticks; /* as it knows them itself */
	uint8_t boot_id[16];
	bool is_looked_for;
	uint64_t here; /* once it was looked for: its number here; 0: it has ended, or can't be seen */
};

/* The number by which /proc shows the process; 0: it does not run here. */
uint64_t symbol_process_here(struct symbol_process *process);

/* Where debug files are looked for besides the module itself, its .gnu_debuglink and /usr/lib/debug. */
struct symbol_search {
	const char *directory; /* given by hand; may be NULL */
	/* Directories of the recordings that the addresses are from: names may be kept there (symbols/records.h). */
	const char *const *recordings;
	size_t recording_count;
	struct symbol_process *processes; /* that they are from, too */
	size_t process_count;
};

/* Fills `source`, `has_lines` and the addresses' lines of every module. Never fails. Where DEBUGINFOD_URLS is set,
 * libdw asks those servers for what is not found here. */
void symbols_resolve(struct symbol_module *modules, size_t count, const struct symbol_search *search,
		     struct string_pool *strings, struct symbol_lines *lines);

#endif
