/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a profile's addresses names, and removes the allocator's own frames from the leaf of every stack, so that a
 * stack begins with the function that asked for memory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "profile/allocator_frames.h"
#include "profile/profile_private.h"
#include "profile/profile.h"
#include "symbols/label.h"
#include "symbols/perf_map.h"
#include "symbols/records.h"
#include "symbols/symbols.h"

struct symbolizing {
	struct profile *profile;
	struct profile_storage *storage;
	/* Of locations to which the source itself gave no names; those of one module together, in the locations' order. */
	struct symbol_address *addresses;
	uint32_t *starts; /* by module: where it begins in `addresses`; one more at the end */
	struct symbol_lines lines;
};

/* For each module, where its first address is: the caller goes on from there, and frees it. */
static uint32_t *first_places(const struct symbolizing *work)
{
	const size_t count = (size_t)work->profile->module_count + 1;

	return memcpy(memory_allocate(count, sizeof(uint32_t)), work->starts, count * sizeof(uint32_t));
}

/* Sorts the locations' addresses by module in one counting pass. */
static void locations_group(struct symbolizing *work)
{
	struct profile *profile = work->profile;

	work->addresses = memory_allocate(profile->location_count, sizeof *work->addresses);
	work->starts = memory_allocate((size_t)profile->module_count + 1, sizeof *work->starts);
	for (uint32_t i = 0; i < profile->location_count; i++)
		work->starts[profile->locations[i].module + 1] += !profile->locations[i].given;
	for (uint32_t i = 0; i < profile->module_count; i++)
		work->starts[i + 1] += work->starts[i];
	uint32_t *next = first_places(work);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		if (!location->given)
			work->addresses[next[location->module]++] =
			    (struct symbol_address){.address = location->address, .exact = location->exact};
	}
	free(next);
}

/* Modules that are to be given names. */
struct resolving {
	struct symbol_module *modules;
	uint32_t *module_of; /* the profile's module for each */
	size_t count;
};

/* Gives names to the addresses of all modules except "no module". */
static struct resolving modules_resolve(struct symbolizing *work, const struct symbol_search *wanted,
					bool does_without_labels)
{
	const struct profile *profile = work->profile;
	struct resolving resolving = {.modules = memory_allocate(profile->module_count, sizeof *resolving.modules),
				      .module_of = memory_allocate(profile->module_count, sizeof(uint32_t))};
	struct symbol_search search = *wanted;

	for (uint32_t i = 1; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		if (work->starts[i] == work->starts[i + 1])
			continue;
		resolving.module_of[resolving.count] = i;
		resolving.modules[resolving.count++] =
		    (struct symbol_module){.path = work->storage->module_paths[i],
					   .build_id = module->build_id,
					   .build_id_bytes = module->build_id_bytes,
					   .is_vdso = module->flags & SEEP_MODULE_VDSO,
					   .addresses = &work->addresses[work->starts[i]],
					   .address_count = work->starts[i + 1] - work->starts[i],
					   .does_without_labels = does_without_labels};
	}
	search.recordings = work->storage->recordings;
	search.recording_count = work->storage->recording_count;
	if (!work->storage->processes)
		profile_add_process(work->profile, profile);
	search.processes = work->storage->processes;
	search.process_count = work->storage->process_count;
	symbols_resolve(resolving.modules, resolving.count, &search, profile->strings, &work->lines);
	return resolving;
}

static void resolving_free(struct resolving *resolving)
{
	free(resolving->modules);
	free(resolving->module_of);
}

/* Notes in the profile's modules where their names came from. */
static void modules_describe(struct profile *profile, const struct resolving *resolving)
{
	for (size_t i = 0; i < resolving->count; i++) {
		struct profile_module *module = &profile->modules[resolving->module_of[i]];
		module->symbols = resolving->modules[i].source;
		module->has_lines = resolving->modules[i].has_lines;
		module->names_kept = resolving->modules[i].kept != NULL;
		module->label = label_beginning(resolving->modules[i].path, profile->strings);
	}
}

/* Names addresses outside of all modules: code made at run time, if there is a map of it. */
static void absolute_resolve(struct symbolizing *work)
{
	struct profile *profile = work->profile;
	struct buffer text = {0};
	struct perf_map *map = work->starts[1] > 0 ? profile_open_perf_map(profile, &text) : NULL;

	profile->modules[0].symbols = text.length ? string_pool_intern(profile->strings, text.data) : NULL;
	for (uint32_t place = 0; place < work->starts[1]; place++) {
		struct symbol_address *address = &work->addresses[place];
		const char *name = jitted_name(map, address->address, address->exact, profile->strings);
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

/* Drops the allocator's innermost lines if a line of the program follows. */
static void location_trim(struct profile_location *location, bool in_allocator)
{
	uint32_t skipped = 0;

	/* a label is not an allocator's name, whatever its module's name is */
	while (!in_allocator && !location->labelled && skipped < location->line_count &&
	       function_is_allocator(location->lines[skipped].function))
		skipped++;
	location->allocator = in_allocator || skipped == location->line_count;
	if (location->allocator || !skipped)
		return;
	location->lines += skipped;
	location->line_count -= skipped;
}

/* Stores each location's lines in the profile; those that the source itself gave are there. Returns whether there are
 * frames of an allocator. */
static bool lines_store(struct symbolizing *work)
{
	struct profile *profile = work->profile;
	bool *of_allocator = memory_allocate(profile->module_count, sizeof *of_allocator);
	uint32_t *next = first_places(work);
	bool any = false;

	for (uint32_t i = 0; i < profile->module_count; i++)
		of_allocator[i] = module_is_allocator(profile->modules[i].path);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		struct profile_location *location = &profile->locations[i];
		if (!location->given) {
			const struct symbol_address *address = &work->addresses[next[location->module]++];
			location->labelled = !address->line_count;
			location->lines = location->labelled ? NULL : &work->lines.lines[address->first_line];
			location->line_count = location->labelled ? 1 : address->line_count;
		}
		location_trim(location, of_allocator[location->module]);
		any |= location->allocator;
	}
	free(of_allocator);
	free(next);
	free(work->storage->lines);
	work->storage->lines = work->lines.lines;
	return any;
}

size_t profile_label_write(const struct profile *profile, const struct profile_location *location, char *label)
{
	_Static_assert((int)PROFILE_LABEL_ROOM >= (int)LABEL_ROOM, "a label fits");
	return label_write(label, profile->modules[location->module].label, location->address);
}

struct source_line *profile_label_make(const struct profile *profile, const struct profile_location *location)
{
	struct profile_storage *storage = profile->storage;
	char label[PROFILE_LABEL_ROOM];

	if (storage->label_count == storage->label_chunk_count * LABELS_A_CHUNK) {
		ARRAY_RESERVE(storage->label_chunks, storage->label_chunk_count, storage->label_chunk_capacity);
		storage->label_chunks[storage->label_chunk_count++] =
		    memory_allocate(LABELS_A_CHUNK, sizeof **storage->label_chunks);
	}
	const size_t bytes = profile_label_write(profile, location, label);
	struct source_line *line =
	    &storage->label_chunks[storage->label_chunk_count - 1][storage->label_count++ % LABELS_A_CHUNK];
	line->function = string_pool_store(profile->strings, label, bytes);
	/* making the label does not change what the location says */
	((struct profile_location *)location)->lines = line;
	return line;
}

/* A stack of nothing but allocator frames keeps its outermost one. */
static void stacks_trim(struct profile *profile)
{
	for (uint32_t i = 0; i < profile->site_count; i++) {
		struct profile_site *site = &profile->sites[i];
		while (site->depth > 1 && profile_leaf(profile, site)->allocator) {
			site->node = profile->nodes[site->node].parent;
			site->depth--;
		}
	}
}

static void symbolizing_end(struct symbolizing *work)
{
	free(work->addresses);
	free(work->starts);
}

/* Code outside of all modules has the names that a file has now, if the file is of that moment: these may differ. */
static bool has_absolute(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++)
		if (profile->locations[i].module == 0)
			return true;
	return false;
}

/* Whether the names of one profile's locations are those of the other's, which are the same or fewer. */
static bool names_are_same(const struct profile *profile, const struct profile *other)
{
	const struct profile_storage *mine = profile->storage, *others = other->storage;
	bool same = profiles_are_same_process(profile, other) && profile->location_count >= other->location_count &&
		    mine->recording_count == others->recording_count && !has_absolute(profile);

	for (uint32_t i = 0; i < mine->recording_count && same; i++)
		same = strcmp(mine->recordings[i], others->recordings[i]) == 0;
	return same;
}

/* The locations have their names. The modules get what describes these, if the profile has any in them. */
static void names_adopt(struct profile *profile, const struct profile *other)
{
	const struct profile_storage *others = other->storage;
	bool *is_met = memory_allocate(profile->module_count, sizeof *is_met);

	for (uint32_t i = 0; i < profile->location_count; i++)
		is_met[profile->locations[i].module] = true;
	for (uint32_t i = 1; i < profile->module_count && i < other->module_count; i++) {
		struct profile_module *module = &profile->modules[i];
		const struct profile_module *from = &other->modules[i];
		if (!is_met[i])
			continue;
		module->symbols = from->symbols ? string_pool_intern(profile->strings, from->symbols) : NULL;
		module->label = from->label ? string_pool_intern(profile->strings, from->label) : NULL;
		module->has_lines = from->has_lines;
		module->names_kept = from->names_kept;
	}
	free(is_met);
	if (others->has_allocator)
		stacks_trim(profile);
}

void profile_symbolize(struct profile *profile, const struct symbol_search *search)
{
	struct symbolizing work = {.profile = profile, .storage = profile->storage};
	const struct profile *twin = work.storage->twin;

	if (twin && ((const struct profile_storage *)twin->storage)->is_symbolized) {
		names_adopt(profile, twin);
		return;
	}
	if (twin && !names_are_same(profile, twin))
		profile_stacks_part(profile);
	locations_group(&work);
	absolute_resolve(&work);
	struct resolving resolving = modules_resolve(&work, search ? search : &(struct symbol_search){0}, true);
	modules_describe(profile, &resolving);
	resolving_free(&resolving);
	work.storage->has_allocator = lines_store(&work);
	work.storage->is_symbolized = true;
	if (work.storage->has_allocator)
		stacks_trim(profile);
	symbolizing_end(&work);
}

/* ---- names to be kept ---- */

static int site_compare(const void *left, const void *right)
{
	const struct profile_site *a = left, *b = right;
	const double mine = a->in_use.bytes.uncertain + a->in_use.bytes.certain,
		     other = b->in_use.bytes.uncertain + b->in_use.bytes.certain;

	if (mine != other)
		return mine < other ? 1 : -1;
	return (a->key > b->key) - (a->key < b->key);
}

/* Drops locations beyond `most`, first those of stacks with least in use. Returns how many it dropped. */
static uint32_t locations_bound(struct profile *profile, uint32_t most)
{
	uint32_t wanted = 0, taken = 0;

	for (uint32_t i = 0; i < profile->location_count; i++)
		wanted += profile->locations[i].module != 0;
	if (wanted <= most)
		return 0;
	for (uint32_t i = 0; i < profile->location_count; i++)
		profile->locations[i].given = true;
	qsort(profile->sites, profile->site_count, sizeof *profile->sites, site_compare);
	for (uint32_t i = 0; i < profile->site_count && taken < most; i++) {
		for (uint32_t node = profile->sites[i].node; node && taken < most; node = profile->nodes[node].parent) {
			struct profile_location *location = &profile->locations[profile->nodes[node].location];
			taken += location->given && location->module != 0;
			location->given &= location->module == 0;
		}
	}
	return wanted - taken;
}

bool recording_keep_names(const char *directory, struct records_summary *summary, struct error *error)
{
	struct profile *profile = profile_open_now(directory, error);

	*summary = (struct records_summary){0};
	if (!profile)
		return false;
	summary->left_out = locations_bound(profile, RECORDS_ADDRESSES_MAX);
	struct symbolizing work = {.profile = profile, .storage = profile->storage};
	locations_group(&work);
	struct resolving resolving = modules_resolve(&work, &(struct symbol_search){0}, false);
	const bool written =
	    symbol_records_write(directory, resolving.modules, resolving.count, &work.lines, summary, error);
	resolving_free(&resolving);
	free(work.lines.lines);
	symbolizing_end(&work);
	profile_free(profile);
	return written;
}
