/* SPDX-License-Identifier: Apache-2.0 */
/* See push.h. */
#include "attach/push.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seep/join.h>

#include "attach/root_file.h"
#include "base/memory.h"

enum { LIBRARY_MAX = 64 << 20, LOAD_WITHIN_MS = 5000 };

static bool file_read(const char *path, unsigned char **bytes, size_t *count, struct error *error)
{
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0 || fstat(file, &status) != 0 || status.st_size <= 0 || status.st_size > LIBRARY_MAX) {
		error_set(error, "%s: %s", path, file < 0 ? strerror(errno) : "it is not a library of seep's");
		if (file >= 0)
			close(file);
		return false;
	}
	*count = (size_t)status.st_size;
	*bytes = memory_allocate(*count, 1);
	bool read_all = read(file, *bytes, *count) == (ssize_t)*count;
	close(file);
	return read_all || error_set(error, "%s: can't be read", path);
}

/* Where in the file the bytes of an address are; 0: nowhere. */
static uint64_t file_offset(Elf *elf, uint64_t address)
{
	size_t count = 0;
	GElf_Phdr header;

	elf_getphdrnum(elf, &count);
	for (int i = 0; i < (int)count; i++)
		if (gelf_getphdr(elf, i, &header) && header.p_type == PT_LOAD && address >= header.p_vaddr &&
		    address < header.p_vaddr + header.p_filesz)
			return address - header.p_vaddr + header.p_offset;
	return 0;
}

/* Finds the symbols that we need. False: this is not our library. */
static bool symbols_find(Elf *elf, struct push *push, uint64_t *offset)
{
	GElf_Shdr header;
	GElf_Sym symbol;

	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNSYM || !header.sh_entsize)
			continue;
		Elf_Data *data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
			const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
			if (name && strcmp(name, "seep_join") == 0 && symbol.st_size == sizeof(struct seep_join))
				push->block = symbol.st_value;
			else if (name && strcmp(name, "seep_join_begin") == 0)
				push->begin = symbol.st_value;
			else if (name && strcmp(name, "seep_linked") == 0)
				push->table = symbol.st_value;
		}
	}
	*offset = file_offset(elf, push->block);
	return push->block && push->begin && push->table && *offset &&
	       *offset + sizeof(struct seep_join) <= push->count;
}

static bool library_fill(struct push *push, bool confined, const char *environment, size_t environment_bytes)
{
	struct seep_join join;
	uint64_t offset = 0;

	elf_version(EV_CURRENT);
	Elf *elf = elf_memory((char *)push->bytes, push->count);
	bool found = elf && symbols_find(elf, push, &offset);
	if (elf)
		elf_end(elf);
	if (!found || environment_bytes >= sizeof join.environment)
		return false;
	memcpy(&join, push->bytes + offset, sizeof join);
	if (join.version != SEEP_JOIN_VERSION)
		return false;
	join.asked = SEEP_JOIN_ASKED;
	join.confined = confined;
	memcpy(join.environment, environment, environment_bytes);
	memcpy(push->bytes + offset, &join, sizeof join);
	return true;
}

/* Drops what the loader does not read (sections, debug information): every byte is written while a thread waits. */
static bool library_trim(struct push *push)
{
	Elf64_Ehdr *header = (void *)push->bytes;
	size_t end = 0;

	if (header->e_phentsize != sizeof(Elf64_Phdr) ||
	    header->e_phoff + (size_t)header->e_phnum * sizeof(Elf64_Phdr) > push->count)
		return false;
	const Elf64_Phdr *parts = (void *)(push->bytes + header->e_phoff);
	for (size_t i = 0; i < header->e_phnum; i++)
		if (parts[i].p_type == PT_LOAD && parts[i].p_offset + parts[i].p_filesz > end)
			end = parts[i].p_offset + parts[i].p_filesz;
	if (end > push->count)
		return false;
	header->e_shoff = header->e_shnum = header->e_shstrndx = 0;
	push->count = end;
	return true;
}

bool push_prepare(struct push *push, const char *shim, bool confined, const char *environment, size_t environment_bytes,
		  struct error *error)
{
	*push = (struct push){0};
	if (file_read(shim, &push->bytes, &push->count, error)) {
		if (library_fill(push, confined, environment, environment_bytes) && library_trim(push))
			return true;
		error_set(error, "%s: it has another version than this program", shim);
	}
	push_free(push);
	return false;
}

void push_free(struct push *push)
{
	free(push->bytes);
	*push = (struct push){0};
}

/* Has the borrowed thread make a file in memory. Its descriptor, or -1. */
static int file_make(struct borrowed *borrowed, struct error *error)
{
	static const char name[] = "libseep.so";
	const uint64_t arguments[BORROWED_ARGUMENTS] = {borrowed_scratch(borrowed, 0), MFD_CLOEXEC};
	int64_t made;

	if (!remote_write(borrowed->remote, arguments[0], name, sizeof name) ||
	    !borrowed_system(borrowed, SYS_memfd_create, arguments, &made, error))
		return -1;
	if (made < 0)
		error_set(error, "%d can't make a file in memory: %s", (int)borrowed->remote->pid,
			  strerror((int)-made));
	return made < 0 ? -1 : (int)made;
}

static bool file_fill(const struct borrowed *borrowed, int descriptor, const unsigned char *bytes, size_t count)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)borrowed->remote->pid, descriptor);
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool filled = file >= 0 && remote_write(&(struct remote){.memory = file}, 0, bytes, count);
	if (file >= 0)
		close(file);
	return filled;
}

/* Has the borrowed thread load the library. Its base; 0: it was not loaded. */
static uint64_t library_load(struct borrowed *borrowed, const struct loaded *loaded, const char *path,
			     struct error *error)
{
	const struct loaded_module *libc = loaded_find(loaded, "libc.so.6");
	uint64_t open_library = libc ? loaded_definition(libc, "dlopen") : 0, handle = 0;

	if (!open_library)
		return error_set(error, "%d can't be joined: its C library is older than glibc 2.34",
				 (int)borrowed->remote->pid);
	const uint64_t arguments[] = {borrowed_scratch(borrowed, 256), RTLD_NOW | RTLD_LOCAL, 0};
	if (!remote_write(borrowed->remote, arguments[0], path, strlen(path) + 1) ||
	    !borrowed_function(borrowed, open_library, arguments, LOAD_WITHIN_MS, &handle, error))
		return 0;
	uint64_t base = handle ? loaded_bias_of(loaded, borrowed->remote, path) : 0;
	if (!base)
		error_set(error, "%d can't load libseep.so: its loader refuses", (int)borrowed->remote->pid);
	return base;
}

static uint64_t load_from_memory(const struct push *push, struct borrowed *borrowed, const struct loaded *loaded,
				 struct error *error)
{
	uint64_t base = 0;
	int descriptor = file_make(borrowed, error);
	char path[64];

	if (descriptor < 0)
		return 0;
	/* The path differs from the kernel's own: the loader takes a library of the same name for the same library. */
	snprintf(path, sizeof path, "/proc/self/fd/./%d", descriptor);
	if (file_fill(borrowed, descriptor, push->bytes, push->count))
		base = library_load(borrowed, loaded, path, error);
	else
		error_set(error, "%d: its file in memory can't be written", (int)borrowed->remote->pid);
	if (!borrowed->lost) {
		const uint64_t arguments[BORROWED_ARGUMENTS] = {(uint64_t)descriptor};
		struct error ignored;
		int64_t result;
		borrowed_system(borrowed, SYS_close, arguments, &result, &ignored);
	}
	return base;
}

/* Some directories may be closed to programs (noexec), so several are tried. */
static uint64_t load_from_root(const struct push *push, struct borrowed *borrowed, const struct loaded *loaded,
			       struct error *error)
{
	struct root_file file;
	uint64_t base = 0;
	bool more = true;

	for (unsigned try = 0; !base && more && !borrowed->lost; try++) {
		if (!root_file_make(&file, borrowed->remote->pid, try, push->bytes, push->count, &more, error))
			continue;
		base = library_load(borrowed, loaded, file.path, error);
		root_file_remove(&file);
	}
	return base;
}

uint64_t push_library(const struct push *push, struct borrowed *borrowed, const struct loaded *loaded,
		      struct error *error)
{
	return root_has_proc(borrowed->remote->pid) ? load_from_memory(push, borrowed, loaded, error)
						    : load_from_root(push, borrowed, loaded, error);
}
