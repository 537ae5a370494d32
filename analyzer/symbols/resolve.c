/* SPDX-License-Identifier: Apache-2.0 */
/* One module: its file and debug file by libdwfl, then for each address the best name that can be had. The module is
 * reported at bias 0, so that its addresses are ELF virtual addresses throughout. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>

#include "base/memory.h"
#include "files/path.h"
#include "modules/dwarf_chunks.h"
#include "modules/debuginfod.h"
#include "symbols/demangle.h"
#include "modules/dwarf_lookup.h"
#include "modules/elf_budget.h"
#include "symbols/label.h"
#include "symbols/module_file.h"
#include "symbols/resolve.h"
#include "modules/symbol_table.h"

/* One address on its way: sorted by what is looked up, answered in the caller's order. */
struct query {
	uint64_t looked_up; /* within the instruction that made the call */
	size_t place;       /* in module->addresses */
};

struct resolution {
	struct wire *wire;
	const struct symbol_module *module;
	struct query *queries; /* ascending by looked_up */
	uint64_t *looked_up;   /* the same, addresses alone */
	Dwfl *session;
	Dwfl_Module *elf_module;     /* NULL: no file */
	Dwarf *debug;                /* NULL: none, or a large file's */
	struct dwarf_chunks *chunks; /* that one's, otherwise NULL */
	int chunks_descriptor;
	char *chunks_path; /* NULL: from a server */
	struct dwarf_lookup lookup;
	struct symbol_table table;
	bool table_loaded;
	struct map *names; /* by address of a mangled name: number of its readable text */
	struct buffer name;
	struct buffer reason; /* why the file at the module's path was not taken */
};

/* ---- files ---- */

static char *debug_path; /* libdwfl's list; see session_begin() */

static struct buffer debuginfod_said; /* of the module at hand, what was wrong with the servers */

/* Finds a debug file by libdwfl on this machine, or else on a server. A file that is larger inside than outside is
 * refused. */
static int debug_file_find(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
			   const char *link, GElf_Word link_crc, char **found)
{
	struct buffer path = {0};
	const unsigned char *build_id;
	GElf_Addr place;

	int descriptor = dwfl_standard_find_debuginfo(module, user, name, base, file, link, link_crc, found);
	const int length = descriptor < 0 ? dwfl_module_build_id(module, &build_id, &place) : 0;
	if (length > 0 && debuginfod_said.length == 0)
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

/* A '+' makes libdwfl compare a debug link's CRC; build ids it compares anyway. */
static void debug_path_set(const struct symbol_search *search)
{
	struct buffer path = {0};

	buffer_append_byte(&path, '+');
	/* The list is separated by colons, so a directory that has one in its name can't be in it. Build ids are looked for
	 * below absolute paths alone. */
	char *directory = search->directory ? realpath(search->directory, NULL) : NULL;
	if (directory && !strchr(directory, ':'))
		buffer_printf(&path, ":%s", directory);
	free(directory);
	buffer_append_text(&path, ":.debug:/usr/lib/debug");
	free(debug_path);
	debug_path = path.data;
}

/* Hands the file to libdwfl. */
static void session_begin(struct resolution *resolution, struct module_file *file)
{
	resolution->session = dwfl_begin(&callbacks);
	if (!resolution->session)
		return;
	dwfl_report_begin(resolution->session);
	resolution->elf_module =
	    dwfl_report_elf(resolution->session, path_base_name(file->path), file->path, file->descriptor, 0, true);
	if (resolution->elf_module)
		file->descriptor = -1; /* now libdwfl's */
	dwfl_report_end(resolution->session, NULL, NULL);
}

static void libdwfl_end(struct resolution *resolution)
{
	if (resolution->session)
		dwfl_end(resolution->session);
	resolution->session = NULL;
	resolution->elf_module = NULL;
	resolution->debug = NULL;
}

static void session_end(struct resolution *resolution)
{
	libdwfl_end(resolution);
	if (resolution->chunks) {
		dwarf_chunks_close(resolution->chunks);
		close(resolution->chunks_descriptor);
		free(resolution->chunks_path);
	}
	resolution->chunks = NULL;
	resolution->chunks_path = NULL;
}

/* Takes the descriptor and the path, if the file behind them is one to be read in chunks. */
static bool chunks_take(struct resolution *resolution, int descriptor, char *path)
{
	resolution->chunks = descriptor < 0 ? NULL : dwarf_chunks_open(descriptor, DWARF_CHUNKS_SIZES);
	if (resolution->chunks) {
		resolution->chunks_descriptor = descriptor;
		resolution->chunks_path = path;
		return true;
	}
	if (descriptor >= 0)
		close(descriptor);
	free(path);
	return false;
}

/* Chunks of the debug file that libdwfl would take, or of the module's own. libdwfl is asked in a session that ends
 * here, since to find the file is to open it for good. */
static void chunks_find(struct resolution *resolution)
{
	const char *path = NULL, *name;
	void **user;
	char *found = NULL;
	GElf_Addr bias = 0;
	GElf_Word link_crc = 0;

	Elf *elf = dwfl_module_getelf(resolution->elf_module, &bias);
	name = dwfl_module_info(resolution->elf_module, &user, NULL, NULL, NULL, NULL, &path, NULL);
	if (!elf || bias || !path ||
	    chunks_take(resolution, open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), memory_copy_text(path)))
		return;
	const char *link = dwelf_elf_gnu_debuglink(elf, &link_crc);
	const int descriptor = debug_file_find(resolution->elf_module, user, name, 0, path, link, link_crc, &found);
	chunks_take(resolution, descriptor, found);
}

/* libdwfl keeps what its search by build id has opened, to close it with the descriptor that it is told of. Of a search that
 * chunks_find() began it is told none, and closes number 0: no file of ours may have that. */
static void descriptor_zero_fill(void)
{
	if (fcntl(0, F_GETFD) < 0)
		(void)open("/", O_PATH | O_CLOEXEC);
}

/* Finds the DWARF of the file, which is libdw's or comes in chunks; false: there is none. */
static bool debug_find(struct resolution *resolution, struct module_file *file, Dwarf_Addr *bias)
{
	struct module_file again = *file;

	again.descriptor = fcntl(file->descriptor, F_DUPFD_CLOEXEC, 0);
	*bias = 0;
	session_begin(resolution, &again);
	module_file_close(&again);
	if (resolution->elf_module)
		chunks_find(resolution);
	libdwfl_end(resolution);
	descriptor_zero_fill();
	session_begin(resolution, file);
	if (resolution->elf_module && !resolution->chunks)
		resolution->debug = dwfl_module_getdwarf(resolution->elf_module, bias);
	return resolution->debug || resolution->chunks;
}

/* Finds the module's file and DWARF. If the file leads to no DWARF, the directory given by hand is tried again. */
static void resolution_open(struct resolution *resolution, const struct symbol_search *search,
			    enum resolve_effort effort, Dwarf_Addr *bias)
{
	struct module_file file;

	descriptor_zero_fill();
	debug_path_set(search);
	module_file_find(&file, resolution->module, search, &resolution->reason);
	if (file.descriptor < 0)
		return;
	if (effort != RESOLVE_ALL) {
		session_begin(resolution, &file);
		module_file_close(&file);
		return;
	}
	bool found = debug_find(resolution, &file, bias);
	module_file_close(&file);
	if (found)
		return;
	module_file_find_by_hand(&file, resolution->module, search);
	if (file.descriptor < 0)
		return;
	session_end(resolution);
	debug_find(resolution, &file, bias);
	module_file_close(&file);
}

/* ---- names ---- */

static uint32_t name_mangled(struct resolution *resolution, const char *name)
{
	uint64_t *number = map_put(resolution->names, (uintptr_t)name, NULL);

	if (*number == 0) {
		demangle(&resolution->name, name);
		*number = wire_text(resolution->wire, resolution->name.data);
	}
	return (uint32_t)*number;
}

static uint32_t name_offset(struct resolution *resolution, uint64_t address)
{
	resolution->name.length = 0;
	label_append(&resolution->name, resolution->module->path, address);
	return wire_text(resolution->wire, resolution->name.data);
}

/* The name where DWARF has none: a symbol's, or the function's place, or the address itself. */
static uint32_t name_without_dwarf(struct resolution *resolution, const struct query *query)
{
	const struct symbol *symbol = NULL;
	uint64_t start = 0;
	GElf_Addr bias = 0;

	if (resolution->elf_module && !resolution->table_loaded) {
		symbol_table_load(&resolution->table, resolution->elf_module);
		resolution->table_loaded = true;
	}
	symbol = symbol_table_find(&resolution->table, query->looked_up);
	if (symbol)
		return name_mangled(resolution, symbol->name);
	Elf *elf = resolution->elf_module ? dwfl_module_getelf(resolution->elf_module, &bias) : NULL;
	if (elf)
		start = unwind_table_function(elf, query->looked_up - bias);
	return name_offset(resolution, start ? start + bias : resolution->module->addresses[query->place].address);
}

/* ---- the record ---- */

static bool has_debug(const struct resolution *resolution)
{
	return resolution->debug || resolution->chunks;
}

/* Of some programs only parts were compiled with debug information, or none but what came from elsewhere. */
static bool debug_knows_something(const struct resolution *resolution)
{
	return has_debug(resolution) && (resolution->lookup.line_count || resolution->module->address_count == 0);
}

static void write_address(struct resolution *resolution, const struct query *query, size_t rank)
{
	struct wire *wire = resolution->wire;
	struct dwarf_answer answer =
	    has_debug(resolution) ? resolution->lookup.answers[rank] : (struct dwarf_answer){0};

	wire_begin_address(wire, answer.count ? (uint32_t)answer.count : 1);
	if (answer.count == 0)
		wire_line(wire, name_without_dwarf(resolution, query), 0, 0, false);
	for (size_t i = 0; i < answer.count; i++) {
		const struct source_line *line = &resolution->lookup.lines[answer.first + i];
		bool is_last = i + 1 == answer.count;
		uint32_t function = line->function ? name_mangled(resolution, line->function)
				    : is_last      ? name_without_dwarf(resolution, query)
						   : wire_text(wire, "(unnamed)");
		wire_line(wire, function, wire_text(wire, line->file), line->line, !is_last);
	}
}

static int query_compare(const void *left, const void *right)
{
	const struct query *a = left, *b = right;

	return (a->looked_up > b->looked_up) - (a->looked_up < b->looked_up);
}

static void queries_sort(struct resolution *resolution)
{
	const struct symbol_module *module = resolution->module;

	resolution->queries = memory_allocate(module->address_count, sizeof *resolution->queries);
	resolution->looked_up = memory_allocate(module->address_count, sizeof *resolution->looked_up);
	for (size_t i = 0; i < module->address_count; i++) {
		const struct symbol_address *address = &module->addresses[i];
		resolution->queries[i] = (struct query){
		    .looked_up = address->address - (address->exact || address->address == 0 ? 0 : 1), .place = i};
	}
	qsort(resolution->queries, module->address_count, sizeof *resolution->queries, query_compare);
	for (size_t i = 0; i < module->address_count; i++)
		resolution->looked_up[i] = resolution->queries[i].looked_up;
}

/* Answers in the caller's order. */
static void write_addresses(struct resolution *resolution)
{
	size_t count = resolution->module->address_count;
	size_t *ranks = memory_allocate(count, sizeof *ranks);

	for (size_t rank = 0; rank < count; rank++)
		ranks[resolution->queries[rank].place] = rank;
	for (size_t place = 0; place < count; place++)
		write_address(resolution, &resolution->queries[ranks[place]], ranks[place]);
	free(ranks);
}

/* Without one, local functions come from .gnu_debugdata, a small compressed file that some distributions put into a
 * program. */
static bool has_symbol_table(Dwfl_Module *module)
{
	GElf_Addr bias;
	GElf_Shdr header;
	Elf *elf = dwfl_module_getelf(module, &bias);

	for (Elf_Scn *section = NULL; elf && (section = elf_nextscn(elf, section));)
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

/* True where a server sent the DWARF: libdwfl names no file for it then. */
static bool debug_is_fetched(const struct resolution *resolution, const char *debug_file)
{
	GElf_Addr ignored;

	if (resolution->chunks)
		return !resolution->chunks_path;
	return resolution->debug && !debug_file &&
	       dwarf_getelf(resolution->debug) != dwfl_module_getelf(resolution->elf_module, &ignored);
}

/* Says which names there are without DWARF. */
static void describe_tables(const struct resolution *resolution, const char *file, bool has_symtab,
			    struct buffer *source)
{
	const struct symbol_table *table = &resolution->table;
	const char *of_these = has_debug(resolution) ? " of these addresses" : "";

	if (table->count == 0)
		buffer_printf(source, "no names%s in %s", of_these, file);
	else if (!table->is_static)
		buffer_printf(source, "exported names of %s only, neither DWARF%s nor symbol table", file, of_these);
	else
		buffer_printf(source, "%s %s, no DWARF%s",
			      has_symtab ? "symbol table of" : "functions in the .gnu_debugdata of", file, of_these);
}

/* Says which file the names are from, and tells the reader of the wire if that is one with DWARF. */
static void describe_file(struct resolution *resolution, struct buffer *source)
{
	const char *main_file = NULL, *debug_file = NULL;

	dwfl_module_info(resolution->elf_module, NULL, NULL, NULL, NULL, NULL, &main_file, &debug_file);
	const char *file = resolution->chunks_path ? resolution->chunks_path
			   : debug_file            ? debug_file
			   : main_file             ? main_file
						   : resolution->module->path;
	if (!debug_knows_something(resolution)) {
		describe_tables(resolution, file, debug_file || has_symbol_table(resolution->elf_module), source);
		return;
	}
	const bool is_fetched = debug_is_fetched(resolution, debug_file);
	wire_debug_file(resolution->wire, is_fetched ? "" : file);
	buffer_printf(source, is_fetched ? "DWARF from a debuginfod server, for %s" : "DWARF in %s", file);
}

/* Says where the names came from, or why there are none. */
static void describe_source(struct resolution *resolution, enum resolve_effort effort, struct buffer *source)
{
	if (effort == RESOLVE_NOTHING) {
		buffer_append_text(source, "its file could not be read without a crash");
		return;
	}
	if (!resolution->elf_module) {
		buffer_append_text(source, resolution->reason.length ? resolution->reason.data : "no file");
		return;
	}
	describe_file(resolution, source);
	if (effort == RESOLVE_SYMBOL_TABLES)
		buffer_append_text(source, " (its DWARF could not be read without a crash)");
	if (resolution->reason.length)
		buffer_printf(source, " (%s)", resolution->reason.data);
	if (debuginfod_said.length && !debug_knows_something(resolution))
		buffer_printf(source, " (%s)", debuginfod_said.data);
}

static void lookup_run(struct resolution *resolution, Dwarf_Addr bias)
{
	struct dwarf_lookup *lookup = &resolution->lookup;
	Dwarf *chunk;

	if (!has_debug(resolution))
		return;
	dwarf_lookup_begin(lookup, resolution->looked_up, resolution->module->address_count);
	if (resolution->debug)
		dwarf_lookup_add(lookup, resolution->debug, bias);
	while (resolution->chunks && lookup->left && (chunk = dwarf_chunks_next(resolution->chunks)))
		dwarf_lookup_add(lookup, chunk, 0);
}

void resolve_module(struct wire *wire, const struct symbol_module *module, uint32_t number,
		    const struct symbol_search *search, enum resolve_effort effort)
{
	struct resolution resolution = {.wire = wire, .module = module, .names = map_create()};
	struct buffer source = {0};
	Dwarf_Addr bias = 0;

	debuginfod_said.length = 0;
	elf_version(EV_CURRENT); /* libelf works only after this */
	if (effort != RESOLVE_NOTHING)
		resolution_open(&resolution, search, effort, &bias);
	if (resolution.elf_module) {
		queries_sort(&resolution);
		lookup_run(&resolution, bias);
		write_addresses(&resolution);
	}
	describe_source(&resolution, effort, &source);
	if (resolution.elf_module)
		wire_end_module(wire, number, wire_text(wire, source.data), debug_knows_something(&resolution),
				(uint32_t)module->address_count);
	else
		wire_nameless_module(wire, number, wire_text(wire, source.data));
	dwarf_lookup_free(&resolution.lookup);
	symbol_table_free(&resolution.table);
	session_end(&resolution);
	map_free(resolution.names);
	free(resolution.queries);
	free(resolution.looked_up);
	buffer_free(&resolution.name);
	buffer_free(&resolution.reason);
	buffer_free(&source);
}
