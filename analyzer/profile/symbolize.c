/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a profile's addresses names, and takes the allocator's own frames off the leaf of every stack, so that a stack
 * begins with who asked for memory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "profile/allocator_frames.h"
#include "profile/profile_private.h"
#include "profile/profile.h"
#include "symbols/perf_map.h"
#include "symbols/symbols.h"

/* The locations of one module are neighbours in `order`. */
struct symbolizing {
	struct profile *profile;
	struct profile_storage *storage;
	uint32_t *order;                  /* location indices, by module */
	struct symbol_address *addresses; /* parallel to order */
	uint32_t *starts;                 /* by module: its first place in order; one more at the end */
	uint32_t count;                   /* of order: locations that the source itself gave no names */
	struct symbol_lines lines;
};

/* Sorts the locations by module with one counting pass; those that have names already are left out. */
static void locations_group(struct symbolizing *work)
{
	struct profile *profile = work->profile;

	work->order = memory_allocate(profile->location_count, sizeof *work->order);
	work->addresses = memory_allocate(profile->location_count, sizeof *work->addresses);
	work->starts = memory_allocate((size_t)profile->module_count + 1, sizeof *work->starts);
	uint32_t *next = memory_allocate((size_t)profile->module_count + 1, sizeof *next);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const bool wanted = !profile->locations[i].given;
		work->starts[profile->locations[i].module + 1] += wanted;
		work->count += wanted;
	}
	for (uint32_t i = 0; i < profile->module_count; i++)
		work->starts[i + 1] += work->starts[i];
	memcpy(next, work->starts, ((size_t)profile->module_count + 1) * sizeof *next);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		if (location->given)
			continue;
		uint32_t place = next[location->module]++;
		work->order[place] = i;
		work->addresses[place] =
		    (struct symbol_address){.address = location->address, .exact = location->exact};
	}
	free(next);
}

/* All modules but "no module", as far as there are addresses in them. */
static void modules_resolve(struct symbolizing *work, const struct symbol_search *search)
{
	struct profile *profile = work->profile;
	struct symbol_module *modules = memory_allocate(profile->module_count, sizeof *modules);
	uint32_t *module_of = memory_allocate(profile->module_count, sizeof *module_of);
	size_t count = 0;

	for (uint32_t i = 1; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		if (work->starts[i] == work->starts[i + 1])
			continue;
		module_of[count] = i;
		modules[count++] = (struct symbol_module){.path = work->storage->module_paths[i],
							  .build_id = module->build_id,
							  .build_id_bytes = module->build_id_bytes,
							  .is_vdso = module->flags & SEEP_MODULE_VDSO,
							  .addresses = &work->addresses[work->starts[i]],
							  .address_count = work->starts[i + 1] - work->starts[i]};
	}
	symbols_resolve(modules, count, search, profile->strings, &work->lines);
	for (size_t i = 0; i < count; i++) {
		profile->modules[module_of[i]].symbols = modules[i].source;
		profile->modules[module_of[i]].has_lines = modules[i].has_lines;
	}
	free(modules);
	free(module_of);
}

/* Addresses outside of all modules: code made at run time, if there is a map of it. */
static void absolute_resolve(struct symbolizing *work)
{
	struct profile *profile = work->profile;
	struct buffer text = {0};
	struct perf_map *map = work->starts[1] > 0 ? jit_map_open(profile, &text) : NULL;

	profile->modules[0].symbols = text.length ? string_pool_intern(profile->strings, text.data) : NULL;
	for (uint32_t place = 0; place < work->starts[1]; place++) {
		struct symbol_address *address = &work->addresses[place];
		const char *name = NULL;
		if (map)
			name = perf_map_find(map, address->address - (address->exact || !address->address ? 0 : 1),
					     profile->strings);
		text.length = 0;
		buffer_printf(&text, "0x%" PRIx64, address->address);
		address->first_line = (uint32_t)work->lines.count;
		address->line_count = 1;
		ARRAY_RESERVE(work->lines.lines, work->lines.count, work->lines.capacity);
		work->lines.lines[work->lines.count++] =
		    (struct source_line){.function = name ? name : string_pool_intern(profile->strings, text.data)};
	}
	perf_map_free(map);
	buffer_free(&text);
}

/* Each location gets its lines, which become the profile's. */
static void lines_store(struct symbolizing *work)
{
	for (uint32_t place = 0; place < work->count; place++) {
		struct profile_location *location = &work->profile->locations[work->order[place]];
		location->lines = &work->lines.lines[work->addresses[place].first_line];
		location->line_count = work->addresses[place].line_count;
	}
	free(work->storage->lines);
	work->storage->lines = work->lines.lines;
}

/* Leaves out the allocator's innermost lines where a line of the program follows. */
static void lines_trim(struct profile *profile)
{
	bool *of_allocator = memory_allocate(profile->module_count, sizeof *of_allocator);

	for (uint32_t i = 0; i < profile->module_count; i++)
		of_allocator[i] = module_is_allocator(profile->modules[i].path);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		struct profile_location *location = &profile->locations[i];
		const bool in_allocator = of_allocator[location->module];
		uint32_t skipped = 0;
		while (!in_allocator && skipped < location->line_count &&
		       function_is_allocator(location->lines[skipped].function))
			skipped++;
		location->allocator = in_allocator || skipped == location->line_count;
		if (location->allocator)
			continue;
		location->lines += skipped;
		location->line_count -= skipped;
	}
	free(of_allocator);
}

/* A stack that is nothing but allocator keeps its outermost frame. */
static void stacks_trim(struct profile *profile)
{
	for (uint32_t i = 0; i < profile->site_count; i++) {
		struct profile_site *site = &profile->sites[i];
		while (site->depth > 1 && profile->locations[site->stack[0]].allocator) {
			site->stack++;
			site->depth--;
		}
	}
}

void profile_symbolize(struct profile *profile, const struct symbol_search *search)
{
	struct symbolizing work = {.profile = profile, .storage = profile->storage};

	locations_group(&work);
	absolute_resolve(&work);
	modules_resolve(&work, search ? search : &(struct symbol_search){0});
	lines_store(&work);
	lines_trim(profile);
	stacks_trim(profile);
	free(work.order);
	free(work.addresses);
	free(work.starts);
}
