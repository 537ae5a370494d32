/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/names.h"

#include <string.h>

#include "files/path.h"

static bool is_same_module(const struct profile_module *one, const struct profile_module *other)
{
	if ((one->flags & other->flags) & SEEP_MODULE_EXECUTABLE)
		return true;
	return *one->path && strcmp(path_base_name(one->path), path_base_name(other->path)) == 0;
}

/* Names of the same file come from the same place, and differ in nothing but which of them a run has met. */
static bool is_same_source(const struct profile_module *one, const struct profile_module *other)
{
	return one->symbols && other->symbols && strcmp(one->symbols, other->symbols) == 0 &&
	       one->build_id_bytes == other->build_id_bytes &&
	       memcmp(one->build_id, other->build_id, one->build_id_bytes) == 0;
}

/* Whether most of the module's addresses have names. */
static bool is_named(const struct profile *profile, uint32_t module)
{
	size_t named = 0, count = 0;

	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		if (location->module != module)
			continue;
		count++;
		named += !location->labelled && location->line_count > 0;
	}
	return named * 2 > count;
}

bool names_are_alike(const struct check_runs *runs, const struct profile *profile, uint32_t module)
{
	const struct profile_module *mine = &profile->modules[module];

	for (size_t i = 0; i < runs->profile_count; i++) {
		const struct profile *other = runs->profiles[i];
		for (uint32_t k = 1; k < other->module_count && other != profile; k++) {
			if (!is_same_module(mine, &other->modules[k]) || is_same_source(mine, &other->modules[k]))
				continue;
			if (mine->has_lines != other->modules[k].has_lines ||
			    is_named(profile, module) != is_named(other, k))
				return false;
		}
	}
	return true;
}

bool names_are_all_alike(const struct check_runs *runs)
{
	const struct profile *profile = run_profile(runs, runs->items[SIDE_AFTER], MOMENT_NOW);

	for (uint32_t module = 1; module < profile->module_count; module++)
		if (!names_are_alike(runs, profile, module))
			return false;
	return true;
}
