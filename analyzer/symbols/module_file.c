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

#include "base/budget.h"
#include "files/path.h"
#include "modules/debuginfod.h"
#include "modules/elf_budget.h"
#include "symbols/module_file.h"

static void module_file_close(struct module_file *file)
{
	if (file->descriptor >= 0)
		close(file->descriptor);
	file->descriptor = -1;
}

/* Checks that the open file is ELF with the recorded build id. False: `reason` says why not. */
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

/* Opens a regular file, or gives -1 with errno. Other kinds are not even opened: a tape would rewind. */
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

/* Takes the file at `path` if it is the module's. */
static bool module_file_try(struct module_file *file, const char *path, const struct symbol_module *module,
			    struct buffer *reason)
{
	file->descriptor = regular_file_open(path);
	if (file->descriptor < 0) {
		buffer_printf(reason, "%s: %s", path, errno == EINVAL ? "is no regular file" : strerror(errno));
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

/* DIRECTORY/.build-id/ab/cdef.debug and the same without ".debug". */
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
	/* Without a build id a file of the same name could be of any build. */
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

/* This process's own vDSO as a file: the recorded one, if both ran under the same kernel. */
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

/* From a debuginfod server, which is asked for this build alone; its answer is checked as any other file. */
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

void module_file_find(struct module_file *file, const struct symbol_module *module, const struct symbol_search *search,
		      struct buffer *reason)
{
	*file = (struct module_file){.descriptor = -1};
	if (module->is_vdso) {
		module_file_find_vdso(file, module, reason);
		return;
	}
	if (module_file_try(file, module->path, module, reason))
		return;
	module_file_find_by_hand(file, module, search);
	if (file->descriptor >= 0)
		return;
	if (search->directory && module_file_try_build_id(file, search->directory, module))
		return;
	if (!module_file_try_build_id(file, "/usr/lib/debug", module))
		module_file_find_by_debuginfod(file, module, reason);
}
