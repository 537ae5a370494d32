/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a call tree. A first pass over the locations of each profile finds their frames (call_frames.c). Then every
 * stack is walked from its oldest caller to the function that allocated, except for the part that an earlier stack
 * shares; parent and frame give the next node. Both are compared, so that two functions are
 * never taken for one. Nodes are made after their parents, so sums go through the array backwards. */
#include <stdlib.h>

#include <seep/snapshot.h>

#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "profile/profile.h"
#include "tree/call_tree.h"
#include "tree/call_tree_private.h"
#include "work/keyed.h"

#define NO_NODE UINT32_MAX
enum { LINES_PER_NODE = 2 }; /* on average; further ones are not distinguished */

/* A line of a function in the stacks through one node. */
struct node_line {
	uint32_t node;
	uint32_t line;
	const char *file;
	double in_use, allocated; /* bytes, from both sides */
};

/* What a walk needs of the profile's node, side by side: of millions each is far away in memory. */
struct step {
	uint32_t parent;
	uint32_t frame; /* of the address's only line; MANY: it has several */
	uint32_t known; /* the tree's node; 0: there is none yet */
};
#define MANY UINT32_MAX

struct tree_builder {
	struct call_tree *tree;
	uint32_t node_capacity;
	struct call_frames frames;
	struct numbering others; /* children that are not their parents' first, by parent and frame */
	uint32_t *other_nodes;   /* by number */
	uint32_t other_capacity;
	struct map *lines; /* from node and line to an index into node_lines */
	struct node_line *node_lines;
	size_t line_count, line_capacity;
	uint32_t node_limit, own_count, own_capacity;
	/* of the profile that is being added */
	const struct profile *profile;
	enum call_side side;
	struct step *steps;
	uint32_t *known_truncated; /* by the profile's node, as steps' `known`: of truncated stacks */
	uint32_t *path;            /* room for the nodes of a walk */
	uint32_t path_capacity;
};

static uint32_t node_make(struct tree_builder *builder, uint32_t parent, uint32_t frame)
{
	struct call_tree *tree = builder->tree;

	ARRAY_RESERVE(tree->nodes, tree->node_count, builder->node_capacity);
	tree->nodes[tree->node_count] = (struct call_node){
	    .frame = frame,
	    .parent = parent,
	    .inlined = true, /* until a location shows that it is not */
	    .depth = tree->nodes[parent].depth + 1,
	};
	if (tree->nodes[tree->node_count].depth > tree->depth_max)
		tree->depth_max = tree->nodes[tree->node_count].depth;
	return tree->node_count++;
}

/* Most nodes have one child, which needs no place in the table. NO_NODE: the node does not exist, and there is no room for
 * it. */
static uint32_t node_child(struct tree_builder *builder, uint32_t parent, uint32_t frame)
{
	struct call_tree *tree = builder->tree;
	const uint64_t key = (uint64_t)parent << 32 | frame;
	const uint32_t first = tree->nodes[parent].end;
	bool is_new;

	if (first && tree->nodes[first].frame == frame)
		return first;
	if (tree->node_count >= builder->node_limit) {
		const uint32_t known = numbering_get(&builder->others, key);
		return known == NUMBERING_NONE ? NO_NODE : builder->other_nodes[known];
	}
	if (!first) {
		const uint32_t child = node_make(builder, parent, frame);
		return tree->nodes[parent].end = child;
	}
	const uint32_t number = numbering_put(&builder->others, key, &is_new);
	if (is_new) {
		ARRAY_RESERVE(builder->other_nodes, number, builder->other_capacity);
		builder->other_nodes[number] = node_make(builder, parent, frame);
	}
	return builder->other_nodes[number];
}

static void node_add_line(struct tree_builder *builder, uint32_t node, const struct source_line *line,
			  const struct profile_site *site)
{
	if (!line->file || !line->line || builder->line_count >= LINES_PER_NODE * (size_t)builder->node_limit)
		return;
	bool inserted;
	uint64_t *slot = map_put(builder->lines, (uint64_t)node << 32 | line->line, &inserted);
	if (inserted) {
		ARRAY_RESERVE(builder->node_lines, builder->line_count, builder->line_capacity);
		builder->node_lines[builder->line_count] = (struct node_line){
		    .node = node,
		    .line = line->line,
		    .file = string_pool_intern(builder->tree->strings, line->file),
		};
		*slot = builder->line_count++;
	}
	builder->node_lines[*slot].in_use += call_value_of(site, CALL_INUSE_SPACE);
	builder->node_lines[*slot].allocated += call_value_of(site, CALL_ALLOC_SPACE);
}

static uint32_t *node_known(const struct tree_builder *builder, uint32_t node, bool truncated)
{
	return truncated ? &builder->known_truncated[node] : &builder->steps[node].known;
}

/* Goes down from `*node`, whose depth is less than `depth_end`, by the calls of one address; false: there is not enough
 * room, and `*call` is the first call without any. */
static bool calls_go_down(struct tree_builder *builder, uint32_t *node, struct frame_walk *call, uint32_t depth_end)
{
	const uint32_t only = builder->steps[call->node].frame;

	if (only != MANY) {
		const bool is_near = builder->tree->nodes[*node].depth < depth_end;
		const uint32_t child = is_near ? node_child(builder, *node, only) : NO_NODE;
		if (child == NO_NODE)
			return false;
		builder->tree->nodes[child].inlined = false;
		*node = child;
		return true;
	}
	const struct profile_location *location = frame_walk_location(builder->profile, *call);
	const uint32_t *frames =
	    &builder->frames.of_lines[builder->frames.first[location - builder->profile->locations]];
	for (call->line = location->line_count; call->line-- > 0;) {
		const bool is_near = builder->tree->nodes[*node].depth < depth_end;
		const uint32_t child = is_near ? node_child(builder, *node, frames[call->line]) : NO_NODE;
		if (child == NO_NODE)
			return false;
		*node = child;
		if (location->labelled || !location->lines[call->line].inlined)
			builder->tree->nodes[child].inlined = false;
	}
	call->line = 0;
	return true;
}

/* Walks the site's stack down from `root`, beginning with the first caller that no earlier stack passed. Frames for
 * which the tree has no room are left out: the site then counts for the last caller that had room. */
static uint32_t stack_walk(struct tree_builder *builder, const struct profile_site *site, uint32_t root)
{
	const struct profile *profile = builder->profile;
	const uint32_t depth_end = builder->tree->nodes[root].depth + BUDGET_STACK_FRAMES;
	uint32_t level = 0, node = root;
	struct frame_walk call = frame_walk_leaf(site);

	for (; frame_walk_has(call) && !*node_known(builder, call.node, site->truncated);
	     call.node = builder->steps[call.node].parent) {
		ARRAY_RESERVE(builder->path, level, builder->path_capacity);
		builder->path[level++] = call.node;
	}
	if (frame_walk_has(call))
		node = *node_known(builder, call.node, site->truncated);
	call = frame_walk_leaf(site);
	while (level-- > 0) {
		struct frame_walk next = {builder->path[level], 0};
		if (!calls_go_down(builder, &node, &next, depth_end)) {
			builder->tree->cut_stacks++;
			call = frame_walk_next(profile, next);
			break;
		}
		*node_known(builder, next.node, site->truncated) = node;
	}
	for (uint32_t at = node; builder->frames.has_lines && frame_walk_has(call);
	     call = frame_walk_next(profile, call)) {
		node_add_line(builder, at, frame_walk_line(profile, call), site);
		at = builder->tree->nodes[at].parent;
	}
	return node;
}

static struct call_values *node_own(struct tree_builder *builder, uint32_t index)
{
	struct call_tree *tree = builder->tree;
	struct call_node *node = &tree->nodes[index];

	if (!node->own) {
		if (builder->own_count + 1 >= builder->own_capacity) {
			builder->own_capacity = 2 * builder->own_capacity + 64;
			for (int side = 0; side <= (int)tree->differential; side++)
				tree->own[side] =
				    memory_resize(tree->own[side], builder->own_capacity, sizeof *tree->own[side]);
		}
		node->own = ++builder->own_count;
		for (int side = 0; side <= (int)tree->differential; side++)
			tree->own[side][node->own] = (struct call_values){0};
	}
	return &tree->own[builder->side][node->own];
}

/* The node itself where there is no room for another. */
static uint32_t made_up_child(struct tree_builder *builder, uint32_t node, enum call_kind kind, const char *name)
{
	const uint32_t child = node_child(builder, node, call_frames_made_up(&builder->frames, kind, name));

	if (child == NO_NODE)
		return node;
	builder->tree->nodes[child].inlined = false;
	return child;
}

static void site_add(struct tree_builder *builder, const struct profile_site *site)
{
	uint32_t node = 0;

	if (site->label)
		node = made_up_child(builder, node, CALL_LABEL, builder->profile->modules[site->label].path);
	if (site->truncated)
		node = made_up_child(builder, node, CALL_TRUNCATED, "[truncated]");
	else if (site->depth == 0)
		node = made_up_child(builder, node, CALL_NO_STACK, profile_site_stand_in(site));
	node = stack_walk(builder, site, node);
	struct call_values *own = node_own(builder, node);
	for (int value = 0; value < CALL_VALUE_COUNT; value++)
		own->of[value] += call_value_of(site, value);
}

/* The largest first: if the tree has no room for all, the small ones are cut. */
static struct keyed *sites_rank(const struct profile *profile)
{
	struct keyed *ranks = memory_allocate((size_t)profile->site_count + 1, sizeof *ranks);

	for (uint32_t i = 0; i < profile->site_count; i++)
		ranks[i] = (struct keyed){keyed_descending(call_value_of(&profile->sites[i], CALL_INUSE_SPACE)), i};
	keyed_sort(ranks, profile->site_count);
	return ranks;
}

static struct step *steps_make(const struct tree_builder *builder, const struct profile *profile)
{
	struct step *steps = memory_allocate(profile->node_count + 1u, sizeof *steps);

	for (uint32_t i = 1; i < profile->node_count; i++) {
		const struct profile_node *node = &profile->nodes[i];
		const struct profile_location *location = &profile->locations[node->location];
		const bool is_alone = location->line_count == 1 && (location->labelled || !location->lines->inlined);
		steps[i].parent = node->parent;
		steps[i].frame = is_alone ? builder->frames.of_lines[builder->frames.first[node->location]] : MANY;
	}
	return steps;
}

/* Sites lie far from each other, so they and their nodes are prefetched. */
enum { SITES_AHEAD = 16 };

static void profile_add(struct tree_builder *builder, const struct profile *profile, enum call_side side)
{
	builder->profile = profile;
	builder->side = side;
	call_frames_prepare(&builder->frames, profile);
	builder->steps = steps_make(builder, profile);
	builder->known_truncated = memory_allocate(profile->node_count + 1u, sizeof *builder->known_truncated);
	struct keyed *ranks = sites_rank(profile);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		if (i + SITES_AHEAD < profile->site_count) {
			__builtin_prefetch(&profile->sites[ranks[i + SITES_AHEAD].item]);
			__builtin_prefetch(&profile->sites[ranks[i + SITES_AHEAD].item].in_use);
		}
		if (i + SITES_AHEAD / 2 < profile->site_count)
			__builtin_prefetch(&builder->steps[profile->sites[ranks[i + SITES_AHEAD / 2].item].node]);
		site_add(builder, &profile->sites[ranks[i].item]);
	}
	free(ranks);
	free(builder->steps);
	free(builder->known_truncated);
}

/* Gives every node the line through which most of its bytes went; the node forgets its first child. */
static void lines_choose(struct tree_builder *builder)
{
	struct call_tree *tree = builder->tree;
	const struct node_line **best = memory_allocate(tree->node_count, sizeof(struct node_line *));

	for (size_t i = 0; i < builder->line_count; i++) {
		const struct node_line *line = &builder->node_lines[i];
		const struct node_line *other = best[line->node];
		tree->nodes[line->node].line_count++;
		if (!other || line->in_use > other->in_use ||
		    (line->in_use == other->in_use && line->allocated > other->allocated))
			best[line->node] = line;
	}
	for (uint32_t i = 0; i < tree->node_count; i++) {
		tree->nodes[i].end = 0;
		tree->nodes[i].file = best[i] ? best[i]->file : NULL;
		tree->nodes[i].line = best[i] ? best[i]->line : 0;
	}
	free(best);
}

static void builder_free(struct tree_builder *builder)
{
	numbering_free(&builder->others);
	free(builder->other_nodes);
	map_free(builder->lines);
	free(builder->node_lines);
	free(builder->path);
}

/* Uses the names in `now`, if these are two builds. */
static void base_add(struct tree_builder *builder, const struct profile *now, const struct profile *base)
{
	struct call_builds builds;

	call_builds_open(&builds, now, base);
	builder->frames.builds = &builds;
	call_frames_forget_profile(&builder->frames);
	profile_add(builder, base, CALL_BASE);
	builder->frames.builds = NULL;
	call_builds_close(&builds);
}

struct call_tree *call_tree_build_widest(const struct profile *now, const struct profile *base, enum call_value value,
					 uint32_t most)
{
	struct call_tree *tree = memory_allocate(1, sizeof *tree);
	struct tree_builder builder = {
	    .tree = tree,
	    .lines = map_create(),
	    .node_capacity = 256,
	};

	const uint64_t nodes = budget_tree_nodes(now->input_bytes + (base ? base->input_bytes : 0));

	builder.node_limit = nodes < NO_NODE ? (uint32_t)nodes : NO_NODE;
	numbering_reserve(&builder.others, now->site_count);
	tree->strings = string_pool_create();
	tree->differential = base != NULL;
	tree->nodes = memory_allocate(builder.node_capacity, sizeof *tree->nodes);
	tree->node_count = 1;
	call_frames_open(&builder.frames, tree);
	tree->nodes[0].frame = call_frames_made_up(&builder.frames, CALL_ROOT, "all");
	profile_add(&builder, now, CALL_NOW);
	if (base)
		base_add(&builder, now, base);
	lines_choose(&builder);
	builder_free(&builder);
	if (tree->node_count > most) {
		call_tree_measure(tree, value);
		call_tree_prune(tree, most);
	}
	if (!base)
		call_frames_name(&builder.frames, now);
	call_frames_close(&builder.frames);
	call_tree_arrange(tree, value);
	return tree;
}

struct call_tree *call_tree_build(const struct profile *now, const struct profile *base, enum call_value value)
{
	return call_tree_build_widest(now, base, value, UINT32_MAX);
}

void call_tree_free(struct call_tree *tree)
{
	if (!tree)
		return;
	free(tree->frames);
	free(tree->modules);
	free(tree->nodes);
	free(tree->own[CALL_NOW]);
	free(tree->own[CALL_BASE]);
	free(tree->base);
	string_pool_free(tree->strings);
	free(tree);
}
