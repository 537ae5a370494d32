/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that another process's loader has loaded, read from that process's memory: the list of modules in the
 * order of the global scope, their dynamic symbols and their relocations. All of it is untrusted: sizes are bounded,
 * and nothing is followed for ever.
 */
#ifndef SEEP_TRACING_LOADED_H
#define SEEP_TRACING_LOADED_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracing/remote.h"

struct loaded_module {
	char name[256];          /* the loader's name for it, cut; "": the program */
	char soname[64];         /* "": it has none */
	uint64_t bias;           /* of its addresses */
	uint64_t start, end;     /* all of its segments are between these */
	uint64_t code, code_end; /* the executable segment */
	Elf64_Sym *symbols;      /* dynamic */
	/* for symbols that are definitions: a key of the name, for quick search; 0: it is not a definition */
	uint32_t *keys;
	uint32_t symbol_count;
	char *strings;
	size_t string_bytes;
	Elf64_Rela *relocations; /* those that name a symbol and fill a pointer */
	size_t relocation_count;
};

struct loaded {
	struct loaded_module *modules;
	size_t count;
	uint64_t state; /* address of the loader's struct r_debug */
	uint64_t first; /* head and length of the list, by which changes are noticed */
};

/* What the kernel told the process under that key (AT_ENTRY, ...); 0: unknown. */
uint64_t loaded_auxiliary(pid_t pid, uint64_t type);

/* Reads everything; the process may run meanwhile. False with error "": the list is just being changed, so try
 * again. */
bool loaded_read(struct loaded *loaded, const struct remote *remote, struct error *error);
void loaded_free(struct loaded *loaded);

/* Frees the modules; afterwards it can still tell whether the list has changed. */
void loaded_forget_modules(struct loaded *loaded);

/* The bias of the module that was loaded under that name; 0: it is not in the list. Quicker than reading everything. */
uint64_t loaded_bias_of(const struct loaded *loaded, const struct remote *remote, const char *name);

/* Whether the process still runs the program that was read. */
bool loaded_is_there(const struct loaded *loaded, const struct remote *remote);

/* Whether the list is still the same, and not about to change. */
bool loaded_is_current(const struct loaded *loaded, const struct remote *remote);

/* The module with that soname; NULL: there is none. */
const struct loaded_module *loaded_find(const struct loaded *loaded, const char *soname);

/* The name of a symbol; never NULL. */
const char *loaded_symbol_name(const struct loaded_module *module, uint32_t index);

/* The address of a definition; 0: there is none. */
uint64_t loaded_definition(const struct loaded_module *module, const char *name);

/* The first definition in the order of the global scope, except in `except` (or NULL), and its module. */
uint64_t loaded_first_definition(const struct loaded *loaded, const struct loaded_module *except, const char *name,
				 const struct loaded_module **owner);

#endif
