/* SPDX-License-Identifier: Apache-2.0 */
/* A module's file and its debug file, found by libdwfl on this machine or on a debuginfod server. The module is reported at
 * bias 0, so that its addresses are ELF virtual addresses throughout. */
#ifndef SEEP_MODULES_DEBUG_FILES_H
#define SEEP_MODULES_DEBUG_FILES_H

#include <stdbool.h>

#include <elfutils/libdwfl.h>

#include "dwarf/dwarf_chunks.h"

struct debug_files { /* zero-initialise */
	Dwfl *dwfl;
	Dwfl_Module *module;         /* NULL: no file */
	Dwarf *dwarf;                /* NULL: none, or a large file's */
	Dwarf_Addr bias;             /* of `dwarf` */
	struct dwarf_chunks *chunks; /* for a large file; otherwise NULL */
	int chunks_descriptor;
	char *chunks_path; /* NULL: it came from a server */
};

/* Call this before a module is opened: it says where to look for debug files. `directory` is the user's, or NULL. */
void debug_files_prepare(const char *directory);

/* Opens the module's file, and takes over its descriptor. */
void debug_files_open_module(struct debug_files *files, const char *path, int descriptor);

/* The same, and finds the module's DWARF, whole by libdw or in chunks. False: there is none. */
bool debug_files_open(struct debug_files *files, const char *path, int descriptor);

void debug_files_close(struct debug_files *files);

static inline bool debug_files_have_dwarf(const struct debug_files *files)
{
	return files->dwarf || files->chunks;
}

/* The file from which names come; NULL: libdwfl names none. `is_apart`: it is a separate debug file. */
const char *debug_files_path(const struct debug_files *files, bool *is_apart);

/* Whether a server sent the DWARF. */
bool debug_files_are_fetched(const struct debug_files *files);

/* Whether the module's own file has a symbol table. Without one, local functions come from .gnu_debugdata, a small
 * compressed file that some distributions put into a program. */
bool debug_files_have_symbol_table(const struct debug_files *files);

/* Faults of servers since debug_files_prepare(); "": none. */
const char *debug_files_complaint(void);

#endif
