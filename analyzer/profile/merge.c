/* SPDX-License-Identifier: Apache-2.0 */
/* Modules are matched by their identity; locations by module and address, or by the names that their source gave; sites
 * by their keys, which are equal in all processes. */
#include "profile/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "profile/profile_private.h"

struct merger {
	struct profile *to;
	struct profile_storage *storage;
	struct numbering modules, locations, sites;  /* by identity or key; the first module is of no number */
	uint32_t *module_of, *location_of, *site_of; /* for the profile being added */
	size_t line_count;
	uint32_t first_node;  /* the profile's node n becomes the sum's first_node + n */
	struct perf_map *jit; /* names of code that its process made at run time; NULL: none */
	uint64_t process;     /* the number of its process */
	struct filed_lifetime *lifetimes;
	size_t lifetime_count, lifetime_capacity;
};

static const char *text_copy(struct merger *merger, const char *text)
{
	return text ? string_pool_intern(merger->to->strings, text) : NULL;
}

static void modules_add(struct merger *merger, const struct profile *from)
{
	const struct profile_storage *storage = from->storage;
	struct profile *to = merger->to;

	merger->module_of = memory_allocate(from->module_count, sizeof *merger->module_of);
	for (uint32_t i = 1; i < from->module_count; i++) {
		const struct profile_module *module = &from->modules[i];
		bool is_new;
		const uint64_t identity =
		    profile_module_identity(module->build_id, module->build_id_bytes, storage->module_paths[i]);
		const uint32_t index = 1 + numbering_put(&merger->modules, identity, &is_new);
		if (is_new) {
			merger->storage->module_paths[to->module_count] = text_copy(merger, storage->module_paths[i]);
			to->modules[to->module_count] = *module;
			to->modules[to->module_count].path = text_copy(merger, module->path);
			to->modules[to->module_count++].symbols = text_copy(merger, module->symbols);
		}
		merger->module_of[i] = index;
		to->modules[index].flags |= module->flags;
	}
}

/* Copies the lines that the source itself gave. */
static void lines_copy(struct merger *merger, struct profile_location *location)
{
	struct source_line *lines = &merger->storage->given_lines[merger->line_count];

	for (uint32_t k = 0; k < location->line_count; k++) {
		lines[k] = location->lines[k];
		lines[k].function = text_copy(merger, lines[k].function);
		lines[k].file = text_copy(merger, lines[k].file);
	}
	location->lines = lines;
}

static uint64_t location_key(const struct profile_location *location)
{
	const uint64_t words[] = {location->module, location->address, location->exact};
	uint64_t key = hash_bytes(hash_secret(), words, sizeof words);

	for (uint32_t k = 0; location->given && k < location->line_count; k++) {
		const uint64_t line[] = {(uint64_t)(uintptr_t)location->lines[k].function,
					 (uint64_t)(uintptr_t)location->lines[k].file, location->lines[k].line};
		key = hash_bytes(key, line, sizeof line);
	}
	return key;
}

/* Names an address outside of all modules: each process has different code there, and only here it is known which
 * process it is. */
static void jit_name(struct merger *merger, struct profile_location *location)
{
	const char *name = jitted_name(merger->jit, location->address, location->exact, merger->to->strings);

	if (!name)
		return;
	location->lines = &merger->storage->given_lines[merger->line_count];
	location->lines[0] = (struct source_line){.function = name};
	location->line_count = 1;
	location->given = true;
}

static void jit_open(struct merger *merger, const struct profile *from)
{
	struct buffer said = {0};
	bool wanted = false;

	for (uint32_t i = 0; i < from->location_count; i++)
		wanted |= from->locations[i].module == 0 && !from->locations[i].given;
	merger->jit = wanted ? profile_open_perf_map(from, &said) : NULL;
	if (merger->jit)
		merger->to->modules[0].symbols = string_pool_intern(merger->to->strings, said.data);
	buffer_free(&said);
}

static void locations_add(struct merger *merger, const struct profile *from)
{
	struct profile *to = merger->to;

	merger->location_of = memory_allocate(from->location_count + 1u, sizeof *merger->location_of);
	for (uint32_t i = 0; i < from->location_count; i++) {
		struct profile_location location = from->locations[i];
		bool is_new;
		location.module = merger->module_of[location.module];
		if (location.given)
			lines_copy(merger, &location);
		else if (location.module == 0)
			jit_name(merger, &location);
		merger->location_of[i] = numbering_put(&merger->locations, location_key(&location), &is_new);
		if (is_new) {
			to->locations[to->location_count++] = location;
			merger->line_count += location.given ? location.line_count : 0;
		}
	}
	perf_map_free(merger->jit);
}

/* Adds nodes in the same order, behind the existing ones. */
static void nodes_add(struct merger *merger, const struct profile *from)
{
	struct profile *to = merger->to;

	merger->first_node = to->node_count - 1;
	for (uint32_t i = 1; i < from->node_count; i++) {
		const struct profile_node *node = &from->nodes[i];
		to->nodes[to->node_count++] = (struct profile_node){
		    node->parent ? node->parent + merger->first_node : 0, merger->location_of[node->location]};
	}
}

static void sites_add(struct merger *merger, const struct profile *from)
{
	struct profile *to = merger->to;

	merger->site_of = memory_allocate(from->site_count + 1u, sizeof *merger->site_of);
	for (uint32_t i = 0; i < from->site_count; i++) {
		const struct profile_site *site = &from->sites[i];
		bool is_new;
		const uint32_t index = merger->site_of[i] = numbering_put(&merger->sites, site->key, &is_new);
		if (is_new)
			to->sites[to->site_count++] =
			    (struct profile_site){.key = site->key,
						  .node = site->node ? site->node + merger->first_node : 0,
						  .depth = site->depth,
						  .label = merger->module_of[site->label],
						  .truncated = site->truncated,
						  .retired = site->retired};
		profile_site_add(&to->sites[index], site);
		profile_freed_add(to, &to->sites[index], profile_freed_of(from, site));
		for (uint32_t k = 0; k < site->lifetime_count; k++) {
			ARRAY_RESERVE(merger->lifetimes, merger->lifetime_count, merger->lifetime_capacity);
			merger->lifetimes[merger->lifetime_count++] =
			    (struct filed_lifetime){index, site->lifetimes[k]};
		}
	}
}

static void samples_add(struct merger *merger, const struct profile *from, uint64_t shift_ns)
{
	const struct profile_sample *samples = profile_samples(from);
	struct profile *to = merger->to;

	for (uint32_t i = 0; i < from->sample_count; i++) {
		struct profile_sample *sample = &to->samples[to->sample_count++];
		*sample = samples[i];
		sample->site = merger->site_of[sample->site];
		sample->birth_ns += shift_ns;
		sample->address = merged_address(sample->address, merger->process);
	}
}

/* A process that counts no work does none, like a server's first process beside its workers. */
static const uint64_t counting = UINT64_C(1) << SEEP_MEMORY_WORK;

/* Adds up the figures of allocator and system that can be added; others are shared, or belong to one moment. */
static void memory_add(struct profile *to, const struct profile *from)
{
	const uint64_t adding = UINT64_C(1) << SEEP_MEMORY_RSS_ANONYMOUS | UINT64_C(1) << SEEP_MEMORY_SWAP |
				UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_IN_USE |
				UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_FREE |
				UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_MAPPED | UINT64_C(1) << SEEP_MEMORY_COUNTED;

	to->memory_known =
	    (to->memory_known & from->memory_known & adding) | ((to->memory_known | from->memory_known) & counting);
	for (size_t key = 0; key < sizeof to->memory / sizeof *to->memory; key++)
		to->memory[key] += (adding | counting) >> key & 1 ? from->memory[key] : 0;
}

/* The text that all have; otherwise "". */
static void text_agree(struct merger *merger, const char **to, const char *from, bool is_first)
{
	if (is_first)
		*to = text_copy(merger, from ? from : "");
	else if (strcmp(*to, from ? from : "") != 0)
		*to = "";
}

static void texts_add(struct merger *merger, const struct profile *from, bool is_first)
{
	struct profile *to = merger->to;

	text_agree(merger, &to->command, from->command, is_first);
	text_agree(merger, &to->executable, from->executable, is_first);
	text_agree(merger, &to->arguments, from->arguments, is_first);
	text_agree(merger, &to->host, from->host, is_first);
	text_agree(merger, &to->allocator, from->allocator, is_first);
	text_agree(merger, &to->allocator_path, from->allocator_path, is_first);
	text_agree(merger, &to->unwinder, from->unwinder, is_first);
	if (from->bypassed && *from->bypassed)
		to->bypassed = text_copy(merger, from->bypassed);
}

/* The sum has the largest rate, which bounds how much of a stack can be missed. */
static void header_add(struct merger *merger, const struct profile *from, uint64_t shift_ns, bool is_first)
{
	struct profile *to = merger->to;
	const uint64_t start_ns = from->start_ns + shift_ns;

	to->time_ns = from->time_ns + shift_ns > to->time_ns ? from->time_ns + shift_ns : to->time_ns;
	to->start_ns = is_first || start_ns < to->start_ns ? start_ns : to->start_ns;
	to->start_unix_ns =
	    is_first || from->start_unix_ns < to->start_unix_ns ? from->start_unix_ns : to->start_unix_ns;
	to->interval_ns = from->interval_ns > to->interval_ns ? from->interval_ns : to->interval_ns;
	to->rate = from->rate > to->rate ? from->rate : to->rate;
	to->trigger = is_first || from->trigger == to->trigger ? from->trigger : SEEP_TRIGGER_UNKNOWN;
	to->lacks |= from->lacks;
	to->status |= from->status;
	to->flags |= from->flags;
	to->shutdown_left_out |= from->shutdown_left_out;
	to->damaged += from->damaged;
	to->has_samples = (is_first || to->has_samples) && from->has_samples;
	to->has_lifetimes = (is_first || to->has_lifetimes) && from->has_lifetimes;
	to->input_bytes += from->input_bytes;
	const uint64_t words[] = {to->identity, from->pid, from->start_ticks, from->start_ns, from->identity};
	to->identity = hash_bytes(0, words, sizeof words) | 1;
	for (size_t key = 0; key < sizeof to->losses / sizeof *to->losses; key++)
		to->losses[key] += from->losses[key];
	memory_add(to, from);
	texts_add(merger, from, is_first);
}

static void part_add(struct merger *merger, const struct profile *from)
{
	struct profile_totals totals;

	profile_totals(from, &totals);
	merger->storage->parts[merger->to->part_count++] =
	    (struct profile_part){.source = text_copy(merger, from->source),
				  .command = text_copy(merger, from->command),
				  .pid = from->pid,
				  .number = from->number,
				  .rate = from->rate,
				  .rss_bytes = from->memory[SEEP_MEMORY_LEDGER_AFTER],
				  .in_use = totals.in_use};
}

static void recordings_add(struct profile *to, const struct profile *from)
{
	const struct profile_storage *storage = from->storage;

	for (uint32_t i = 0; i < storage->recording_count; i++)
		profile_add_recording(to, storage->recordings[i]);
	profile_add_process(to, from);
}

/* "A, B, C", fit to print. */
static const char *sources_join(const struct profile *to)
{
	struct buffer names = {0};

	for (uint32_t i = 0; i < to->part_count; i++)
		buffer_printf(&names, "%s%s", i ? ", " : "", to->parts[i].source);
	const char *joined = string_pool_intern_safe(to->strings, names.data, names.length, BUDGET_NAME_BYTES);
	buffer_free(&names);
	return joined;
}

/* Makes room for everything, as if nothing matched. */
static void room_make(struct merger *merger, struct profile *const *profiles, size_t count)
{
	size_t modules = 1, locations = 1, lines = 1, nodes = 1, sites = 1, samples = 1;
	struct profile *to = merger->to;

	for (size_t i = 0; i < count; i++) {
		const struct profile *from = profiles[i];
		modules += from->module_count;
		locations += from->location_count;
		nodes += from->node_count;
		sites += from->site_count;
		samples += from->sample_count;
		for (uint32_t k = 0; k < from->location_count; k++)
			lines += from->locations[k].given ? from->locations[k].line_count : 1;
	}
	to->modules = memory_allocate(modules, sizeof *to->modules);
	merger->storage->module_paths = memory_allocate(modules, sizeof *merger->storage->module_paths);
	to->locations = memory_allocate(locations, sizeof *to->locations);
	merger->storage->given_lines = memory_allocate(lines, sizeof *merger->storage->given_lines);
	to->sites = memory_allocate(sites, sizeof *to->sites);
	to->nodes = memory_allocate(nodes, sizeof *to->nodes);
	to->node_count = 1;
	to->samples = memory_allocate(samples, sizeof *to->samples);
	to->parts = merger->storage->parts = memory_allocate(count, sizeof *to->parts);
	to->modules[0].path = merger->storage->module_paths[0] = "";
	to->module_count = 1;
}

struct profile *profile_merge(struct profile *const *profiles, const uint64_t *shifts_ns, size_t count)
{
	struct profile *to = profile_create();
	struct merger merger = {.to = to, .storage = to->storage};

	room_make(&merger, profiles, count);
	to->memory_known = ~counting;
	to->bypassed = "";
	for (size_t i = 0; i < count; i++) {
		merger.process = i;
		header_add(&merger, profiles[i], shifts_ns[i], i == 0);
		part_add(&merger, profiles[i]);
		recordings_add(to, profiles[i]);
		modules_add(&merger, profiles[i]);
		jit_open(&merger, profiles[i]);
		locations_add(&merger, profiles[i]);
		nodes_add(&merger, profiles[i]);
		sites_add(&merger, profiles[i]);
		samples_add(&merger, profiles[i], shifts_ns[i]);
		free(merger.module_of);
		free(merger.location_of);
		free(merger.site_of);
	}
	to->source = sources_join(to);
	profile_file_lifetimes(to, merger.lifetimes, merger.lifetime_count);
	profile_sort_samples(to);
	free(merger.lifetimes);
	numbering_free(&merger.modules);
	numbering_free(&merger.locations);
	numbering_free(&merger.sites);
	return to;
}

bool profiles_can_merge(struct profile *const *profiles, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		if ((profiles[i]->rate == 0) != (profiles[0]->rate == 0))
			return error_set(error, "%s: has %s sampling rate and %s has %s: they can't be added up",
					 profiles[i]->source, profiles[i]->rate ? "a" : "no", profiles[0]->source,
					 profiles[0]->rate ? "one" : "none");
		for (size_t k = 0; k < i; k++)
			if (profiles_are_same_process(profiles[k], profiles[i]))
				return error_set(error, "%s: is of the same process as %s: it would count twice",
						 profiles[i]->source, profiles[k]->source);
	}
	return true;
}
