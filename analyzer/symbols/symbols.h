/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for addresses: function, file and line from DWARF, with the calls that were inlined; else names from symbol
 * tables; else the start of the function by the unwind table, or the address itself.
 *
 * ELF and DWARF are untrusted and their parsers are large, so they run in a child process with limits on time and
 * memory. If a module crashes the child, only its own names are lost, and its `source` says so.
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
	    line_count : 31; /* filled: at least 1, innermost first; 0: nothing is known, and labels are not wanted */
	bool exact : 1;
};

struct symbol_module {
	const char *path; /* path of the program or library when it ran */
	const uint8_t *build_id;
	uint32_t build_id_bytes; /* 0: unknown, so any file at `path` is taken */
	bool is_vdso;
	struct symbol_address *addresses; /* in any order */
	size_t address_count;
	bool does_without_labels; /* its addresses without names need no labels, as long as all labels would differ */
	const char *source;       /* filled: where the names came from, or why there are none */
	bool has_lines;           /* filled: DWARF was found */
	/* filled: where the names came from that were kept with the recording; NULL: none were used */
	const char *kept;
	const char *debug_file; /* filled: the file with the DWARF; "": a server's; NULL: there is no DWARF */
};

/* Texts are fit to print and live in the caller's pool. */
struct symbol_lines {
	struct source_line *lines; /* freed by the caller */
	size_t count, capacity;
};

/* A process that has the addresses. While it runs, it has files to which its modules' paths no longer lead. */
struct symbol_process {
	uint64_t pid, start_ticks; /* in its own pid namespace */
	uint8_t boot_id[16];
	bool is_looked_for;
	uint64_t here; /* once it was looked for: its number here; 0: it has ended, or can't be seen */
};

/* The number under which /proc shows the process; 0: it does not run here. */
uint64_t symbol_process_here(struct symbol_process *process);

/* Where to look for debug files, besides the module itself, its .gnu_debuglink and /usr/lib/debug. */
struct symbol_search {
	const char *directory; /* the user's; may be NULL */
	/* Directories of the recordings that have the addresses: names may be kept there (symbols/records.h). */
	const char *const *recordings;
	size_t recording_count;
	struct symbol_process *processes; /* processes that have the addresses */
	size_t process_count;
};

/* Fills `source`, `has_lines` and the addresses' lines of every module. Never fails. If DEBUGINFOD_URLS is set, those
 * servers are asked for what is not found here. */
void symbols_resolve(struct symbol_module *modules, size_t count, const struct symbol_search *search,
		     struct string_pool *strings, struct symbol_lines *lines);

#endif
