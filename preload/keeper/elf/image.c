/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up in a module's hash tables, as the loader does it: see image.h. */
#include "keeper/elf/image.h"

#include <link.h>
#include <stddef.h>

#define VERSION_HIDDEN 0x8000 /* for programs that were linked when it was the default */

/* The loader has made addresses of offsets, or (of the vDSO, or where a section is read-only) has not. */
static void *image_pointer(uintptr_t base, const Elf64_Dyn *entry)
{
	uintptr_t value = entry->d_un.d_ptr;
	return (void *)(value < base ? value + base : value);
}

bool image_read(uintptr_t base, const Elf64_Dyn *dynamic, struct image *image)
{
	*image = (struct image){.base = base};
	for (const Elf64_Dyn *entry = dynamic; entry && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_SYMTAB)
			image->symbols = image_pointer(base, entry);
		else if (entry->d_tag == DT_STRTAB)
			image->strings = image_pointer(base, entry);
		else if (entry->d_tag == DT_HASH)
			image->hash = image_pointer(base, entry);
		else if (entry->d_tag == DT_GNU_HASH)
			image->gnu_hash = image_pointer(base, entry);
		else if (entry->d_tag == DT_VERSYM)
			image->versions = image_pointer(base, entry);
	}
	return image->symbols && image->strings && (image->hash || image->gnu_hash);
}

static bool text_is(const char *text, const char *name)
{
	while (*text && *text == *name)
		text++, name++;
	return *text == *name;
}

static bool symbol_is(const struct image *image, uint32_t number, const char *name)
{
	const Elf64_Sym *symbol = &image->symbols[number];
	bool hidden = image->versions && image->versions[number] & VERSION_HIDDEN;
	return symbol->st_shndx != SHN_UNDEF && !hidden && text_is(image->strings + symbol->st_name, name);
}

static Elf64_Sym *find_by_hash(const struct image *image, const char *name)
{
	uint32_t hash = 0, count = image->hash[0];
	for (const char *at = name; *at; at++) {
		hash = (hash << 4) + (unsigned char)*at;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	const uint32_t *buckets = image->hash + 2, *chains = buckets + count;
	for (uint32_t number = count ? buckets[hash % count] : 0; number; number = chains[number]) {
		if (symbol_is(image, number, name))
			return &image->symbols[number];
	}
	return NULL;
}

/* Buckets behind the Bloom filter, chains behind the buckets; a set low bit ends one. */
static Elf64_Sym *find_by_gnu_hash(const struct image *image, const char *name)
{
	const uint32_t *table = image->gnu_hash;
	uint32_t hash = 5381, count = table[0], first = table[1], words = table[2];
	for (const char *at = name; *at; at++)
		hash = hash * 33 + (unsigned char)*at;
	const uint32_t *buckets = table + 4 + words * (sizeof(Elf64_Addr) / 4), *chains = buckets + count;
	for (uint32_t number = count ? buckets[hash % count] : 0; number >= first && number; number++) {
		uint32_t each = chains[number - first];
		if ((each | 1) == (hash | 1) && symbol_is(image, number, name))
			return &image->symbols[number];
		if (each & 1)
			return NULL;
	}
	return NULL;
}

Elf64_Sym *image_find(const struct image *image, const char *name)
{
	return image->gnu_hash ? find_by_gnu_hash(image, name) : find_by_hash(image, name);
}

static bool is_called(const struct image *image, const Elf64_Dyn *dynamic, const char *library)
{
	while (dynamic->d_tag != DT_NULL && dynamic->d_tag != DT_SONAME)
		dynamic++;
	return dynamic->d_tag == DT_SONAME && text_is(image->strings + dynamic->d_un.d_val, library);
}

void *image_address(const char *library, const char *name)
{
	for (const struct link_map *module = _r_debug.r_map; module; module = module->l_next) {
		struct image image;
		if (!image_read(module->l_addr, module->l_ld, &image) || !is_called(&image, module->l_ld, library))
			continue;
		const Elf64_Sym *symbol = image_find(&image, name);
		return symbol ? (void *)(image.base + symbol->st_value) : NULL;
	}
	return NULL;
}

static void *definition_in(const struct link_map *module, const char *name)
{
	struct image image;
	const Elf64_Sym *symbol = image_read(module->l_addr, module->l_ld, &image) ? image_find(&image, name) : NULL;
	return symbol ? (void *)(image.base + symbol->st_value) : NULL;
}

void *image_first_definition(uintptr_t except, const char *name)
{
	void *found = NULL;
	for (const struct link_map *module = _r_debug.r_map; module && !found; module = module->l_next)
		found = module->l_addr == except ? NULL : definition_in(module, name);
	return found;
}

struct relocations {
	const Elf64_Rela *entries;
	size_t count;
};

static struct relocations relocations_of(const struct link_map *module, Elf64_Sxword table, Elf64_Sxword bytes)
{
	struct relocations found = {0};
	for (const Elf64_Dyn *entry = module->l_ld; entry && entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == table)
			found.entries = image_pointer(module->l_addr, entry);
		else if (entry->d_tag == bytes)
			found.count = entry->d_un.d_val / sizeof *found.entries;
	}
	if (!found.entries)
		found.count = 0;
	return found;
}

/* The relocations of a module's calls that are bound at their first use, unless all are bound at once. */
static struct relocations calls_of(const struct link_map *module)
{
	return relocations_of(module, DT_JMPREL, DT_PLTRELSZ);
}

/* A bit for a name's first two letters: most names are told from those that are looked for by it. */
static uint64_t letters_of(const char *name)
{
	return *name ? UINT64_C(1) << ((name[0] * 7 + name[1]) & 63) : 0;
}

static void mark(const char *name, const char *const *names, size_t count, bool *called)
{
	for (size_t i = 0; i < count; i++)
		called[i] = called[i] || text_is(names[i], name);
}

void image_mark_called(uintptr_t except, const char *const *names, size_t count, bool *called)
{
	uint64_t letters = 0;
	for (size_t i = 0; i < count; i++)
		letters |= letters_of(names[i]);
	for (const struct link_map *module = _r_debug.r_map; module; module = module->l_next) {
		struct image image;
		struct relocations calls = calls_of(module);
		if (module->l_addr == except || !image_read(module->l_addr, module->l_ld, &image))
			continue;
		for (size_t i = 0; i < calls.count; i++) {
			const char *name = image.strings + image.symbols[ELF64_R_SYM(calls.entries[i].r_info)].st_name;
			if (letters & letters_of(name))
				mark(name, names, count, called);
		}
	}
}

static uintptr_t *slot_of(const struct image *image, struct relocations in, uint32_t type, const char *name)
{
	for (size_t i = 0; i < in.count; i++) {
		const Elf64_Rela *entry = &in.entries[i];
		if (ELF64_R_TYPE(entry->r_info) == type &&
		    text_is(image->strings + image->symbols[ELF64_R_SYM(entry->r_info)].st_name, name))
			return (uintptr_t *)(image->base + entry->r_offset);
	}
	return NULL;
}

uintptr_t *image_slot_of_program(const char *name)
{
	const struct link_map *program = _r_debug.r_map;
	struct image image;
	if (!image_read(program->l_addr, program->l_ld, &image))
		return NULL;
	return slot_of(&image, calls_of(program), R_X86_64_JUMP_SLOT, name);
}

uintptr_t *image_reference_of_program(const char *name)
{
	const struct link_map *program = _r_debug.r_map;
	struct image image;
	if (!image_read(program->l_addr, program->l_ld, &image))
		return NULL;
	return slot_of(&image, relocations_of(program, DT_RELA, DT_RELASZ), R_X86_64_GLOB_DAT, name);
}

bool image_is_defined_behind(uintptr_t base, const char *name)
{
	const struct link_map *module = _r_debug.r_map;
	while (module && module->l_addr != base)
		module = module->l_next;
	if (!module)
		return true;
	while ((module = module->l_next) != NULL)
		if (definition_in(module, name))
			return true;
	return false;
}
