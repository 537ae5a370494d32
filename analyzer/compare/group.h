/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sites are one row: the same stack, the same place, the same function,
 * line or module of the place, or the same label. Groups of one table are found again in every
 * profile that is added to it, also across processes and load addresses.
 *
 * What identifies a group, apart from the module's directory:
 *	stack     profile_site.key; with code made at run time: the stack, such code by its name
 *	place     function, and the lines of it that lie close together (place_lines.h); where even the function has no name,
 *		  the address of the call
 *	function  the place's function with its source file, or with its module where the file is not known
 *	line      the place's file and line; where they are not known, function and module, or the address likewise
 *	module    the place's module
 *	label     what the program called its work (seep_label())
 * Where profiles are of different builds (`rebuilt`), stacks and places of what was built anew are known by the names of
 * functions alone (place/builds.h).
 * The place is the program's own call that led to the allocator (place/place.h); inlined calls count as calls.
 */
#ifndef SEEP_COMPARE_GROUP_H
#define SEEP_COMPARE_GROUP_H

#include <stdint.h>

#include "base/map.h"
#include "place/builds.h"
#include "place/place.h"
#include "profile/profile.h"

enum group_by {
	GROUP_BY_STACK,
	GROUP_BY_PLACE,
	GROUP_BY_FUNCTION,
	GROUP_BY_LINE,
	GROUP_BY_MODULE,
	GROUP_BY_LABEL,
	GROUP_BY_COUNT
};

/* "stack", "place", "function", "line", "module", "label"; ends with NULL. */
extern const char *const group_by_names[];
const char *group_by_name(enum group_by by);

#define GROUP_CALLERS_MOST 16

struct group {
	uint64_t key;                  /* equal for equal groups, everywhere */
	const struct profile *profile; /* the first profile that had the group ... */
	uint32_t site;                 /* ... and a site of it there */
	uint32_t site_count;           /* different stacks in the group */
	struct frame_walk place;       /* the call of that site that names the group; none for a label */
	bool is_ambiguous;             /* another stack has the same place and leaf, or another place reads alike */
	uint32_t
	    /* for such a stack: how many calls outwards tell it from the other one; 0: the calls in between do */
	    telling_callers;
	/* of the places of all its sites, in the source file of `place`; 0: not known */
	uint32_t first_line, last_line;
	const char *label; /* of a group by label: its name */
	const char *was;   /* the place's function in the earlier build, if it had another name there; NULL: the same */
	/* how many calls outwards from the place all its stacks share; counted up to GROUP_CALLERS_MOST */
	uint32_t shared_callers;
};

struct group_table {
	enum group_by by;
	struct group *groups;
	uint32_t count, capacity;
	struct numbering by_key; /* by group.key: the group's index */
	struct numbering stacks; /* profile_site.key of every site that was added */
	uint32_t *stack_groups;  /* by the stack's number: its group's index */
	uint32_t stack_capacity;
	struct place_lines *lines;
	struct rebuilt rebuilt; /* fill it by rebuilt_add() before the first profile is added */
	/* The places of the sites of the first profile; the leaf if a site has no stack. */
	struct frame_walk *places;
};

void group_table_init(struct group_table *table, enum group_by by);
void group_table_free(struct group_table *table);

/* The group of a site that was added, by its key; NUMBERING_NONE: none. */
static inline uint32_t group_table_of_stack(const struct group_table *table, uint64_t key)
{
	const uint32_t stack = numbering_get(&table->stacks, key);

	return stack == NUMBERING_NONE ? NUMBERING_NONE : table->stack_groups[stack];
}

/* Finds or makes the group of every site. Returns the groups by site index; the caller frees the array. The profile
 * must have been symbolized, and must outlive the table. */
uint32_t *group_table_add(struct group_table *table, const struct profile *profile);
/* The same for a table that has one profile only: `stacks` stays empty. */
uint32_t *group_table_add_only(struct group_table *table, const struct profile *profile);

/* The call that names the group: its location and source line; both NULL if the site has no stack. */
const struct profile_location *group_location(const struct group *group);
const struct source_line *group_line(const struct group *group);

/* What names a group without such a call. */
const char *group_stand_in(const struct group *group);

/* The sites of a profile by group, so that a group's row can be added up when somebody wants to see it. */
struct group_sites {
	const struct profile *profile;
	uint32_t count; /* of groups; used as a group's number, it stands for all sites */
	/* by group, and one more: where its sites begin in `sites`; NULL: no site is in any group */
	uint32_t *begin, *sites;
};

/* The array gives the group of each site. A group's sites keep their order. */
struct group_sites group_sites_sort(const struct profile *profile, const uint32_t *groups, uint32_t count);
void group_sites_free(struct group_sites *sites);

/* Where the sites of a group are, and the site at such a place. */
struct group_range {
	uint32_t begin, end;
};

static inline struct group_range group_sites_of(const struct group_sites *sites, uint32_t group)
{
	if (!sites->begin)
		return (struct group_range){0, 0};
	return group == sites->count ? (struct group_range){0, sites->profile->site_count}
				     : (struct group_range){sites->begin[group], sites->begin[group + 1]};
}

static inline uint32_t group_sites_at(const struct group_sites *sites, uint32_t group, uint32_t place)
{
	return group == sites->count ? place : sites->sites[place];
}

#endif
