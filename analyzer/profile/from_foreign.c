/* SPDX-License-Identifier: Apache-2.0 */
/* Makes our profile of a foreign one. Mappings of one file become one module, and addresses are counted from where its
 * ELF file begins, so that two runs of one program can be compared. If the source has names but no addresses, stacks
 * with different names are different. Equal stacks become one site. */
#include "profile/profile_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "files/path.h"
#include "reader/elf_bias.h"
#include "statistics/measure.h"

struct builder {
	struct foreign_profile *foreign;
	struct profile *profile;
	struct profile_storage *storage;
	uint32_t *module_of;     /* by mapping */
	uint64_t *identities;    /* by module; in every profile, the same file has the same one */
	uint64_t *location_keys; /* in every profile, the same place in code has the same one */
};

static uint64_t text_hash(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text) + 1);
}

static void module_fill(struct builder *builder, struct profile_module *module, const struct foreign_mapping *mapping)
{
	*module = (struct profile_module){.path = mapping->path,
					  .build_id_bytes = mapping->build_id_bytes,
					  .start = mapping->start,
					  .end = mapping->limit};
	memcpy(module->build_id, mapping->build_id, sizeof module->build_id);
	if (!elf_bias_find(mapping->place, mapping->start, mapping->file_offset, &module->bias))
		module->bias = elf_bias_guess(mapping->start, mapping->file_offset);
	if (strcmp(mapping->path, "[vdso]") == 0)
		module->flags |= SEEP_MODULE_VDSO;
	builder->storage->module_paths[module - builder->profile->modules] = mapping->place;
}

/* Takes the first file that is not a library for the program. */
static void program_find(struct profile *profile)
{
	for (uint32_t i = 1; i < profile->module_count; i++) {
		struct profile_module *module = &profile->modules[i];
		if (*module->path == '[' || !*module->path || strstr(module->path, ".so"))
			continue;
		module->flags |= SEEP_MODULE_EXECUTABLE;
		profile->executable = module->path;
		profile->command = string_pool_intern(profile->strings, path_base_name(module->path));
		return;
	}
}

static void build_modules(struct builder *builder)
{
	const struct foreign_profile *foreign = builder->foreign;
	struct profile *profile = builder->profile;
	struct numbering known = {0};

	profile->modules = memory_allocate(foreign->mapping_count + 1, sizeof *profile->modules);
	builder->storage->module_paths = memory_allocate(foreign->mapping_count + 1, sizeof(const char *));
	builder->module_of = memory_allocate(foreign->mapping_count + 1, sizeof *builder->module_of);
	profile->modules[0].path = builder->storage->module_paths[0] = "";
	profile->module_count = 1;
	for (size_t i = 0; i < foreign->mapping_count; i++) {
		const struct foreign_mapping *mapping = &foreign->mappings[i];
		const uint64_t key =
		    hash_bytes(text_hash(hash_secret(), mapping->place), mapping->build_id, mapping->build_id_bytes);
		bool is_new;
		const uint32_t index = 1 + numbering_put(&known, key, &is_new);
		if (is_new)
			module_fill(builder, &profile->modules[profile->module_count++], mapping);
		struct profile_module *module = &profile->modules[index];
		builder->module_of[i] = index;
		module->start = mapping->start < module->start ? mapping->start : module->start;
		module->end = mapping->limit > module->end ? mapping->limit : module->end;
	}
	numbering_free(&known);
	program_find(profile);
}

static uint64_t names_key(const struct source_line *lines, uint32_t count)
{
	uint64_t key = 3;

	for (uint32_t i = 0; i < count; i++) {
		key = text_hash(key, lines[i].function);
		key = text_hash(key, lines[i].file ? lines[i].file : "");
		key = hash_bytes(key, &lines[i].line, sizeof lines[i].line);
	}
	return key;
}

static uint64_t location_key(const struct builder *builder, const struct profile_location *location)
{
	const uint64_t words[] = {builder->identities[location->module], location->address, location->exact};

	if (location->line_count && (location->module == 0 || location->address == 0))
		return names_key(location->lines, location->line_count);
	return hash_bytes(0, words, sizeof words);
}

static void build_locations(struct builder *builder)
{
	struct foreign_profile *foreign = builder->foreign;
	struct profile *profile = builder->profile;
	struct source_line *lines = builder->storage->given_lines = foreign->lines;

	foreign->lines = NULL;
	profile->locations = memory_allocate(foreign->location_count + 1, sizeof *profile->locations);
	builder->identities = memory_allocate(profile->module_count, sizeof *builder->identities);
	for (uint32_t i = 0; i < profile->module_count; i++)
		builder->identities[i] =
		    profile_module_identity(profile->modules[i].build_id, profile->modules[i].build_id_bytes,
					    builder->storage->module_paths[i]);
	builder->location_keys = memory_allocate(foreign->location_count + 1, sizeof *builder->location_keys);
	profile->location_count = (uint32_t)foreign->location_count;
	for (size_t i = 0; i < foreign->location_count; i++) {
		const struct foreign_location *from = &foreign->locations[i];
		struct profile_location *location = &profile->locations[i];
		location->module = from->mapping ? builder->module_of[from->mapping - 1] : 0;
		location->address = from->address ? from->address - profile->modules[location->module].bias : 0;
		location->exact = from->exact;
		location->line_count = from->line_count;
		location->given = from->line_count > 0;
		location->lines = from->line_count ? &lines[from->first_line] : NULL;
		if (from->line_count)
			profile->modules[location->module].symbols = "the profile itself";
		for (uint32_t k = 0; k < from->line_count; k++) {
			profile->modules[location->module].has_lines |= location->lines[k].line > 0;
			location->lines[k].inlined = k + 1 < from->line_count;
		}
		builder->location_keys[i] = location_key(builder, location);
	}
}

/* Finds the leaf of a stack. `nodes` numbers them by parent and location; a number is one less than the node's
 * index. */
static uint32_t nodes_find(struct numbering *nodes, const uint32_t *frames, uint32_t depth)
{
	uint32_t node = 0;
	bool is_new;

	while (depth-- > 0)
		node = numbering_put(nodes, (uint64_t)node << 32 | frames[depth], &is_new) + 1;
	return node;
}

static void build_sites(struct builder *builder)
{
	const struct foreign_profile *foreign = builder->foreign;
	struct profile *profile = builder->profile;
	struct numbering known = {0};
	struct numbering nodes = {0};

	profile->sites = memory_allocate(foreign->stack_count + 1, sizeof *profile->sites);
	for (size_t i = 0; i < foreign->stack_count; i++) {
		const struct foreign_stack *stack = &foreign->stacks[i];
		const uint32_t *frames = &foreign->frames[stack->first_frame];
		const uint64_t truncated = stack->truncated;
		uint64_t key = 0;
		bool is_new;
		for (uint32_t k = stack->depth; k-- > 0;)
			key = hash_bytes(key, &builder->location_keys[frames[k]], sizeof key);
		key = hash_bytes(key, &truncated, sizeof truncated);
		struct profile_site *site = &profile->sites[numbering_put(&known, key, &is_new)];
		if (is_new) {
			profile->site_count++;
			*site = (struct profile_site){.key = key,
						      .node = nodes_find(&nodes, frames, stack->depth),
						      .depth = stack->depth,
						      .truncated = stack->truncated};
		}
		measure_add(&site->in_use, &stack->in_use);
		measure_add(&site->allocated, &stack->allocated);
	}
	numbering_free(&known);
	profile->node_count = nodes.count + 1;
	profile->nodes = memory_allocate(profile->node_count, sizeof *profile->nodes);
	for (uint32_t i = 0; i < nodes.count; i++)
		profile->nodes[i + 1] = (struct profile_node){(uint32_t)(nodes.keys[i] >> 32), (uint32_t)nodes.keys[i]};
	numbering_free(&nodes);
}

static uint32_t lacks_from(uint32_t foreign)
{
	static const enum foreign_value values[CALL_VALUE_COUNT] = {
	    [CALL_INUSE_SPACE] = FOREIGN_INUSE_SPACE,
	    [CALL_INUSE_OBJECTS] = FOREIGN_INUSE_OBJECTS,
	    [CALL_ALLOC_SPACE] = FOREIGN_ALLOC_SPACE,
	    [CALL_ALLOC_OBJECTS] = FOREIGN_ALLOC_OBJECTS,
	};
	uint32_t lacks = 0;

	for (int i = 0; i < CALL_VALUE_COUNT; i++)
		lacks |= (uint32_t)((foreign & values[i]) != 0) << i;
	return lacks;
}

struct profile *profile_from_foreign(struct foreign_profile *foreign, const char *name)
{
	struct profile *profile = profile_create();
	struct builder builder = {.foreign = foreign, .profile = profile, .storage = profile->storage};

	string_pool_free(profile->strings);
	profile->strings = foreign->strings;
	foreign->strings = NULL;
	profile->source = string_pool_intern_safe(profile->strings, name, strlen(name), FOREIGN_TEXT_LIMIT);
	profile->command = profile->executable = profile->arguments = profile->host = profile->allocator = "";
	profile->allocator_path = profile->unwinder = profile->bypassed = "";
	if (strcmp(foreign->format, "jemalloc") == 0)
		profile->allocator = "jemalloc";
	if (foreign->arguments)
		profile->arguments = foreign->arguments;
	if (foreign->has_time) {
		profile->start_ns = 1;
		profile->time_ns = profile->start_ns + foreign->time_ms * 1000000;
		profile->identity = foreign->identity | 1;
	}
	profile->rate = foreign->rate;
	profile->lacks = lacks_from(foreign->lacks);
	build_modules(&builder);
	build_locations(&builder);
	build_sites(&builder);
	free(builder.module_of);
	free(builder.identities);
	free(builder.location_keys);
	return profile;
}
