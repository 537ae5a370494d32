/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a call tree. A first pass over the locations of each profile finds out which frames they stand for; then every
 * stack is walked from its oldest caller to the function that allocated, and a hash map keyed by (parent, frame) says
 * which node comes next. Both keys are exact, so that no two functions are ever taken for one. Nodes are made after
 * their parents, so sums run through the array backwards. */
#include <stdlib.h>
#include <string.h>

#include <seep/snapshot.h>

#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "files/path.h"
#include "tree/call_tree.h"

#define NO_NODE UINT32_MAX
enum { LINES_PER_NODE = 2 }; /* on average; further ones are not told apart */

/* A line of a function, as the stacks through one node show it. */
struct node_line {
	uint32_t node;
	uint32_t line;
	const char *file;
	double in_use, allocated; /* bytes, of both sides */
};

struct tree_builder {
	struct call_tree *tree;
	uint32_t node_capacity, frame_capacity;
	struct map *texts;    /* pointer to an interned text -> its number */
	struct map *frames;   /* numbers of module and function, kind -> index of frame + 1 */
	struct map *children; /* parent and frame -> node */
	struct map *lines;    /* node and line -> index into node_lines */
	struct node_line *node_lines;
	size_t line_count, line_capacity;
	uint32_t node_limit;
	/* of the profile that is being added */
	const struct profile *profile;
	enum call_side side;
	uint32_t *first_frame;     /* a location's first entry in line_frames, by location */
	uint32_t *location_frames; /* frame of every line of every location */
};

/* The part of a module's name that is equal for all of its builds: nothing of the program itself, else the file's name
 * without version and without the " (deleted)" of a file that was replaced. */
static size_t module_identity(const struct profile_module *module, const char **text)
{
	if (module->flags & SEEP_MODULE_EXECUTABLE) {
		*text = "";
		return 0;
	}
	*text = path_base_name(module->path);
	const char *end = strstr(*text, ".so");
	if (!end)
		end = strstr(*text, " (deleted)");
	return end ? (size_t)(end - *text) : strlen(*text);
}

/* Names are numbered, so that a frame has the same small key however long they are. */
static uint64_t text_number(struct tree_builder *builder, const char *interned)
{
	uint64_t *number = map_put(builder->texts, (uint64_t)(uintptr_t)interned, NULL);

	if (*number == 0)
		*number = map_count(builder->texts);
	return *number;
}

static uint32_t frame_find(struct tree_builder *builder, enum call_kind kind, const char *function,
			   const struct profile_module *module)
{
	struct call_tree *tree = builder->tree;
	const char *identity = "";
	size_t identity_length = module ? module_identity(module, &identity) : 0;

	function = string_pool_intern(tree->strings, function);
	identity = string_pool_intern_bytes(tree->strings, identity, identity_length);
	const uint64_t key = text_number(builder, identity) << 34 | text_number(builder, function) << 2 | kind;
	uint64_t *slot = map_put(builder->frames, key, NULL);
	if (*slot)
		return (uint32_t)*slot - 1;

	ARRAY_RESERVE(tree->frames, tree->frame_count, builder->frame_capacity);
	tree->frames[tree->frame_count] = (struct call_frame){
	    .function = function,
	    .module = module ? string_pool_intern(tree->strings, module->path) : "",
	    .kind = kind,
	};
	*slot = ++tree->frame_count;
	return tree->frame_count - 1;
}

/* The frames of all lines of all locations of the profile. */
static void frames_prepare(struct tree_builder *builder)
{
	const struct profile *profile = builder->profile;
	size_t total = 0, next = 0;

	for (uint32_t i = 0; i < profile->location_count; i++)
		total += profile->locations[i].line_count;
	builder->first_frame = memory_allocate((size_t)profile->location_count + 1, sizeof *builder->first_frame);
	builder->location_frames = memory_allocate(total + 1, sizeof *builder->location_frames);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		const struct profile_module *module = &profile->modules[location->module];
		builder->first_frame[i] = (uint32_t)next;
		for (uint32_t k = 0; k < location->line_count; k++)
			builder->location_frames[next++] =
			    frame_find(builder, CALL_FUNCTION, location->lines[k].function, module);
	}
}

/* NO_NODE: the node does not exist, and there is no room for it. */
static uint32_t node_child(struct tree_builder *builder, uint32_t parent, uint32_t frame)
{
	struct call_tree *tree = builder->tree;
	const uint64_t key = (uint64_t)parent << 32 | frame;
	uint64_t *slot = map_get(builder->children, key);

	if (slot)
		return (uint32_t)*slot;
	if (tree->node_count >= builder->node_limit)
		return NO_NODE;
	slot = map_put(builder->children, key, NULL);
	ARRAY_RESERVE(tree->nodes, tree->node_count, builder->node_capacity);
	struct call_node *node = &tree->nodes[tree->node_count];
	memset(node, 0, sizeof *node);
	node->frame = frame;
	node->parent = parent;
	node->inlined = true; /* until a location shows otherwise */
	node->depth = tree->nodes[parent].depth + 1;
	if (node->depth > tree->depth_max)
		tree->depth_max = node->depth;
	*slot = tree->node_count;
	return tree->node_count++;
}

static void node_add_line(struct tree_builder *builder, uint32_t node, const struct source_line *line,
			  const struct profile_site *site)
{
	if (!line->inlined)
		builder->tree->nodes[node].inlined = false;
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

/* Walks the site's stack down from `node`. Frames that find no room in the tree are left out: the site then counts for
 * the last caller that did. */
static uint32_t stack_walk(struct tree_builder *builder, const struct profile_site *site, uint32_t node)
{
	const struct profile *profile = builder->profile;
	uint32_t frames_left = BUDGET_STACK_FRAMES;

	for (uint32_t level = site->depth; level-- > 0;) {
		const struct profile_location *location = &profile->locations[site->stack[level]];
		const uint32_t *frames = &builder->location_frames[builder->first_frame[site->stack[level]]];
		for (uint32_t k = location->line_count; k-- > 0;) {
			const uint32_t child = frames_left-- ? node_child(builder, node, frames[k]) : NO_NODE;
			if (child == NO_NODE) {
				builder->tree->cut_stacks++;
				return node;
			}
			node = child;
			node_add_line(builder, node, &location->lines[k], site);
		}
	}
	return node;
}

static void site_add(struct tree_builder *builder, const struct profile_site *site)
{
	uint32_t node = 0;

	if (site->truncated)
		node = node_child(builder, node, frame_find(builder, CALL_TRUNCATED, "[truncated]", NULL));
	else if (site->depth == 0)
		node = node_child(builder, node, frame_find(builder, CALL_NO_STACK, profile_site_stand_in(site), NULL));
	if (node == NO_NODE)
		node = 0;
	if (node)
		builder->tree->nodes[node].inlined = false;
	node = stack_walk(builder, site, node);
	for (int value = 0; value < CALL_VALUE_COUNT; value++)
		builder->tree->nodes[node].flat[builder->side].of[value] += call_value_of(site, value);
}

static int site_compare(const void *left, const void *right, void *context)
{
	const struct profile_site *sites = context;
	const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const double x = call_value_of(&sites[a], CALL_INUSE_SPACE), y = call_value_of(&sites[b], CALL_INUSE_SPACE);

	if (x != y)
		return x > y ? -1 : 1;
	return (a > b) - (a < b);
}

/* The largest first: where the tree has no room for all, the small ones are cut. */
static uint32_t *sites_order(const struct profile *profile)
{
	uint32_t *order = memory_allocate((size_t)profile->site_count + 1, sizeof *order);

	for (uint32_t i = 0; i < profile->site_count; i++)
		order[i] = i;
	qsort_r(order, profile->site_count, sizeof *order, site_compare, (void *)profile->sites);
	return order;
}

static void profile_add(struct tree_builder *builder, const struct profile *profile, enum call_side side)
{
	builder->profile = profile;
	builder->side = side;
	frames_prepare(builder);
	uint32_t *order = sites_order(profile);
	for (uint32_t i = 0; i < profile->site_count; i++)
		site_add(builder, &profile->sites[order[i]]);
	free(order);
	free(builder->first_frame);
	free(builder->location_frames);
}

/* Every node gets the line that most of its bytes went through. */
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

static void cumulative_sum(struct call_tree *tree)
{
	for (uint32_t i = 0; i < tree->node_count; i++)
		memcpy(tree->nodes[i].cumulative, tree->nodes[i].flat, sizeof tree->nodes[i].flat);
	for (uint32_t i = tree->node_count; i-- > 1;)
		for (int side = 0; side < CALL_SIDE_COUNT; side++)
			for (int value = 0; value < CALL_VALUE_COUNT; value++)
				tree->nodes[tree->nodes[i].parent].cumulative[side].of[value] +=
				    tree->nodes[i].cumulative[side].of[value];
}

struct call_tree *call_tree_build(const struct profile *now, const struct profile *base)
{
	struct call_tree *tree = memory_allocate(1, sizeof *tree);
	struct tree_builder builder = {
	    .tree = tree,
	    .texts = map_create(),
	    .frames = map_create(),
	    .children = map_create(),
	    .lines = map_create(),
	    .node_capacity = 256,
	};

	const uint64_t nodes = budget_tree_nodes(now->input_bytes + (base ? base->input_bytes : 0));

	builder.node_limit = nodes < NO_NODE ? (uint32_t)nodes : NO_NODE;
	tree->strings = string_pool_create();
	tree->differential = base != NULL;
	tree->nodes = memory_allocate(builder.node_capacity, sizeof *tree->nodes);
	tree->node_count = 1;
	tree->nodes[0].frame = frame_find(&builder, CALL_ROOT, "all", NULL);
	profile_add(&builder, now, CALL_NOW);
	if (base)
		profile_add(&builder, base, CALL_BASE);
	lines_choose(&builder);
	cumulative_sum(tree);
	call_tree_arrange(tree, CALL_INUSE_SPACE);

	map_free(builder.texts);
	map_free(builder.frames);
	map_free(builder.children);
	map_free(builder.lines);
	free(builder.node_lines);
	return tree;
}

void call_tree_free(struct call_tree *tree)
{
	if (!tree)
		return;
	free(tree->frames);
	free(tree->nodes);
	string_pool_free(tree->strings);
	free(tree);
}
