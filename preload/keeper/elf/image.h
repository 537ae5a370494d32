/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The definitions of a mapped module, read from its own tables: for names that must be this very module's, whoever else
 * defines them, and without the loader, which locks, allocates, and may be hooked by somebody else.
 */
#ifndef SEEP_ELF_IMAGE_H
#define SEEP_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	uintptr_t base; /* what addresses in it are relative to */
	Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash, *gnu_hash; /* at least one of them is there */
	const uint16_t *versions;        /* NULL: none */
};

bool image_read(uintptr_t base, const Elf64_Dyn *dynamic, struct image *image);

/* A definition that a reference without a version would find; NULL: none. */
Elf64_Sym *image_find(const struct image *image, const char *name);

/* The address of a definition in a loaded library; NULL: there is none. No thread may open or close libraries
 * meanwhile. */
void *image_address(const char *library, const char *name);

/* The first definition in the list of what is loaded, but for those of the module at `except`; NULL: none. When to ask: as
 * above. */
void *image_first_definition(uintptr_t except, const char *name);

/* Does a module that is listed behind the one at `base` define it? Also true where that one is not in the list. */
bool image_is_defined_behind(uintptr_t base, const char *name);

/* Says of each name whether a loaded module, but for that at `except`, calls a function by it, which may be bound at the first
 * call; none is marked before. When to ask: as above. */
void image_mark_called(uintptr_t except, const char *const *names, size_t count, bool *called);

/* Where the program itself keeps the address of the function that it calls by this name; NULL: it does not, or keeps it elsewhere. */
uintptr_t *image_slot_of_program(const char *name);

/* The same for an address that it also compares, or calls without a stub. This reads all of the program's relocations. */
uintptr_t *image_reference_of_program(const char *name);

#define IMAGE_LIBC "libc.so.6"
#define IMAGE_LOADER "ld-linux-x86-64.so.2"

#endif
