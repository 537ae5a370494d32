/* SPDX-License-Identifier: Apache-2.0 */
#include "place/builds.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "files/path.h"
#include "place/stable_name.h"

static uint64_t module_key(uint64_t seed, const struct profile_module *module)
{
	const char *name = module->flags & SEEP_MODULE_EXECUTABLE ? "" : path_base_name(module->path);

	return hash_bytes(seed, name, strlen(name) + 1);
}

static bool is_other_build(const struct profile_module *one, const struct profile_module *other)
{
	return one->build_id_bytes && other->build_id_bytes &&
	       (one->build_id_bytes != other->build_id_bytes ||
		memcmp(one->build_id, other->build_id, one->build_id_bytes) != 0);
}

static void modules_compare(struct rebuilt *rebuilt, const struct profile *one, const struct profile *other)
{
	struct numbering names = {0};
	uint32_t *modules = NULL;
	bool is_new;

	/* Takes the first module of each name: names can't tell two modules of the same name apart. */
	modules = memory_allocate(one->module_count + 1u, sizeof *modules);
	for (uint32_t i = 1; i < one->module_count; i++) {
		const uint32_t number = numbering_put(&names, module_key(0, &one->modules[i]), &is_new);
		modules[number] = is_new ? i : modules[number];
	}
	for (uint32_t i = 1; i < other->module_count; i++) {
		const uint64_t key = module_key(0, &other->modules[i]);
		const uint32_t number = numbering_get(&names, key);
		if (number != NUMBERING_NONE && is_other_build(&one->modules[modules[number]], &other->modules[i]))
			numbering_put(&rebuilt->names, key, &is_new);
	}
	free(modules);
	numbering_free(&names);
}

void rebuilt_add(struct rebuilt *rebuilt, const struct profile *later, const struct profile *earlier)
{
	modules_compare(rebuilt, later, earlier);
	if (rebuilt_any(rebuilt))
		renames_find(rebuilt, later, earlier);
}

static bool have_one_name(const struct profile_module *one, const struct profile_module *other)
{
	return strcmp(path_base_name(one->path), path_base_name(other->path)) == 0;
}

/* All programs are one module, so functions of two that are not builds of one would be the same. */
static bool has_two_programs(const struct profile *sum)
{
	const struct profile_module *program = NULL;

	for (uint32_t i = 1; i < sum->module_count; i++) {
		const struct profile_module *module = &sum->modules[i];
		if (!(module->flags & SEEP_MODULE_EXECUTABLE))
			continue;
		if (program && !have_one_name(program, module))
			return true;
		program = module;
	}
	return false;
}

void rebuilt_add_within(struct rebuilt *rebuilt, const struct profile *sum)
{
	bool is_new;

	if (sum->part_count < 2 || has_two_programs(sum))
		return;
	for (uint32_t i = 1; i < sum->module_count; i++)
		for (uint32_t k = i + 1; k < sum->module_count; k++)
			if (have_one_name(&sum->modules[i], &sum->modules[k]) &&
			    is_other_build(&sum->modules[i], &sum->modules[k]))
				numbering_put(&rebuilt->names, module_key(0, &sum->modules[i]), &is_new);
}

void rebuilt_free(struct rebuilt *rebuilt)
{
	numbering_free(&rebuilt->names);
	numbering_free(&rebuilt->former);
	numbering_free(&rebuilt->latter);
	free(rebuilt->renames);
	*rebuilt = (struct rebuilt){0};
}

bool rebuilt_has(const struct rebuilt *rebuilt, const struct profile *profile, const struct profile_location *location)
{
	return rebuilt_any(rebuilt) && location->module &&
	       numbering_get(&rebuilt->names, module_key(0, &profile->modules[location->module])) != NUMBERING_NONE;
}

uint64_t line_own_key(const struct profile *profile, const struct profile_location *location, uint32_t line)
{
	const uint64_t module = module_key(1, &profile->modules[location->module]);
	struct buffer name = {0};

	if (location->labelled)
		return hash_bytes(module, &location->address, sizeof location->address);
	stable_name_append(&name, location->lines[line].function);
	const uint64_t key = hash_bytes(module, name.data, name.length);
	buffer_free(&name);
	return key;
}

uint64_t call_own_key(const struct profile *profile, struct frame_walk at)
{
	return line_own_key(profile, frame_walk_location(profile, at), at.line);
}

uint64_t line_stable_key(const struct rebuilt *rebuilt, const struct profile *profile,
			 const struct profile_location *location, uint32_t line)
{
	const uint64_t key = line_own_key(profile, location, line);
	const uint32_t renamed = numbering_get(&rebuilt->former, key);

	return renamed == NUMBERING_NONE ? key : rebuilt->renames[renamed].key;
}

uint64_t call_stable_key(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk at)
{
	return line_stable_key(rebuilt, profile, frame_walk_location(profile, at), at.line);
}

const char *call_former_name(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk at)
{
	if (!rebuilt->renames || !frame_walk_has(at))
		return NULL;
	const uint32_t renamed = numbering_get(&rebuilt->latter, call_own_key(profile, at));
	return renamed == NUMBERING_NONE ? NULL : rebuilt->renames[renamed].was;
}

bool stack_stable_key(const struct rebuilt *rebuilt, const struct profile *profile, struct frame_walk from,
		      uint64_t *key)
{
	bool is_rebuilt = false;

	*key = 1;
	for (struct frame_walk at = from; frame_walk_has(at); at = frame_walk_next(profile, at)) {
		const uint64_t call = call_stable_key(rebuilt, profile, at);
		is_rebuilt = is_rebuilt || rebuilt_has(rebuilt, profile, frame_walk_location(profile, at));
		*key = hash_bytes(*key, &call, sizeof call);
	}
	return is_rebuilt;
}
