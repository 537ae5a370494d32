/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted copy of the module's function symbols. libdwfl's own look-up reads the whole table for each address, which
 * takes minutes on large programs. */
#include <stdlib.h>
#include <string.h>

#include <seep/search.h>

#include "base/memory.h"
#include "modules/symbol_table.h"

enum { LOOK_BACK = 64 };

/* The lowest rank wins: global before weak before local, then fewer leading underscores, then shorter names. */
static uint32_t symbol_rank(const GElf_Sym *entry, const char *name)
{
	size_t underscores = strspn(name, "_");
	size_t length = strnlen(name, 0xffff);
	uint32_t binding = GELF_ST_BIND(entry->st_info) == STB_GLOBAL ? 0
			   : GELF_ST_BIND(entry->st_info) == STB_WEAK ? 1
								      : 2;

	return binding << 30 | (uint32_t)(underscores < 0xff ? underscores : 0xff) << 16 | (uint32_t)length;
}

static int symbol_compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

static bool symbol_is_code(const GElf_Sym *entry)
{
	int type = GELF_ST_TYPE(entry->st_info);

	if (entry->st_shndx == SHN_UNDEF || entry->st_shndx == SHN_ABS)
		return false;
	return type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_NOTYPE && entry->st_size > 0);
}

/* One past the last address of the section that a symbol is in; 0: it is in no section. */
static uint64_t section_end(Elf *elf, GElf_Word index, GElf_Addr bias)
{
	GElf_Shdr header;
	Elf_Scn *section = elf && index < SHN_LORESERVE ? elf_getscn(elf, index) : NULL;

	if (!section || !gelf_getshdr(section, &header) || !(header.sh_flags & SHF_EXECINSTR))
		return 0;
	return header.sh_addr + header.sh_size + bias;
}

/* Symbols without a size (from assembly) reach to the next symbol, or to the end of their section, which `end` contains
 * until then. Of several symbols at one address, the first by rank stays. */
static void symbol_table_finish(struct symbol_table *table)
{
	size_t kept = 0;

	if (table->count == 0)
		return;
	qsort(table->symbols, table->count, sizeof *table->symbols, symbol_compare);
	for (size_t i = 0; i < table->count; i++)
		if (kept == 0 || table->symbols[kept - 1].start != table->symbols[i].start)
			table->symbols[kept++] = table->symbols[i];
	table->count = kept;
	for (size_t i = 0; i < kept; i++) {
		struct symbol *symbol = &table->symbols[i];
		if (symbol->end - symbol->start > table->longest_bytes)
			table->longest_bytes = symbol->end - symbol->start;
	}
}

void symbol_table_load(struct symbol_table *table, Dwfl_Module *module)
{
	int total = dwfl_module_getsymtab(module);
	size_t capacity = 0;

	*table = (struct symbol_table){.is_static = dwfl_module_getsymtab_first_global(module) > 1};
	for (int i = 1; i < total; i++) {
		GElf_Sym entry;
		GElf_Addr address;
		GElf_Word section;
		Elf *elf = NULL;
		Dwarf_Addr bias = 0;
		const char *name = dwfl_module_getsym_info(module, i, &entry, &address, &section, &elf, &bias);
		if (!name || !*name || !symbol_is_code(&entry))
			continue;
		/* A table of exported symbols alone has gaps, over which a symbol without a size must not reach. */
		uint64_t end = entry.st_size      ? address + entry.st_size
			       : table->is_static ? section_end(elf, section, bias)
						  : 0;
		if (end <= address)
			continue;
		ARRAY_RESERVE(table->symbols, table->count, capacity);
		table->symbols[table->count++] =
		    (struct symbol){.start = address, .end = end, .name = name, .rank = symbol_rank(&entry, name)};
	}
	symbol_table_finish(table);
}

void symbol_table_free(struct symbol_table *table)
{
	free(table->symbols);
	*table = (struct symbol_table){0};
}

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
	size_t low = SEEP_COUNT_TO(table->symbols, table->count, start, address);

	for (size_t back = 0; back < LOOK_BACK && low > 0; back++) {
		const struct symbol *symbol = &table->symbols[--low];
		if (address < symbol->end)
			return symbol;
		if (address - symbol->start >= table->longest_bytes)
			break;
	}
	return NULL;
}
