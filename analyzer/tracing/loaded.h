/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modules that the loader of another process has loaded, read from its memory: the
 * list of modules in the order of the global scope, their dynamic symbols and
 * their relocations. All of it is input that may be wrong: sizes are bounded,
 * nothing is followed for ever.
 */
#ifndef SEEP_TRACING_LOADED_H
#define SEEP_TRACING_LOADED_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracing/remote.h"

struct loaded_module {
	char name[256];          /* as the loader has it, cut; "": the program */
	char soname[64];         /* "": none */
	uint64_t bias;           /* of its addresses */
	uint64_t start, end;     /* its segments lie between */
	uint64_t code, code_end; /* the segment that may be executed */
	Elf64_Sym *symbols;      /* dynamic */
	uint32_t *keys;          /* of the names of those that are definitions, for a quick search; 0: it is none */
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
	uint64_t first; /* the head and the length of the list, by which changes are seen */
};

/* What the kernel has told the process by that key (AT_ENTRY, ...); 0: unknown. */
uint64_t loaded_auxiliary(pid_t pid, uint64_t type);

/* Reads it all. The process may run meanwhile: false with error "" where the list is just being changed, so that it is
 * to be tried again. */
bool loaded_read(struct loaded *loaded, const struct remote *remote, struct error *error);
void loaded_free(struct loaded *loaded);

/* Lets go of the modules; whether the list has changed can still be told. */
void loaded_forget_modules(struct loaded *loaded);

/* The bias of the module that was loaded by that name; 0: it is not in the list. Quicker than reading all. */
uint64_t loaded_bias_of(const struct loaded *loaded, const struct remote *remote, const char *name);

/* Does the process still have the program that was read? */
bool loaded_is_there(const struct loaded *loaded, const struct remote *remote);

/* Is it still the same list, and not about to change? */
bool loaded_is_current(const struct loaded *loaded, const struct remote *remote);

/* The module that calls itself so; NULL: none. */
const struct loaded_module *loaded_find(const struct loaded *loaded, const char *soname);

/* The name of a symbol; never NULL. */
const char *loaded_symbol_name(const struct loaded_module *module, uint32_t index);

/* The address of a definition; 0: there is none. */
uint64_t loaded_definition(const struct loaded_module *module, const char *name);

/* The first definition in the order of the global scope, but for those of `except` (or NULL), and whose it is. */
uint64_t loaded_first_definition(const struct loaded *loaded, const struct loaded_module *except, const char *name,
				 const struct loaded_module **owner);

#endif
