/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a call tree. A first pass over the locations of each profile finds their frames (call_frames.c). Then every
 * stack is walked from its oldest caller to the function that allocated, except for the part that an earlier stack
 * shares; a table of (parent, frame) gives the next node. Both parent and frame are compared, so that two functions are
 * never taken for one. Nodes are made after their parents, so sums go through the array backwards. */
#include <stdlib.h>

#include <seep/snapshot.h>

#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "profile/profile.h"
#include "tree/call_tree.h"
#include "tree/call_tree_private.h"

#define NO_NODE UINT32_MAX
enum { LINES_PER_NODE = 2 }; /* on average; further ones are not distinguished */

/* A line of a function in the stacks through one node. */
struct node_line {
	uint32_t node;
	uint32_t line;
	const char *file;
	double in_use, allocated; /* bytes, from both sides */
};

struct tree_builder {
	struct call_tree *tree;
	uint32_t node_capacity;
	struct call_frames frames;
	struct index_table children; /* by parent and frame */
	struct map *lines;           /* from node and line to an index into node_lines */
	struct node_line *node_lines;
	size_t line_count, line_capacity;
	uint32_t node_limit, own_count, own_capacity;
	uint64_t secret;
	/* of the profile that is being added */
	const struct profile *profile;
	enum call_side side;
	uint32_t *known[2]; /* by the profile's node: the tree's node, 0: none yet; [1] is for truncated stacks */
	uint32_t *path;     /* room for the nodes of a walk */
	uint32_t path_capacity;
};

static uint64_t child_hash(const struct tree_builder *builder, uint32_t parent, uint32_t frame)
{
	return hash_word(((uint64_t)parent << 32 | frame) ^ builder->secret);
}

static uint64_t child_hash_again(const void *context, uint32_t index)
{
	const struct tree_builder *builder = context;
	const struct call_node *node = &builder->tree->nodes[index];

	return child_hash(builder, node->parent, node->frame);
}

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

/* NO_NODE: the node does not exist, and there is no room for it. */
static uint32_t node_child(struct tree_builder *builder, uint32_t parent, uint32_t frame)
{
	struct call_tree *tree = builder->tree;

	for (size_t at = child_hash(builder, parent, frame);; at++) {
		uint32_t *slot = index_table_slot(&builder->children, at);
		if (*slot && tree->nodes[*slot - 1].parent == parent && tree->nodes[*slot - 1].frame == frame)
			return *slot - 1;
		if (*slot)
			continue;
		if (tree->node_count >= builder->node_limit)
			return NO_NODE;
		*slot = node_make(builder, parent, frame) + 1;
		const uint32_t child = *slot - 1;
		index_table_reserve(&builder->children, tree->node_count + 1, tree->node_count, child_hash_again,
				    builder);
		return child;
	}
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

/* Goes down from `*node`, whose depth is less than `depth_end`, by the calls of one address; false: there is not enough
 * room, and `*call` is the first call without any. */
static bool calls_go_down(struct tree_builder *builder, uint32_t *node, struct frame_walk *call, uint32_t depth_end)
{
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
	uint32_t *known = builder->known[site->truncated], level = 0, node = root;
	struct frame_walk call = frame_walk_leaf(site);

	for (; frame_walk_has(call) && !known[call.node]; call.node = profile->nodes[call.node].parent) {
		ARRAY_RESERVE(builder->path, level, builder->path_capacity);
		builder->path[level++] = call.node;
	}
	if (frame_walk_has(call))
		node = known[call.node];
	call = frame_walk_leaf(site);
	while (level-- > 0) {
		struct frame_walk next = {builder->path[level], 0};
		if (!calls_go_down(builder, &node, &next, depth_end)) {
			builder->tree->cut_stacks++;
			call = frame_walk_next(profile, next);
			break;
		}
		known[next.node] = node;
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

static void site_add(struct tree_builder *builder, const struct profile_site *site)
{
	uint32_t node = 0;

	if (site->truncated)
		node = node_child(builder, node, call_frames_made_up(&builder->frames, CALL_TRUNCATED, "[truncated]"));
	else if (site->depth == 0)
		node = node_child(builder, node,
				  call_frames_made_up(&builder->frames, CALL_NO_STACK, profile_site_stand_in(site)));
	if (node == NO_NODE)
		node = 0;
	if (node)
		builder->tree->nodes[node].inlined = false;
	node = stack_walk(builder, site, node);
	struct call_values *own = node_own(builder, node);
	for (int value = 0; value < CALL_VALUE_COUNT; value++)
		own->of[value] += call_value_of(site, value);
}

struct site_rank {
	double in_use;
	uint32_t site;
};

static int rank_compare(const void *left, const void *right)
{
	const struct site_rank *a = left, *b = right;

	if (a->in_use != b->in_use)
		return a->in_use > b->in_use ? -1 : 1;
	return (a->site > b->site) - (a->site < b->site);
}

/* The largest first: if the tree has no room for all, the small ones are cut. */
static struct site_rank *sites_rank(const struct profile *profile)
{
	struct site_rank *ranks = memory_allocate((size_t)profile->site_count + 1, sizeof *ranks);

	for (uint32_t i = 0; i < profile->site_count; i++)
		ranks[i] = (struct site_rank){call_value_of(&profile->sites[i], CALL_INUSE_SPACE), i};
	qsort(ranks, profile->site_count, sizeof *ranks, rank_compare);
	return ranks;
}

/* Sites lie far from each other, so they and their nodes are prefetched. */
enum { SITES_AHEAD = 16 };

static void profile_add(struct tree_builder *builder, const struct profile *profile, enum call_side side)
{
	builder->profile = profile;
	builder->side = side;
	call_frames_prepare(&builder->frames, profile);
	for (int i = 0; i < 2; i++)
		builder->known[i] = memory_allocate(profile->node_count + 1u, sizeof *builder->known[i]);
	struct site_rank *ranks = sites_rank(profile);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		if (i + SITES_AHEAD < profile->site_count)
			__builtin_prefetch(&profile->sites[ranks[i + SITES_AHEAD].site]);
		if (i + SITES_AHEAD / 2 < profile->site_count)
			__builtin_prefetch(&profile->nodes[profile->sites[ranks[i + SITES_AHEAD / 2].site].node]);
		site_add(builder, &profile->sites[ranks[i].site]);
	}
	free(ranks);
	call_frames_forget_profile(&builder->frames);
	free(builder->known[0]);
	free(builder->known[1]);
}

/* Gives every node the line through which most of its bytes went. */
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
		tree->nodes[i].file = best[i] ? best[i]->file : NULL;
		tree->nodes[i].line = best[i] ? best[i]->line : 0;
	}
	free(best);
}

static void builder_free(struct tree_builder *builder)
{
	call_frames_close(&builder->frames);
	index_table_free(&builder->children);
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
	    .secret = hash_secret(),
	};

	const uint64_t nodes = budget_tree_nodes(now->input_bytes + (base ? base->input_bytes : 0));

	builder.node_limit = nodes < NO_NODE ? (uint32_t)nodes : NO_NODE;
	builder.children =
	    index_table_create(now->node_count < builder.node_limit ? now->node_count : builder.node_limit);
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
