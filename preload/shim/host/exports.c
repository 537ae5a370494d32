/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are taken back: see exports.h. */
#include "shim/host/exports.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"

extern __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

#define PAGE ((uintptr_t)4096)

struct table {
	ElfW(Sym) * symbols;
	const char *texts;
	const uint32_t *hash; /* DT_GNU_HASH */
};

static uintptr_t own_base(void)
{
	return (uintptr_t)&__ehdr_start;
}

/* The loader has made addresses of offsets, or (where it leaves the section as it is) has not. */
static void *own_pointer(const ElfW(Dyn) * entry)
{
	uintptr_t value = entry->d_un.d_ptr;
	return (void *)(value < own_base() ? value + own_base() : value);
}

static bool table_find(struct table *table)
{
	for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_SYMTAB)
			table->symbols = own_pointer(entry);
		else if (entry->d_tag == DT_STRTAB)
			table->texts = own_pointer(entry);
		else if (entry->d_tag == DT_GNU_HASH)
			table->hash = own_pointer(entry);
	}
	return table->symbols && table->texts && table->hash;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;
	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* As the loader looks a name up: buckets behind the Bloom filter, chains behind the buckets; a set low bit ends one. */
static ElfW(Sym) * table_look_up(const struct table *table, const char *name)
{
	uint32_t count = table->hash[0], first = table->hash[1], words = table->hash[2], hash = hash_of(name);
	const uint32_t *buckets = table->hash + 4 + words * (sizeof(ElfW(Addr)) / 4), *chains = buckets + count;
	for (uint32_t number = count ? buckets[hash % count] : 0; number >= first && number; number++) {
		uint32_t each = chains[number - first];
		if ((each | 1) == (hash | 1) && !strcmp(table->texts + table->symbols[number].st_name, name))
			return &table->symbols[number];
		if (each & 1)
			return NULL;
	}
	return NULL;
}

/* Of the segment that an address of ours lies in; 0: of none. */
static int protection_of(const void *address)
{
	const ElfW(Phdr) *segments = (const void *)(own_base() + __ehdr_start.e_phoff);
	uintptr_t offset = (uintptr_t)address - own_base();
	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		const ElfW(Phdr) *segment = &segments[i];
		if (segment->p_type == PT_LOAD && offset - segment->p_vaddr < segment->p_memsz)
			return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
			       (segment->p_flags & PF_X ? PROT_EXEC : 0);
	}
	return 0;
}

static bool symbol_withdraw(ElfW(Sym) * symbol)
{
	int protection = protection_of(symbol);
	uintptr_t page = (uintptr_t)symbol & ~(PAGE - 1), end = (uintptr_t)(symbol + 1);
	if (!protection || system_call(SYS_mprotect, (long)page, (long)(end - page), protection | PROT_WRITE, 0, 0, 0))
		return false;
	__atomic_store_n(&symbol->st_value, 0,
			 __ATOMIC_RELEASE); /* a look-up by another thread sees the one or the other */
	system_call(SYS_mprotect, (long)page, (long)(end - page), protection, 0, 0, 0);
	return true;
}

bool exports_withdraw(const char *const *names, size_t count)
{
	struct table table = {0};
	bool all = table_find(&table);
	for (size_t i = 0; all && i < count; i++) {
		ElfW(Sym) *symbol = names[i] ? table_look_up(&table, names[i]) : NULL;
		if (symbol && symbol->st_value)
			all = symbol_withdraw(symbol);
	}
	return all;
}
