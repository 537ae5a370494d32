/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and opens debug files: see debug_files.h. */
#include "modules/debug_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "files/path.h"
#include "modules/debug_places.h"
#include "modules/debuginfod.h"
#include "modules/elf_budget.h"

static char *debug_path; /* libdwfl's list; see debug_files_prepare() */

static struct buffer debuginfod_said; /* faults of the servers that were asked for this module */

/* Finds a debug file by libdwfl on this machine, or else on a server. Refuses a file that unpacks to too much. */
static int debug_file_find(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
			   const char *link, GElf_Word link_crc, char **found)
{
	struct buffer path = {0};
	const unsigned char *build_id = NULL;
	GElf_Addr place;
	const int length = dwfl_module_build_id(module, &build_id, &place);
	const bool is_supplement = link && link_crc == 0; /* a supplement of a debug file that was found */
	int descriptor = -1;

	if (is_supplement ||
	    debug_places_have_file(debug_path, build_id, length > 0 ? (uint32_t)length : 0, file, link))
		descriptor = dwfl_standard_find_debuginfo(module, user, name, base, file, link, link_crc, found);
	if (descriptor < 0 && length > 0 && debuginfod_said.length == 0)
		descriptor = debuginfod_fetch(build_id, (uint32_t)length, &path, &debuginfod_said);
	buffer_free(&path);
	if (descriptor < 0 || elf_budget_admit(descriptor))
		return descriptor;
	close(descriptor);
	free(*found);
	*found = NULL;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
    .find_debuginfo = debug_file_find,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_path,
};

/* libdwfl keeps open what its search by build id has found, and closes it together with the descriptor that it was
 * given. In a search that chunks_find() begins it is given none, and closes number 0: no file of ours may have that
 * number. */
static void descriptor_zero_fill(void)
{
	if (fcntl(0, F_GETFD) < 0)
		(void)open("/", O_PATH | O_CLOEXEC);
}

void debug_files_prepare(const char *directory)
{
	struct buffer path = {0};

	debuginfod_said.length = 0;
	descriptor_zero_fill();
	elf_version(EV_CURRENT);        /* libelf works only after this */
	buffer_append_byte(&path, '+'); /* '+': also compare a debug link's CRC */
	/* Colons separate the list's directories, so a directory with a colon in its name can't be in it. libdwfl looks
	 * for build ids only below absolute paths. */
	char *real = directory ? realpath(directory, NULL) : NULL;
	if (real && !strchr(real, ':'))
		buffer_printf(&path, ":%s", real);
	free(real);
	buffer_append_text(&path, ":.debug:/usr/lib/debug");
	free(debug_path);
	debug_path = path.data;
}

void debug_files_open_module(struct debug_files *files, const char *path, int descriptor)
{
	files->dwfl = dwfl_begin(&callbacks);
	if (files->dwfl) {
		dwfl_report_begin(files->dwfl);
		files->module = dwfl_report_elf(files->dwfl, path_base_name(path), path, descriptor, 0, true);
		dwfl_report_end(files->dwfl, NULL, NULL);
	}
	if (!files->module)
		close(descriptor);
}

static void libdwfl_end(struct debug_files *files)
{
	if (files->dwfl)
		dwfl_end(files->dwfl);
	files->dwfl = NULL;
	files->module = NULL;
	files->dwarf = NULL;
}

void debug_files_close(struct debug_files *files)
{
	libdwfl_end(files);
	if (files->chunks) {
		dwarf_chunks_close(files->chunks);
		close(files->chunks_descriptor);
		free(files->chunks_path);
	}
	files->chunks = NULL;
	files->chunks_path = NULL;
}

/* Takes the descriptor and the path if the file is one that is read in chunks. */
static bool chunks_take(struct debug_files *files, int descriptor, char *path)
{
	files->chunks = descriptor < 0 ? NULL : dwarf_chunks_open(descriptor, DWARF_CHUNKS_SIZES);
	if (files->chunks) {
		files->chunks_descriptor = descriptor;
		files->chunks_path = path;
		return true;
	}
	if (descriptor >= 0)
		close(descriptor);
	free(path);
	return false;
}

/* Finds chunks of the debug file that libdwfl would take, or of the module's own file. It asks libdwfl in a session
 * that ends here, because libdwfl keeps open what it finds. */
static void chunks_find(struct debug_files *files)
{
	const char *path = NULL, *name;
	void **user;
	char *found = NULL;
	GElf_Addr bias = 0;
	GElf_Word link_crc = 0;

	Elf *elf = dwfl_module_getelf(files->module, &bias);
	name = dwfl_module_info(files->module, &user, NULL, NULL, NULL, NULL, &path, NULL);
	if (!elf || bias || !path ||
	    chunks_take(files, open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), memory_copy_text(path)))
		return;
	const char *link = dwelf_elf_gnu_debuglink(elf, &link_crc);
	const int descriptor = debug_file_find(files->module, user, name, 0, path, link, link_crc, &found);
	chunks_take(files, descriptor, found);
}

bool debug_files_open(struct debug_files *files, const char *path, int descriptor)
{
	debug_files_open_module(files, path, fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
	if (files->module)
		chunks_find(files);
	libdwfl_end(files);
	descriptor_zero_fill();
	debug_files_open_module(files, path, descriptor);
	if (files->module && !files->chunks)
		files->dwarf = dwfl_module_getdwarf(files->module, &files->bias);
	return debug_files_have_dwarf(files);
}

const char *debug_files_path(const struct debug_files *files, bool *is_apart)
{
	const char *main_file = NULL, *debug_file = NULL;

	dwfl_module_info(files->module, NULL, NULL, NULL, NULL, NULL, &main_file, &debug_file);
	*is_apart = debug_file != NULL;
	return files->chunks_path ? files->chunks_path : debug_file ? debug_file : main_file;
}

/* libdwfl names no file for one that a server sent. */
bool debug_files_are_fetched(const struct debug_files *files)
{
	GElf_Addr ignored;
	bool is_apart;

	if (files->chunks)
		return !files->chunks_path;
	debug_files_path(files, &is_apart);
	return files->dwarf && !is_apart && dwarf_getelf(files->dwarf) != dwfl_module_getelf(files->module, &ignored);
}

bool debug_files_have_symbol_table(const struct debug_files *files)
{
	GElf_Addr bias;
	GElf_Shdr header;
	Elf *elf = dwfl_module_getelf(files->module, &bias);

	for (Elf_Scn *section = NULL; elf && (section = elf_nextscn(elf, section));)
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

const char *debug_files_complaint(void)
{
	return debuginfod_said.length ? debuginfod_said.data : "";
}
