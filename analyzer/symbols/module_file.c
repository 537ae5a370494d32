/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and checks ELF files; see module_file.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <libelf.h>

#include <seep/process.h>

#include "base/budget.h"
#include "files/path.h"
#include "keeper/program/namespace.h"
#include "keeper/program/process.h"
#include "modules/debuginfod.h"
#include "modules/elf_budget.h"
#include "symbols/module_file.h"

static void module_file_close(struct module_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	file->descriptor = -1;
}

/* Whether the open file is ELF with the recorded build id. False: `reason` says why not. */
static bool build_id_matches(int descriptor, const char *path, const struct symbol_module *module,
			     struct buffer *reason)
{
	const void *bits = NULL;
	Elf *elf = elf_begin(descriptor, ELF_C_READ_MMAP, NULL);
	bool is_elf = elf && elf_kind(elf) == ELF_K_ELF;
	ssize_t length = is_elf ? dwelf_elf_gnu_build_id(elf, &bits) : 0;
	bool matches =
	    is_elf && (module->build_id_bytes == 0 || (length == (ssize_t)module->build_id_bytes &&
						       memcmp(bits, module->build_id, module->build_id_bytes) == 0));

	if (!is_elf) {
		buffer_printf(reason, "%s is not an ELF file", path);
	} else if (!matches) {
		buffer_printf(reason, "refused %s: its build id ", path);
		if (length > 0)
			buffer_append_hex(reason, bits, (size_t)length < 64 ? (size_t)length : 64);
		else
			buffer_append_text(reason, "is missing,");
		buffer_append_text(reason, length > 0 ? " is not the recorded " : " recorded was ");
		buffer_append_hex(reason, module->build_id, module->build_id_bytes);
	}
	elf_end(elf);
	return matches;
}

/* Opens a regular file; otherwise -1 with errno. Other kinds are not even opened: a tape would rewind. */
static int regular_file_open(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (descriptor >= 0 && (fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode))) {
		close(descriptor);
		errno = EINVAL;
		return -1;
	}
	return descriptor;
}

/* Takes the file at `path` if it belongs to the module. */
static bool module_file_try(struct module_file *file, const char *path, const struct symbol_module *module,
			    struct buffer *reason)
{
	file->descriptor = regular_file_open(path);
	if (file->descriptor < 0) {
		buffer_printf(reason, "%s: %s", path, errno == EINVAL ? "is not a regular file" : strerror(errno));
		return false;
	}
	if (!build_id_matches(file->descriptor, path, module, reason)) {
		module_file_close(file);
		return false;
	}
	if (!elf_budget_admit(file->descriptor)) {
		buffer_printf(reason, "refused %s: its compressed sections unpack to more than %d times the file", path,
			      BUDGET_SECTION_RATIO);
		module_file_close(file);
		return false;
	}
	snprintf(file->path, sizeof file->path, "%s", path);
	return true;
}

/* DIRECTORY/.build-id/ab/cdef.debug, and the same without ".debug". */
static bool module_file_try_build_id(struct module_file *file, const char *directory,
				     const struct symbol_module *module)
{
	struct buffer path = {0}, ignored = {0};
	bool found = false;

	if (module->build_id_bytes > 1) {
		buffer_printf(&path, "%s/.build-id/%02x/", directory, module->build_id[0]);
		buffer_append_hex(&path, module->build_id + 1, module->build_id_bytes - 1);
		buffer_append_text(&path, ".debug");
		found = module_file_try(file, path.data, module, &ignored);
		path.data[path.length - strlen(".debug")] = '\0';
		found = found || module_file_try(file, path.data, module, &ignored);
	}
	buffer_free(&path);
	buffer_free(&ignored);
	return found;
}

void module_file_find_by_hand(struct module_file *file, const struct symbol_module *module,
			      const struct symbol_search *search)
{
	struct buffer path = {0}, ignored = {0};

	*file = (struct module_file){.descriptor = -1};
	/* Without a build id, a file of the same name could be of any build. */
	if (search->directory && module->build_id_bytes && *path_base_name(module->path)) {
		buffer_printf(&path, "%s/%s.debug", search->directory, path_base_name(module->path));
		bool found = module_file_try(file, path.data, module, &ignored);
		path.data[path.length - strlen(".debug")] = '\0';
		if (!found)
			module_file_try(file, path.data, module, &ignored);
	}
	buffer_free(&path);
	buffer_free(&ignored);
}

/* This process's own vDSO as a file: it is the recorded one if both ran under the same kernel. */
static void module_file_find_vdso(struct module_file *file, const struct symbol_module *module, struct buffer *reason)
{
	const Elf64_Ehdr *image = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);

	if (!image)
		return;
	size_t bytes = image->e_shoff + (size_t)image->e_shnum * image->e_shentsize;
	file->descriptor = memfd_create("vdso", MFD_CLOEXEC);
	if (file->descriptor < 0)
		return;
	if (write(file->descriptor, image, bytes) != (ssize_t)bytes ||
	    !build_id_matches(file->descriptor, "this kernel's vDSO", module, reason)) {
		module_file_close(file);
		return;
	}
	strcpy(file->path, "this kernel's vDSO");
}

/* Asks a debuginfod server for this build; its answer is checked like any other file. */
static void module_file_find_by_debuginfod(struct module_file *file, const struct symbol_module *module,
					   struct buffer *reason)
{
	struct buffer path = {0}, ignored = {0}, said = {0};

	buffer_append_text(&path, "");
	file->descriptor = debuginfod_fetch(module->build_id, module->build_id_bytes, &path, &said);
	if (said.length)
		buffer_printf(reason, "%s%s", reason->length ? "; " : "", said.data);
	buffer_free(&said);
	if (file->descriptor >= 0 &&
	    (!build_id_matches(file->descriptor, path.data, module, &ignored) || !elf_budget_admit(file->descriptor)))
		module_file_close(file);
	snprintf(file->path, sizeof file->path, "%s", path.data);
	buffer_free(&path);
	buffer_free(&ignored);
}

/* ---- files that only a process still has ---- */

uint64_t symbol_process_here(struct symbol_process *process)
{
	if (process->is_looked_for)
		return process->here;
	process->is_looked_for = true;
	if (!process->start_ticks || !process_boot_is(process->boot_id))
		process->here = 0;
	else if (process_is_seen(process->pid, process->start_ticks))
		process->here = process->pid;
	else
		process->here = namespace_find(process->pid, process->start_ticks);
	return process->here;
}

struct mapped_search {
	struct module_file *file;
	const struct symbol_module *module;
	uint64_t pid;
};

/* The path may have led there by a link, so only a build id tells which of the removed files is the module's. */
static bool mapped_file_try(const struct seep_mapping *mapping, void *context)
{
	const struct mapped_search *search = context;
	struct buffer ignored = {0};
	char path[96];

	if (!mapping->deleted || mapping->offset ||
	    (!search->module->build_id_bytes && strcmp(mapping->path, search->module->path) != 0))
		return true;
	snprintf(path, sizeof path, "/proc/%llu/map_files/%llx-%llx", (unsigned long long)search->pid,
		 (unsigned long long)mapping->start, (unsigned long long)mapping->end);
	const bool found = module_file_try(search->file, path, search->module, &ignored);
	buffer_free(&ignored);
	return !found;
}

/* For a module without a build id, any file would be taken. */
static bool process_file_try(struct module_file *file, uint64_t pid, const char *name,
			     const struct symbol_module *module)
{
	struct buffer path = {0}, ignored = {0};

	buffer_printf(&path, "/proc/%llu/%s", (unsigned long long)pid, name);
	const bool found = module->build_id_bytes && module_file_try(file, path.data, module, &ignored);
	buffer_free(&path);
	buffer_free(&ignored);
	return found;
}

/* After an upgrade a path leads to another file, and from outside a container it leads elsewhere. The process itself
 * has the file that ran: at that path in its own root, as its executable, or mapped (which only root may open). */
static void module_file_find_in_process(struct module_file *file, const struct symbol_module *module,
					const struct symbol_search *search)
{
	struct buffer inside = {0};

	buffer_printf(&inside, "root%s", module->path);
	for (size_t i = 0; i < search->process_count && file->descriptor < 0; i++) {
		struct mapped_search mapped = {file, module, symbol_process_here(&search->processes[i])};
		if (mapped.pid && !process_file_try(file, mapped.pid, inside.data, module) &&
		    !process_file_try(file, mapped.pid, "exe", module))
			seep_process_visit_mappings(mapped.pid, mapped_file_try, &mapped);
	}
	buffer_free(&inside);
}

void module_file_find(struct module_file *file, const struct symbol_module *module, const struct symbol_search *search,
		      struct buffer *reason)
{
	*file = (struct module_file){.descriptor = -1};
	if (module->is_vdso) {
		module_file_find_vdso(file, module, reason);
		return;
	}
	/* The file at its path may be of another build by now, and nothing would tell. */
	if (!module->build_id_bytes)
		module_file_find_in_process(file, module, search);
	if (file->descriptor >= 0 || module_file_try(file, module->path, module, reason))
		return;
	module_file_find_in_process(file, module, search);
	if (file->descriptor >= 0)
		return;
	module_file_find_by_hand(file, module, search);
	if (file->descriptor >= 0)
		return;
	if (search->directory && module_file_try_build_id(file, search->directory, module))
		return;
	if (!module_file_try_build_id(file, "/usr/lib/debug", module))
		module_file_find_by_debuginfod(file, module, reason);
}
