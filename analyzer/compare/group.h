/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sites are one row: the same stack, the same allocating function, the
 * same source line, the same module. Groups of one table are found again in
 * every profile that is added to it, also across processes and load addresses.
 *
 * What identifies a group, apart from the module's directory:
 *	site      profile_site.key, the stack
 *	function  the leaf's function with its source file, or with its module where the file is not known
 *	line      the leaf's file and line; where they are not known, function and module
 *	module    the leaf's module
 * The leaf is the innermost frame that does not belong to the allocator; inlined calls count as frames.
 */
#ifndef SEEP_COMPARE_GROUP_H
#define SEEP_COMPARE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "profile/profile.h"

enum group_by { GROUP_BY_SITE, GROUP_BY_FUNCTION, GROUP_BY_LINE, GROUP_BY_MODULE, GROUP_BY_COUNT };

/* "site", "function", "line", "module"; ends with NULL. */
extern const char *const group_by_names[];
const char *group_by_name(enum group_by by);

struct group {
	uint64_t key;                  /* equal for equal groups, everywhere */
	const struct profile *profile; /* the first that had the group ... */
	uint32_t site;                 /* ... and a site of it there */
	uint32_t site_count;           /* different stacks in the group */
};

struct group_table {
	enum group_by by;
	struct group *groups;
	uint32_t count, capacity;
	struct map *by_key; /* group.key -> index */
	struct map *stacks; /* profile_site.key of every site that was added */
};

void group_table_init(struct group_table *table, enum group_by by);
void group_table_free(struct group_table *table);

/* Finds or makes the group of every site. Returns them by site index; the caller frees the array. The profile must
 * have been symbolized, and must outlive the table. */
uint32_t *group_table_add(struct group_table *table, const struct profile *profile);

/* The leaf's location and innermost source line; both NULL where the site has no stack. */
const struct profile_location *site_leaf(const struct profile *profile, const struct profile_site *site);
const struct source_line *site_leaf_line(const struct profile *profile, const struct profile_site *site);

#endif
