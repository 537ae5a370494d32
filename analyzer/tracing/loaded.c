/* SPDX-License-Identifier: Apache-2.0 */
/* See loaded.h. */
#include "tracing/loaded.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seep/process.h>

#include "base/map.h"
#include "base/memory.h"

enum {
	MODULES_MAX = 4096,
	HEADERS_MAX = 64,
	DYNAMIC_MAX = 512,
	SYMBOLS_MAX = 1 << 20,
	STRINGS_MAX = 64 << 20,
	RELOCATIONS_MAX = 8 << 20,
	AUXILIARY_MAX = 64,
};

/* The dynamic section's pointers, as addresses. */
struct dynamic {
	uint64_t symbols, strings, string_bytes, gnu_hash, hash, jumps, jump_bytes, relocations, relocation_bytes;
	uint64_t soname;
	uint64_t debug; /* the program's alone: struct r_debug */
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

/* The loader has made addresses of most offsets. */
static uint64_t dynamic_address(const struct loaded_module *module, const Elf64_Dyn *entry)
{
	return entry->d_un.d_ptr < module->bias ? entry->d_un.d_ptr + module->bias : entry->d_un.d_ptr;
}

static bool dynamic_read(const struct remote *remote, const struct loaded_module *module, uint64_t address,
			 struct dynamic *dynamic)
{
	*dynamic = (struct dynamic){0};
	for (int i = 0; i < DYNAMIC_MAX; i++) {
		Elf64_Dyn entry;
		if (!remote_read(remote, address + (uint64_t)i * sizeof entry, &entry, sizeof entry))
			return false;
		switch (entry.d_tag) {
		case DT_NULL:
			return true;
		case DT_SYMTAB:
			dynamic->symbols = dynamic_address(module, &entry);
			break;
		case DT_STRTAB:
			dynamic->strings = dynamic_address(module, &entry);
			break;
		case DT_STRSZ:
			dynamic->string_bytes = entry.d_un.d_val;
			break;
		case DT_GNU_HASH:
			dynamic->gnu_hash = dynamic_address(module, &entry);
			break;
		case DT_HASH:
			dynamic->hash = dynamic_address(module, &entry);
			break;
		case DT_JMPREL:
			dynamic->jumps = dynamic_address(module, &entry);
			break;
		case DT_PLTRELSZ:
			dynamic->jump_bytes = entry.d_un.d_val;
			break;
		case DT_RELA:
			dynamic->relocations = dynamic_address(module, &entry);
			break;
		case DT_RELASZ:
			dynamic->relocation_bytes = entry.d_un.d_val;
			break;
		case DT_SONAME:
			dynamic->soname = entry.d_un.d_val + 1;
			break;
		case DT_DEBUG:
			dynamic->debug = entry.d_un.d_ptr;
			break;
		}
	}
	return false;
}

/* A hash table says nothing of symbols that are not defined, so the relocations have the last word. */
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

static bool symbols_count(const struct remote *remote, const struct dynamic *dynamic, uint32_t *count)
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

/* Keeps those of a table that fill a pointer with a symbol's address. */
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

/* Symbols that are only referred to may lie beyond what the hash table knows. */
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

/* A program may export a hundred thousand functions, and a hundred names are looked for. */
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

static bool tables_read(const struct remote *remote, struct loaded_module *module, const struct dynamic *dynamic)
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

/* Its segments, by the program headers in its first page or, of the program, where the kernel has said that they are. */
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

static bool library_segments_read(const struct remote *remote, struct loaded_module *module)
{
	Elf64_Ehdr header;

	return remote_read(remote, module->bias, &header, sizeof header) &&
	       memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_phentsize == sizeof(Elf64_Phdr) &&
	       segments_read(remote, module, module->bias + header.e_phoff, header.e_phnum);
}

/* What the kernel has said of the program when it started it. */
static bool program_read(const struct remote *remote, struct loaded_module *program, struct dynamic *dynamic)
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

static void module_free(struct loaded_module *module)
{
	free(module->symbols);
	free(module->keys);
	free(module->strings);
	free(module->relocations);
}

void loaded_forget_modules(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++)
		module_free(&loaded->modules[i]);
	free(loaded->modules);
	loaded->modules = NULL;
	loaded->count = 0;
}

void loaded_free(struct loaded *loaded)
{
	loaded_forget_modules(loaded);
	*loaded = (struct loaded){0};
}

/* One entry of the loader's list. The vDSO's pages have no tables that anybody would patch: it is left out, and so is
 * what can't be read. */
static void module_add(struct loaded *loaded, const struct remote *remote, const struct link_map *entry)
{
	struct loaded_module module = {.bias = entry->l_addr};
	struct dynamic dynamic;
	bool program = loaded->count == 0;
	bool known = program ? program_read(remote, &module, &dynamic)
			     : library_segments_read(remote, &module) &&
				   dynamic_read(remote, &module, (uint64_t)(uintptr_t)entry->l_ld, &dynamic);

	remote_text(remote, (uint64_t)(uintptr_t)entry->l_name, module.name, sizeof module.name);
	module.name[sizeof module.name - 1] = 0;
	if ((known && tables_read(remote, &module, &dynamic)) || program) {
		loaded->modules = memory_resize(loaded->modules, loaded->count + 1, sizeof *loaded->modules);
		loaded->modules[loaded->count++] = module;
	} else {
		module_free(&module);
	}
}

/* Head, tail and length in one number. */
static bool list_digest(const struct loaded *loaded, const struct remote *remote, uint64_t *digest,
			struct loaded *filled)
{
	struct r_debug state;
	uint64_t next;

	if (!remote_read(remote, loaded->state, &state, sizeof state) || state.r_state != RT_CONSISTENT)
		return false;
	*digest = next = (uint64_t)(uintptr_t)state.r_map;
	for (int i = 0; next; i++) {
		struct link_map entry;
		if (i == MODULES_MAX || !remote_read(remote, next, &entry, sizeof entry))
			return false;
		*digest = *digest * UINT64_C(0x9e3779b97f4a7c15) + next + (uint64_t)entry.l_addr;
		if (filled)
			module_add(filled, remote, &entry);
		next = (uint64_t)(uintptr_t)entry.l_next;
	}
	return true;
}

uint64_t loaded_bias_of(const struct loaded *loaded, const struct remote *remote, const char *name)
{
	struct r_debug state;
	struct link_map entry;
	char text[256];

	if (!remote_read(remote, loaded->state, &state, sizeof state))
		return 0;
	uint64_t next = (uint64_t)(uintptr_t)state.r_map;
	for (int i = 0; next && i < MODULES_MAX && remote_read(remote, next, &entry, sizeof entry); i++) {
		if (remote_text(remote, (uint64_t)(uintptr_t)entry.l_name, text, sizeof text) &&
		    strcmp(text, name) == 0)
			return entry.l_addr;
		next = (uint64_t)(uintptr_t)entry.l_next;
	}
	return 0;
}

bool loaded_is_there(const struct loaded *loaded, const struct remote *remote)
{
	struct r_debug state;

	return remote_read(remote, loaded->state, &state, sizeof state);
}

bool loaded_is_current(const struct loaded *loaded, const struct remote *remote)
{
	uint64_t digest;

	return list_digest(loaded, remote, &digest, NULL) && digest == loaded->first;
}

/* Once it executes another program, its memory as we have opened it is gone. */
static bool program_is_readable(const struct remote *remote)
{
	Elf64_Phdr header;

	return remote_read(remote, loaded_auxiliary(remote->pid, AT_PHDR), &header, sizeof header);
}

bool loaded_read(struct loaded *loaded, const struct remote *remote, struct error *error)
{
	struct loaded_module program = {0};
	struct dynamic dynamic;

	*loaded = (struct loaded){0};
	*error = (struct error){0};
	if (!program_read(remote, &program, &dynamic))
		return error_set(error,
				 program_is_readable(remote) ? "%d can't be joined: it is statically linked"
							     : "%d has ended or executed another program meanwhile",
				 (int)remote->pid);
	loaded->state = dynamic.debug;
	if (!dynamic.debug)
		return false;
	if (list_digest(loaded, remote, &loaded->first, loaded) && loaded->count > 1 &&
	    loaded_is_current(loaded, remote))
		return true;
	loaded_free(loaded);
	loaded->state = dynamic.debug;
	return false;
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

uint64_t loaded_first_definition(const struct loaded *loaded, const struct loaded_module *except, const char *name,
				 const struct loaded_module **owner)
{
	for (size_t i = 0; i < loaded->count; i++) {
		const struct loaded_module *module = &loaded->modules[i];
		uint64_t address = module == except ? 0 : loaded_definition(module, name);
		if (address) {
			*owner = module;
			return address;
		}
	}
	*owner = NULL;
	return 0;
}

const struct loaded_module *loaded_find(const struct loaded *loaded, const char *soname)
{
	for (size_t i = 0; i < loaded->count; i++)
		if (strcmp(loaded->modules[i].soname, soname) == 0)
			return &loaded->modules[i];
	return NULL;
}
