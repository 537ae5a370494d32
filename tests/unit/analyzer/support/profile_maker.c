/* SPDX-License-Identifier: Apache-2.0 */
/* Symbolized profiles for tests: see the header. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "support/profile_maker.h"

enum { STACK_MAX = 4096 };

struct profile_maker {
	struct profile profile;
	struct map *locations;      /* interned token -> index + 1 */
	struct numbering functions; /* by interned name: its line less one */
	uint32_t location_capacity, site_capacity, module_capacity;
	struct source_line **line_arrays;
	size_t line_array_count, line_array_capacity;
	uint32_t node_capacity;
};

struct made_values made_bytes(double in_use)
{
	return (struct made_values){in_use, in_use / 16, 3 * in_use, in_use / 4};
}

struct profile_maker *profile_maker_create(const char *command)
{
	struct profile_maker *maker = memory_allocate(1, sizeof *maker);
	struct profile *profile = &maker->profile;

	maker->locations = map_create();
	profile->strings = string_pool_create();
	profile->source = "made.seep";
	profile->command = string_pool_intern(profile->strings, command);
	profile->executable = profile->arguments = profile->host = profile->allocator = "";
	profile->allocator_path = profile->unwinder = profile->bypassed = "";
	profile->rate = 512 * 1024;
	maker->module_capacity = 8;
	profile->modules = memory_allocate(maker->module_capacity, sizeof *profile->modules);
	profile->modules[0].path = "";
	profile->modules[1].path = "/usr/bin/server";
	profile->modules[1].flags = SEEP_MODULE_EXECUTABLE;
	profile->module_count = 2;
	ARRAY_RESERVE(profile->nodes, profile->node_count, maker->node_capacity);
	profile->nodes[profile->node_count++] = (struct profile_node){0};
	return maker;
}

void profile_maker_free(struct profile_maker *maker)
{
	for (size_t i = 0; i < maker->line_array_count; i++)
		free(maker->line_arrays[i]);
	free(maker->line_arrays);
	free(maker->profile.modules);
	free(maker->profile.locations);
	free(maker->profile.nodes);
	free(maker->profile.sites);
	string_pool_free(maker->profile.strings);
	map_free(maker->locations);
	numbering_free(&maker->functions);
	free(maker);
}

static uint32_t module_of(struct profile_maker *maker, const char *path)
{
	struct profile *profile = &maker->profile;

	for (uint32_t i = 1; i < profile->module_count; i++)
		if (strcmp(profile->modules[i].path, path) == 0)
			return i;
	ARRAY_RESERVE(profile->modules, profile->module_count, maker->module_capacity);
	memset(&profile->modules[profile->module_count], 0, sizeof *profile->modules);
	profile->modules[profile->module_count].path = string_pool_intern(profile->strings, path);
	return profile->module_count++;
}

static struct source_line line_make(struct profile_maker *maker, const char *function, size_t length, bool inlined)
{
	struct source_line line = {
	    .function = string_pool_intern_bytes(maker->profile.strings, function, length),
	    .file = "/src/source.c",
	    .inlined = inlined,
	};
	bool is_new;

	line.line = 1 + numbering_put(&maker->functions, (uintptr_t)line.function, &is_new);
	return line;
}

/* "outer=>inner@module" */
static uint32_t location_make(struct profile_maker *maker, const char *token, size_t length)
{
	struct profile *profile = &maker->profile;
	const char *text = string_pool_intern_bytes(profile->strings, token, length);
	uint64_t *slot = map_put(maker->locations, (uint64_t)(uintptr_t)text, NULL);

	if (*slot)
		return (uint32_t)*slot - 1;
	ARRAY_RESERVE(profile->locations, profile->location_count, maker->location_capacity);
	struct profile_location *location = &profile->locations[profile->location_count];
	memset(location, 0, sizeof *location);
	const char *at = strchr(text, '@'), *end = at ? at : text + strlen(text);
	location->module = at ? module_of(maker, at + 1) : 1;
	location->address = 0x1000 + profile->location_count;
	uint32_t count = 1;
	for (const char *mark = text; mark < end; mark++)
		count += mark[0] == '=' && mark[1] == '>';
	location->line_count = count;
	location->lines = memory_allocate(count, sizeof *location->lines);
	ARRAY_RESERVE(maker->line_arrays, maker->line_array_count, maker->line_array_capacity);
	maker->line_arrays[maker->line_array_count++] = location->lines;
	for (uint32_t i = count; i-- > 0;) { /* outermost first in the text, last in the array */
		const char *mark = memmem(text, (size_t)(end - text), "=>", 2);
		size_t name_length = (size_t)((mark ? mark : end) - text);
		location->lines[i] = line_make(maker, text, name_length, i + 1 < count);
		text += name_length + 2;
	}
	*slot = ++profile->location_count;
	return profile->location_count - 1;
}

static struct seep_measure measure_make(double bytes, double objects)
{
	return (struct seep_measure){
	    .samples = bytes > 0,
	    .bytes = {.uncertain = bytes, .variance = bytes * 1000, .largest = bytes},
	    .objects = {.uncertain = objects, .variance = objects, .largest = objects},
	};
}

struct profile_site *profile_maker_add(struct profile_maker *maker, const char *stack, struct made_values values)
{
	struct profile *profile = &maker->profile;
	uint32_t frames[STACK_MAX] = {0}, depth = 0;

	while (*stack && depth < STACK_MAX) {
		size_t length = strcspn(stack, ";");
		frames[depth++] = location_make(maker, stack, length);
		stack += length + (stack[length] == ';');
	}
	for (uint32_t i = 0; i < depth; i++) {
		ARRAY_RESERVE(profile->nodes, profile->node_count, maker->node_capacity);
		profile->nodes[profile->node_count] = (struct profile_node){i ? profile->node_count - 1 : 0, frames[i]};
		profile->node_count++;
	}

	ARRAY_RESERVE(profile->sites, profile->site_count, maker->site_capacity);
	struct profile_site *site = &profile->sites[profile->site_count++];
	*site = (struct profile_site){
	    .key = hash_bytes(1, frames, depth * sizeof *frames),
	    .node = depth ? profile->node_count - 1 : 0,
	    .depth = depth,
	    .in_use = measure_make(values.in_use_bytes, values.in_use_objects),
	    .allocated = measure_make(values.allocated_bytes, values.allocated_objects),
	};
	return site;
}

struct profile *profile_maker_profile(struct profile_maker *maker)
{
	return &maker->profile;
}
