/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of sites: their identity is hashed from texts, since indices and pointers mean nothing across profiles. */
#include "compare/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"

const char *const group_by_names[] = {"site", "function", "line", "module", NULL};

const char *group_by_name(enum group_by by)
{
	return group_by_names[by];
}

void group_table_init(struct group_table *table, enum group_by by)
{
	*table = (struct group_table){.by = by, .by_key = map_create(), .stacks = map_create()};
}

void group_table_free(struct group_table *table)
{
	map_free(table->by_key);
	map_free(table->stacks);
	free(table->groups);
	*table = (struct group_table){0};
}

const struct profile_location *site_leaf(const struct profile *profile, const struct profile_site *site)
{
	return site->depth ? &profile->locations[site->stack[0]] : NULL;
}

const struct source_line *site_leaf_line(const struct profile *profile, const struct profile_site *site)
{
	const struct profile_location *leaf = site_leaf(profile, site);

	return leaf && leaf->line_count ? &leaf->lines[0] : NULL;
}

/* Texts are hashed with their final NUL, so that "ab","c" is not "a","bc". */
static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text) + 1);
}

static uint64_t group_key(enum group_by by, const struct profile *profile, const struct profile_site *site)
{
	const struct profile_location *leaf = site_leaf(profile, site);
	const struct source_line *line = site_leaf_line(profile, site);
	const uint64_t seed = (uint64_t)by + 1;

	if (by == GROUP_BY_SITE)
		return site->key;
	if (site->retired)
		return site->key;
	if (!leaf || !line)
		return seed; /* all that have no stack are one group */
	const char *module = path_base_name(profile->modules[leaf->module].path);
	if (by == GROUP_BY_MODULE)
		return hash_text(seed, module);
	if (by == GROUP_BY_LINE && line->file && line->line)
		return hash_bytes(hash_text(seed, line->file), &line->line, sizeof line->line);
	return hash_text(hash_text(seed, line->function), line->file ? line->file : module);
}

uint32_t *group_table_add(struct group_table *table, const struct profile *profile)
{
	uint32_t *groups = memory_allocate(profile->site_count ? profile->site_count : 1, sizeof *groups);

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		const uint64_t key = group_key(table->by, profile, site);
		bool is_new = false;
		uint64_t *index = map_put(table->by_key, key, &is_new);
		if (is_new) {
			ARRAY_RESERVE(table->groups, table->count, table->capacity);
			table->groups[table->count] = (struct group){.key = key, .profile = profile, .site = i};
			*index = table->count++;
		}
		groups[i] = (uint32_t)*index;
		map_put(table->stacks, site->key, &is_new);
		if (is_new)
			table->groups[groups[i]].site_count++;
	}
	return groups;
}
