/* SPDX-License-Identifier: Apache-2.0 */
/* See stacks.h. */
#include "page/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "base/string_pool.h"
#include "profile/profile.h"

enum { NAME_BYTES_MAX = 1000 }; /* longer names are cut */

void page_stacks_init(struct page_stacks *stacks, uint32_t node_limit)
{
	*stacks = (struct page_stacks){.strings = string_pool_create(), .node_limit = node_limit};
	ARRAY_RESERVE(stacks->nodes, stacks->node_count, stacks->node_capacity);
	stacks->nodes[stacks->node_count++] = (struct page_node){0, PAGE_NO_FRAME};
}

void page_stacks_free(struct page_stacks *stacks)
{
	string_pool_free(stacks->strings);
	numbering_free(&stacks->frames_by_content);
	numbering_free(&stacks->children);
	free(stacks->frames);
	free(stacks->nodes);
	free(stacks->known);
	free(stacks->calls);
}

const char *page_text_safe(struct string_pool *strings, const char *text)
{
	return text && *text ? string_pool_intern_safe(strings, text, strlen(text), NAME_BYTES_MAX) : NULL;
}

static uint32_t frame_find(struct page_stacks *stacks, const struct source_line *line, const char *module)
{
	const struct page_frame frame = {page_text_safe(stacks->strings, line->function),
					 page_text_safe(stacks->strings, line->file),
					 page_text_safe(stacks->strings, module), line->line, line->inlined};
	const uint64_t identity[] = {(uintptr_t)frame.function, (uintptr_t)frame.file, (uintptr_t)frame.module,
				     (uint64_t)frame.line << 1 | frame.inlined};
	bool is_new;
	const uint32_t index =
	    numbering_put(&stacks->frames_by_content, hash_bytes(hash_secret(), identity, sizeof identity), &is_new);

	if (is_new) {
		ARRAY_RESERVE(stacks->frames, stacks->frame_count, stacks->frame_capacity);
		stacks->frames[stacks->frame_count++] = frame;
	}
	return index;
}

/* The child; the parent itself if there is no room for a new node. */
static uint32_t node_child(struct page_stacks *stacks, uint32_t parent, uint32_t frame)
{
	const uint64_t key = (uint64_t)parent << 32 | frame;

	if (stacks->node_count >= stacks->node_limit && numbering_get(&stacks->children, key) == NUMBERING_NONE)
		return parent;
	bool is_new;
	const uint32_t index = 1 + numbering_put(&stacks->children, key, &is_new);
	if (is_new) {
		ARRAY_RESERVE(stacks->nodes, stacks->node_count, stacks->node_capacity);
		stacks->nodes[stacks->node_count++] = (struct page_node){parent, frame};
	}
	return index;
}

static uint32_t call_frame(struct page_stacks *stacks, const struct profile *profile, struct frame_walk at)
{
	const struct profile_location *location = frame_walk_location(profile, at);

	return frame_find(stacks, frame_walk_line(profile, at), profile->modules[location->module].path);
}

/* Prepares for this profile. Profiles come one after the other. */
static void known_prepare(struct page_stacks *stacks, const struct profile *profile)
{
	if (stacks->profile == profile)
		return;
	free(stacks->known);
	stacks->known = memory_allocate(profile->node_count + 1u, sizeof *stacks->known);
	stacks->profile = profile;
}

/* The node of the site's label, above its stack; the root if it has none. */
static uint32_t label_node(struct page_stacks *stacks, const struct profile *profile, uint32_t site_index)
{
	const uint32_t label = profile->sites[site_index].label;

	if (!label)
		return 0;
	return node_child(stacks, 0,
			  frame_find(stacks, &(struct source_line){.function = profile->modules[label].path}, ""));
}

/* Walks outwards until it reaches a call that an earlier stack passed, then back. */
uint32_t page_stacks_add(struct page_stacks *stacks, const struct profile *profile, uint32_t site_index)
{
	struct frame_walk at = frame_walk_leaf(&profile->sites[site_index]);
	uint32_t count = 0, node;

	known_prepare(stacks, profile);
	for (; frame_walk_has(at) && !stacks->known[at.node]; at = frame_walk_next(profile, at)) {
		ARRAY_RESERVE(stacks->calls, count, stacks->call_capacity);
		stacks->calls[count++] =
		    (struct page_call){call_frame(stacks, profile, at), at.line == 0 ? at.node : 0};
	}
	node = frame_walk_has(at) ? stacks->known[at.node] : label_node(stacks, profile, site_index);
	for (; count > 0; count--) {
		const struct page_call *call = &stacks->calls[count - 1];
		const uint32_t child = node_child(stacks, node, call->frame);
		if (child == node)
			break;
		node = child;
		stacks->known[call->node] = node;
	}
	stacks->cut += count > 0;
	return node;
}

uint32_t page_stacks_place(struct page_stacks *stacks, const struct group *group)
{
	return frame_walk_has(group->place) ? call_frame(stacks, group->profile, group->place) : PAGE_NO_FRAME;
}
