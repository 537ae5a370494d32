/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the ELF file of a module and makes sure that it is the one that ran: by build id, if the recording knows it.
 * The path comes from a recording, so it may name anything; only regular files are opened. */
#ifndef SEEP_SYMBOLS_MODULE_FILE_H
#define SEEP_SYMBOLS_MODULE_FILE_H

#include "base/buffer.h"
#include "symbols/symbols.h"

struct module_file {
	int descriptor; /* -1: there is none */
	char path[4096];
};

/* Opens the module's file at its path, or else the same build from the debug directories. If there is none, descriptor
 * is -1; otherwise the caller closes it. `reason` receives what is wrong with the file at the module's path, or
 * nothing. */
void module_file_find(struct module_file *file, const struct symbol_module *module, const struct symbol_search *search,
		      struct buffer *reason);

/* The same, only for files in the user's directory that have the module's name, perhaps with ".debug". */
void module_file_find_by_hand(struct module_file *file, const struct symbol_module *module,
			      const struct symbol_search *search);

#endif
