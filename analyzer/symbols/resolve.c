/* SPDX-License-Identifier: Apache-2.0 */
/* Resolves one module: finds its file and debug file, then for each address the best available name. */
#include <stdlib.h>

#include "base/memory.h"
#include "modules/debug_files.h"
#include "dwarf/dwarf_lookup.h"
#include "modules/symbol_table.h"
#include "symbols/demangle.h"
#include "symbols/label.h"
#include "symbols/module_file.h"
#include "symbols/resolve.h"

/* One address that is being resolved: sorted by `looked_up`, answered in the caller's order. */
struct query {
	uint64_t looked_up; /* within the instruction that made the call */
	size_t place;       /* in module->addresses */
};

struct resolution {
	struct wire *wire;
	const struct symbol_module *module;
	struct query *queries; /* sorted by looked_up */
	uint64_t *looked_up;   /* the same as plain addresses */
	struct debug_files files;
	struct dwarf_lookup lookup;
	struct symbol_table table;
	bool table_loaded;
	struct map *names; /* from a mangled name's address to the number of its readable text */
	struct buffer name;
	struct buffer reason; /* why the file at the module's path was not used */
};

/* Finds the module's file and DWARF. If the file does not lead to DWARF, tries the user's directory again. */
static void resolution_open(struct resolution *resolution, const struct symbol_search *search,
			    enum resolve_effort effort)
{
	struct debug_files *files = &resolution->files;
	struct module_file file;

	module_file_find(&file, resolution->module, search, &resolution->reason);
	if (file.descriptor < 0)
		return;
	if (effort != RESOLVE_ALL) {
		debug_files_open_module(files, file.path, file.descriptor);
		return;
	}
	if (debug_files_open(files, file.path, file.descriptor))
		return;
	module_file_find_by_hand(&file, resolution->module, search);
	if (file.descriptor < 0)
		return;
	debug_files_close(files);
	debug_files_open(files, file.path, file.descriptor);
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

/* The name if DWARF has none: a symbol's, or the function's place, or the address itself. */
static uint32_t name_without_dwarf(struct resolution *resolution, const struct query *query)
{
	const struct symbol *symbol = NULL;
	uint64_t start = 0;
	GElf_Addr bias = 0;

	if (resolution->files.module && !resolution->table_loaded) {
		symbol_table_load(&resolution->table, resolution->files.module);
		resolution->table_loaded = true;
	}
	symbol = symbol_table_find(&resolution->table, query->looked_up);
	if (symbol)
		return name_mangled(resolution, symbol->name);
	Elf *elf = resolution->files.module ? dwfl_module_getelf(resolution->files.module, &bias) : NULL;
	if (elf)
		start = unwind_table_function(elf, query->looked_up - bias);
	return name_offset(resolution, start ? start + bias : resolution->module->addresses[query->place].address);
}

/* ---- the record ---- */

/* In some programs only parts were compiled with debug information, or only code from elsewhere. */
static bool debug_knows_something(const struct resolution *resolution)
{
	return debug_files_have_dwarf(&resolution->files) &&
	       (resolution->lookup.line_count || resolution->module->address_count == 0);
}

static void write_address(struct resolution *resolution, const struct query *query, size_t rank)
{
	struct wire *wire = resolution->wire;
	struct dwarf_answer answer =
	    debug_files_have_dwarf(&resolution->files) ? resolution->lookup.answers[rank] : (struct dwarf_answer){0};

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

/* Writes the answers in the caller's order. */
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

/* Says which names there are without DWARF. */
static void describe_tables(const struct resolution *resolution, const char *file, bool has_symtab,
			    struct buffer *source)
{
	const struct symbol_table *table = &resolution->table;
	const char *of_these = debug_files_have_dwarf(&resolution->files) ? " of these addresses" : "";

	if (table->count == 0)
		buffer_printf(source, "no names%s in %s", of_these, file);
	else if (!table->is_static)
		buffer_printf(source, "exported names of %s only, neither DWARF%s nor symbol table", file, of_these);
	else
		buffer_printf(source, "%s %s, no DWARF%s",
			      has_symtab ? "symbol table of" : "functions in the .gnu_debugdata of", file, of_these);
}

/* Says from which file the names are, and tells the wire's reader if that file has DWARF. */
static void describe_file(struct resolution *resolution, struct buffer *source)
{
	bool is_apart;
	const char *path = debug_files_path(&resolution->files, &is_apart);
	const char *file = path ? path : resolution->module->path;

	if (!debug_knows_something(resolution)) {
		describe_tables(resolution, file, is_apart || debug_files_have_symbol_table(&resolution->files),
				source);
		return;
	}
	const bool is_fetched = debug_files_are_fetched(&resolution->files);
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
	if (!resolution->files.module) {
		buffer_append_text(source, resolution->reason.length ? resolution->reason.data : "no file");
		return;
	}
	describe_file(resolution, source);
	if (effort == RESOLVE_SYMBOL_TABLES)
		buffer_append_text(source, " (its DWARF could not be read without a crash)");
	if (resolution->reason.length)
		buffer_printf(source, " (%s)", resolution->reason.data);
	if (*debug_files_complaint() && !debug_knows_something(resolution))
		buffer_printf(source, " (%s)", debug_files_complaint());
}

static void lookup_run(struct resolution *resolution)
{
	struct dwarf_lookup *lookup = &resolution->lookup;
	Dwarf *chunk;

	if (!debug_files_have_dwarf(&resolution->files))
		return;
	dwarf_lookup_begin(lookup, resolution->looked_up, resolution->module->address_count);
	if (resolution->files.dwarf)
		dwarf_lookup_add(lookup, resolution->files.dwarf, resolution->files.bias);
	if (resolution->files.chunks)
		lookup->raw = dwarf_chunks_raw(resolution->files.chunks);
	while (resolution->files.chunks && lookup->left && (chunk = dwarf_chunks_next(resolution->files.chunks)))
		dwarf_lookup_add(lookup, chunk, 0);
}

void resolve_module(struct wire *wire, const struct symbol_module *module, uint32_t number,
		    const struct symbol_search *search, enum resolve_effort effort)
{
	struct resolution resolution = {.wire = wire, .module = module, .names = map_create()};
	struct buffer source = {0};

	debug_files_prepare(search->directory);
	if (effort != RESOLVE_NOTHING)
		resolution_open(&resolution, search, effort);
	if (resolution.files.module) {
		queries_sort(&resolution);
		lookup_run(&resolution);
		write_addresses(&resolution);
	}
	describe_source(&resolution, effort, &source);
	if (resolution.files.module)
		wire_end_module(wire, number, wire_text(wire, source.data), debug_knows_something(&resolution),
				(uint32_t)module->address_count);
	else
		wire_nameless_module(wire, number, wire_text(wire, source.data));
	dwarf_lookup_free(&resolution.lookup);
	symbol_table_free(&resolution.table);
	debug_files_close(&resolution.files);
	map_free(resolution.names);
	free(resolution.queries);
	free(resolution.looked_up);
	buffer_free(&resolution.name);
	buffer_free(&resolution.reason);
	buffer_free(&source);
}
