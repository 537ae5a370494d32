/* SPDX-License-Identifier: Apache-2.0 */
/* One module of another process, read from its memory: see loaded.h. */
#include "tracing/loaded_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seep/process.h>

#include "base/map.h"
#include "base/memory.h"

enum {
	HEADERS_MAX = 64,
	DYNAMIC_MAX = 512,
	SYMBOLS_MAX = 1 << 20,
	STRINGS_MAX = 64 << 20,
	RELOCATIONS_MAX = 8 << 20,
	AUXILIARY_MAX = 64,
};

uint64_t loaded_auxiliary(pid_t pid, uint64_t type)
{
	Elf64_auxv_t entries[AUXILIARY_MAX];
	long bytes = seep_process_read((uint64_t)pid, "auxv", (char *)entries, sizeof entries);

	for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof *entries && entries[i].a_type != AT_NULL; i++)
		if (entries[i].a_type == type)
			return entries[i].a_un.a_val;
	return 0;
}

/* The loader has replaced most offsets by addresses. */
static uint64_t dynamic_address(const struct loaded_module *module, uint64_t value)
{
	return value < module->bias ? value + module->bias : value;
}

static void dynamic_take(const struct loaded_module *module, const Elf64_Dyn *entry, struct loaded_dynamic *dynamic)
{
	uint64_t *const addresses[DT_NUM] = {[DT_SYMTAB] = &dynamic->symbols,
					     [DT_STRTAB] = &dynamic->strings,
					     [DT_HASH] = &dynamic->hash,
					     [DT_JMPREL] = &dynamic->jumps,
					     [DT_RELA] = &dynamic->relocations};
	uint64_t *const values[DT_NUM] = {[DT_STRSZ] = &dynamic->string_bytes,
					  [DT_PLTRELSZ] = &dynamic->jump_bytes,
					  [DT_RELASZ] = &dynamic->relocation_bytes,
					  [DT_DEBUG] = &dynamic->debug};
	const uint64_t tag = (uint64_t)entry->d_tag;

	if (tag == DT_GNU_HASH)
		dynamic->gnu_hash = dynamic_address(module, entry->d_un.d_ptr);
	else if (tag == DT_SONAME)
		dynamic->soname = entry->d_un.d_val + 1;
	else if (tag < DT_NUM && addresses[tag])
		*addresses[tag] = dynamic_address(module, entry->d_un.d_ptr);
	else if (tag < DT_NUM && values[tag])
		*values[tag] = entry->d_un.d_val;
}

static bool dynamic_read(const struct remote *remote, const struct loaded_module *module, uint64_t address,
			 struct loaded_dynamic *dynamic)
{
	*dynamic = (struct loaded_dynamic){0};
	for (int i = 0; i < DYNAMIC_MAX; i++) {
		Elf64_Dyn entry;
		if (!remote_read(remote, address + (uint64_t)i * sizeof entry, &entry, sizeof entry))
			return false;
		if (entry.d_tag == DT_NULL)
			return true;
		dynamic_take(module, &entry, dynamic);
	}
	return false;
}

/* A hash table does not count undefined symbols, so relocations have the last word. */
static bool symbols_count_gnu(const struct remote *remote, uint64_t table, uint32_t *count)
{
	uint32_t header[4], last = 0, chain;

	if (!remote_read(remote, table, header, sizeof header) || header[0] > SYMBOLS_MAX || header[2] > SYMBOLS_MAX)
		return false;
	uint64_t buckets = table + sizeof header + header[2] * sizeof(Elf64_Addr);
	uint64_t chains = buckets + header[0] * sizeof(uint32_t);
	uint32_t *entries = memory_allocate(header[0] + 1, sizeof *entries);
	bool read = remote_read(remote, buckets, entries, header[0] * sizeof *entries);
	for (uint32_t i = 0; read && i < header[0]; i++)
		if (entries[i] > last)
			last = entries[i];
	free(entries);
	*count = header[1];
	if (!read || last < header[1])
		return read;
	do {
		if (last > SYMBOLS_MAX ||
		    !remote_read(remote, chains + (uint64_t)(last - header[1]) * sizeof chain, &chain, sizeof chain))
			return false;
		last++;
	} while (!(chain & 1));
	*count = last;
	return true;
}

static bool symbols_count(const struct remote *remote, const struct loaded_dynamic *dynamic, uint32_t *count)
{
	uint32_t header[2];

	if (dynamic->gnu_hash)
		return symbols_count_gnu(remote, dynamic->gnu_hash, count);
	if (!dynamic->hash || !remote_read(remote, dynamic->hash, header, sizeof header))
		return false;
	*count = header[1];
	return *count <= SYMBOLS_MAX;
}

static bool is_of_use(const Elf64_Rela *relocation)
{
	uint64_t type = ELF64_R_TYPE(relocation->r_info);
	return ELF64_R_SYM(relocation->r_info) != 0 && ELF64_R_SYM(relocation->r_info) < SYMBOLS_MAX &&
	       (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64);
}

/* Keeps a table's relocations that fill a pointer with a symbol's address. */
static bool relocations_add(const struct remote *remote, struct loaded_module *module, uint64_t table, uint64_t bytes)
{
	size_t count = bytes / sizeof(Elf64_Rela);

	if (!table || !count)
		return true;
	if (count > RELOCATIONS_MAX)
		return false;
	module->relocations =
	    memory_resize(module->relocations, module->relocation_count + count, sizeof *module->relocations);
	Elf64_Rela *from = module->relocations + module->relocation_count;
	if (!remote_read(remote, table, from, count * sizeof *from))
		return false;
	for (size_t i = 0; i < count; i++)
		if (is_of_use(&from[i]))
			module->relocations[module->relocation_count++] = from[i];
	return true;
}

/* Symbols that are only referred to may lie behind those that the hash table knows. */
static uint32_t symbols_referred(const struct loaded_module *module)
{
	uint32_t most = 0;

	for (size_t i = 0; i < module->relocation_count; i++)
		if (ELF64_R_SYM(module->relocations[i].r_info) >= most)
			most = (uint32_t)ELF64_R_SYM(module->relocations[i].r_info) + 1;
	return most;
}

static uint32_t key_of(const char *name)
{
	return (uint32_t)hash_bytes(0, name, strlen(name)) | 1;
}

/* A program may export a hundred thousand functions, and seep looks for a hundred names. */
static void keys_make(struct loaded_module *module)
{
	module->keys = memory_allocate(module->symbol_count + 1, sizeof *module->keys);
	for (uint32_t i = 1; i < module->symbol_count; i++) {
		const Elf64_Sym *symbol = &module->symbols[i];
		if (symbol->st_shndx != SHN_UNDEF && symbol->st_value && ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
		    ELF64_ST_TYPE(symbol->st_info) != STT_TLS)
			module->keys[i] = key_of(loaded_symbol_name(module, i));
	}
}

bool loaded_module_read_tables(const struct remote *remote, struct loaded_module *module,
			       const struct loaded_dynamic *dynamic)
{
	if (!dynamic->symbols || !dynamic->strings || dynamic->string_bytes > STRINGS_MAX ||
	    !symbols_count(remote, dynamic, &module->symbol_count) ||
	    !relocations_add(remote, module, dynamic->jumps, dynamic->jump_bytes) ||
	    !relocations_add(remote, module, dynamic->relocations, dynamic->relocation_bytes))
		return false;
	uint32_t referred = symbols_referred(module);
	if (referred > module->symbol_count)
		module->symbol_count = referred;
	module->symbols = memory_allocate(module->symbol_count + 1, sizeof *module->symbols);
	module->string_bytes = dynamic->string_bytes;
	module->strings = memory_allocate(module->string_bytes + 1, 1);
	if (!remote_read(remote, dynamic->symbols, module->symbols, module->symbol_count * sizeof *module->symbols) ||
	    !remote_read(remote, dynamic->strings, module->strings, module->string_bytes))
		return false;
	if (dynamic->soname && dynamic->soname <= module->string_bytes)
		snprintf(module->soname, sizeof module->soname, "%s", module->strings + dynamic->soname - 1);
	keys_make(module);
	return true;
}

/* Finds a module's segments: by the program headers in its first page or, for the program, where the kernel said that
 * they are. */
static bool segments_read(const struct remote *remote, struct loaded_module *module, uint64_t headers, size_t count)
{
	module->start = UINT64_MAX;
	for (size_t i = 0; i < count && i < HEADERS_MAX; i++) {
		Elf64_Phdr header;
		if (!remote_read(remote, headers + i * sizeof header, &header, sizeof header))
			return false;
		if (header.p_type != PT_LOAD)
			continue;
		uint64_t start = module->bias + header.p_vaddr, end = start + header.p_memsz;
		module->start = start < module->start ? start : module->start;
		module->end = end > module->end ? end : module->end;
		if (header.p_flags & PF_X) {
			module->code = start;
			module->code_end = end;
		}
	}
	return module->end > module->start;
}

bool loaded_module_read_library(const struct remote *remote, struct loaded_module *module, uint64_t section,
				struct loaded_dynamic *dynamic)
{
	Elf64_Ehdr header;

	return remote_read(remote, module->bias, &header, sizeof header) &&
	       memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_phentsize == sizeof(Elf64_Phdr) &&
	       segments_read(remote, module, module->bias + header.e_phoff, header.e_phnum) &&
	       dynamic_read(remote, module, section, dynamic);
}

bool loaded_module_read_program(const struct remote *remote, struct loaded_module *program,
				struct loaded_dynamic *dynamic)
{
	uint64_t headers = loaded_auxiliary(remote->pid, AT_PHDR), count = loaded_auxiliary(remote->pid, AT_PHNUM),
		 section = 0;

	for (uint64_t i = 0; headers && i < count && i < HEADERS_MAX; i++) {
		Elf64_Phdr header;
		if (!remote_read(remote, headers + i * sizeof header, &header, sizeof header))
			return false;
		if (header.p_type == PT_PHDR)
			program->bias = headers - header.p_vaddr;
		if (header.p_type == PT_DYNAMIC)
			section = header.p_vaddr;
	}
	return section && segments_read(remote, program, headers, count) &&
	       dynamic_read(remote, program, program->bias + section, dynamic);
}

void loaded_module_free(struct loaded_module *module)
{
	free(module->symbols);
	free(module->keys);
	free(module->strings);
	free(module->relocations);
}

const char *loaded_symbol_name(const struct loaded_module *module, uint32_t index)
{
	if (index >= module->symbol_count || module->symbols[index].st_name >= module->string_bytes)
		return "";
	return module->strings + module->symbols[index].st_name;
}

uint64_t loaded_definition(const struct loaded_module *module, const char *name)
{
	const uint32_t key = key_of(name);

	for (uint32_t i = 1; module->keys && i < module->symbol_count; i++)
		if (module->keys[i] == key && strcmp(loaded_symbol_name(module, i), name) == 0)
			return module->bias + module->symbols[i].st_value;
	return 0;
}
