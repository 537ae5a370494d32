/* SPDX-License-Identifier: Apache-2.0 */
/* Makes keys of a stack: of its place and leaf, then of the calls from one to the other, then of the outward calls one
 * by one. If another stack has a key already, both read alike up to there. */
#include "render/text/alike.h"

#include <string.h>

#include "render/terminal/name_text.h"

#define CALLERS_MOST 128 /* callers that are compared */
#define NAME_COLUMNS 40  /* columns of a function's name on a page of 80 columns */

struct notes {
	struct group_table *table;
	struct map *first; /* from a key to the first group that has it */
};

/* Made of the shown parts of a call. */
static uint64_t call_key(uint64_t seed, const struct group *group, struct frame_walk at)
{
	const struct source_line *line = frame_walk_line(group->profile, at);
	const struct profile_location *location = frame_walk_location(group->profile, at);
	const uint64_t where = line->line ? line->line : profile_call_address(group->profile, location, line);

	return hash_bytes(hash_bytes(seed, line->function, strlen(line->function)), &where, sizeof where);
}

/* The calls from the leaf to the place. */
static uint64_t calls_key(uint64_t seed, const struct group *group)
{
	struct frame_walk at = frame_walk_leaf(&group->profile->sites[group->site]);

	for (; !frame_walk_is(at, group->place); at = frame_walk_next(group->profile, at))
		seed = call_key(seed, group, at);
	return call_key(seed, group, at);
}

/* The first group with this key: this group itself, if it is the first. */
static struct group *note(struct notes *notes, uint64_t key, struct group *group)
{
	bool is_new;
	uint64_t *first = map_put(notes->first, key, &is_new);

	if (is_new)
		*first = (uint64_t)(group - notes->table->groups);
	return &notes->table->groups[*first];
}

/* The key of a stack's calls up to the n-th outwards, made from the key of those before. False: the stack has fewer. */
static bool caller_key(uint64_t *key, const struct group *group, uint32_t n)
{
	struct frame_walk at = group->place;

	for (uint32_t i = 0; i < n && frame_walk_has(at); i++)
		at = frame_walk_next(group->profile, at);
	if (!frame_walk_has(at))
		return false;
	*key = call_key(*key, group, at);
	return true;
}

/* The first stack that read like this goes one call further outwards, as this one does, until they differ. */
static void callers_note(struct notes *notes, uint64_t key, struct group *group)
{
	for (uint32_t n = 1; n <= CALLERS_MOST; n++) {
		struct group *other = note(notes, key, group);
		if (other == group)
			return;
		group->telling_callers = n;
		if (other->telling_callers < n)
			other->telling_callers = n;
		uint64_t others = key;
		if (caller_key(&others, other, n))
			note(notes, others, other);
		if (!caller_key(&key, group, n))
			return;
	}
}

static void stack_note(struct notes *notes, struct group *group)
{
	if (!group_line(group))
		return;
	const uint64_t place = call_key(hash_secret(), group, group->place);
	struct group *same_ends =
	    note(notes, call_key(place, group, frame_walk_leaf(&group->profile->sites[group->site])), group);
	if (same_ends != group)
		group->is_ambiguous = same_ends->is_ambiguous = true;
	callers_note(notes, calls_key(~hash_secret(), group), group);
}

/* No other location has its label, and a short label without brackets is never cut. A program without symbols has as
 * many of them as sites. */
static bool has_label_of_its_own(const struct group *group)
{
	const struct profile_location *location = group_location(group);
	const char *label = location && location->labelled ? group->profile->modules[location->module].label : NULL;

	return label && strlen(label) + sizeof "0123456789abcdef" <= NAME_COLUMNS && !strpbrk(label, "<>(){}[]");
}

/* Made of the shown parts of a place. */
static void place_note(struct notes *notes, struct group *group)
{
	const struct source_line *line = has_label_of_its_own(group) ? NULL : group_line(group);
	struct buffer name = {0};

	if (!line)
		return;
	name_append_bare(&name, line->function, NAME_COLUMNS);
	const uint64_t lines[] = {group->first_line, group->last_line};
	const uint64_t key = hash_bytes(hash_bytes(hash_secret(), name.data, name.length), lines, sizeof lines);
	struct group *same = note(notes, key, group);
	if (same != group)
		group->is_ambiguous = same->is_ambiguous = true;
	buffer_free(&name);
}

void rows_tell_apart(struct group_table *table)
{
	struct notes notes = {table, map_create()};

	for (uint32_t i = 0; i < table->count; i++) {
		if (table->by == GROUP_BY_STACK)
			stack_note(&notes, &table->groups[i]);
		else if (table->by == GROUP_BY_PLACE)
			place_note(&notes, &table->groups[i]);
	}
	map_free(notes.first);
}
