/* SPDX-License-Identifier: Apache-2.0 */
/* Grows the tree by one level of calls at a time, and follows nothing that is below the threshold. */
#include "export/massif_tree.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "files/path.h"
#include "profile/profile.h"
#include "tree/call_tree.h"

#define THRESHOLD 0.01
#define ROOT_LABEL "(heap allocation functions) malloc/new/new[], --alloc-fns, etc."
#define NO_NODE UINT32_MAX

struct node {
	uint32_t parent, first_child, child_count; /* indices; children follow each other, the largest first */
	uint32_t depth;
	const struct profile_location *location; /* NULL: the root, or an unknown stack */
	const char *text;                        /* instead of a location */
	uint32_t line;                           /* the line of that location */
	double bytes;
	uint32_t small_places;
};

/* A stack, followed from its leaf to its root. */
struct walk {
	const struct profile_site *site;
	double bytes;
	struct frame_walk at; /* the next call */
	bool has_begun;
	uint32_t node; /* NO_NODE: the stack has ended, or its part became small */
};

struct massif_tree {
	const struct profile *profile;
	struct walk *walks;
	uint32_t walk_count;
	struct node *nodes;
	size_t node_count, node_capacity;
	double threshold;
};

/* The node that a walk reaches next; false: its stack has ended. */
static bool walk_next(const struct massif_tree *tree, const struct walk *walk, struct node *node)
{
	*node = (struct node){.parent = walk->node};
	if (!frame_walk_has(walk->at)) {
		node->text = walk->has_begun ? NULL : profile_site_stand_in(walk->site);
		return !walk->has_begun;
	}
	node->location = frame_walk_location(tree->profile, walk->at);
	node->line = walk->at.line;
	return true;
}

static void walk_step(const struct massif_tree *tree, struct walk *walk)
{
	walk->has_begun = true;
	if (frame_walk_has(walk->at))
		walk->at = frame_walk_next(tree->profile, walk->at);
}

static int node_compare(const void *left, const void *right)
{
	const struct node *a = left, *b = right;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	if (a->location != b->location)
		return a->location < b->location ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static uint64_t node_key(const struct node *node)
{
	const uint64_t words[] = {node->parent, (uint64_t)(uintptr_t)node->location, node->line,
				  (uint64_t)(uintptr_t)node->text};

	return hash_bytes(0, words, sizeof words);
}

/* Adds up the nodes that the walks reach; afterwards `found` maps keys to indices + 1 of the candidates. */
static struct node *level_collect(struct massif_tree *tree, struct map *found, size_t *count)
{
	struct node *candidates = NULL, node;
	size_t capacity = 0;

	*count = 0;
	for (uint32_t i = 0; i < tree->walk_count; i++) {
		struct walk *walk = &tree->walks[i];
		if (walk->node == NO_NODE)
			continue;
		if (!walk_next(tree, walk, &node)) {
			walk->node = NO_NODE;
			continue;
		}
		uint64_t *slot = map_put(found, node_key(&node), NULL);
		if (*slot == 0) {
			ARRAY_RESERVE(candidates, *count, capacity);
			candidates[(*count)++] = node;
			*slot = *count;
		}
		candidates[*slot - 1].bytes += walk->bytes;
	}
	return candidates;
}

/* Makes nodes of the candidates that are large enough; the walks follow. Returns how many there are. */
static size_t level_add(struct massif_tree *tree, struct map *found, struct node *candidates, size_t count)
{
	const size_t first = tree->node_count;
	struct node node;

	if (count)
		qsort(candidates, count, sizeof *candidates, node_compare);
	for (size_t i = 0; i < count; i++) {
		struct node *parent = &tree->nodes[candidates[i].parent];
		uint64_t *slot = map_put(found, node_key(&candidates[i]), NULL);
		*slot = 0;
		if (candidates[i].bytes < tree->threshold) {
			parent->small_places++;
			continue;
		}
		if (parent->child_count++ == 0)
			parent->first_child = (uint32_t)tree->node_count;
		candidates[i].depth = parent->depth + 1;
		ARRAY_RESERVE(tree->nodes, tree->node_count, tree->node_capacity);
		tree->nodes[tree->node_count++] = candidates[i];
		*slot = tree->node_count;
	}
	for (uint32_t i = 0; i < tree->walk_count; i++) {
		struct walk *walk = &tree->walks[i];
		if (walk->node == NO_NODE || !walk_next(tree, walk, &node))
			continue;
		const uint64_t *slot = map_get(found, node_key(&node));
		walk->node = slot && *slot ? (uint32_t)*slot - 1 : NO_NODE;
		walk_step(tree, walk);
	}
	return tree->node_count - first;
}

static void tree_build(struct massif_tree *tree, const struct profile *profile)
{
	double total = 0;
	size_t count, added;

	*tree = (struct massif_tree){.profile = profile};
	tree->walks = memory_allocate(profile->site_count + 1u, sizeof *tree->walks);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const double bytes = call_value_of(&profile->sites[i], CALL_INUSE_SPACE);
		if (!(bytes > 0))
			continue;
		tree->walks[tree->walk_count++] = (struct walk){
		    .site = &profile->sites[i], .at = frame_walk_leaf(&profile->sites[i]), .bytes = bytes};
		total += bytes;
	}
	tree->threshold = total * THRESHOLD;
	ARRAY_RESERVE(tree->nodes, tree->node_count, tree->node_capacity);
	tree->nodes[tree->node_count++] = (struct node){.parent = NO_NODE, .text = ROOT_LABEL, .bytes = total};
	do {
		struct map *found = map_create();
		struct node *candidates = level_collect(tree, found, &count);
		added = level_add(tree, found, candidates, count);
		free(candidates);
		map_free(found);
	} while (added > 0);
}

/* "0x1234: function (file.c:12)", or "(in /lib/module)" if the line is unknown. */
static void label_append(struct buffer *out, const struct profile *profile, const struct node *node)
{
	if (!node->location) {
		buffer_printf(out, node->depth ? "0x0: %s" : "%s", node->text);
		return;
	}
	const struct profile_module *module = &profile->modules[node->location->module];
	const struct source_line *line = &profile_lines(profile, node->location)[node->line];
	buffer_printf(out, "0x%" PRIX64 ": %s", node->location->address + module->bias, line->function);
	if (line->file && line->line)
		buffer_printf(out, " (%s:%" PRIu32 ")", path_base_name(line->file), line->line);
	else
		buffer_printf(out, " (in %s)", *module->path ? module->path : "???");
}

/* Writes a line for the sum of what is in no child. */
static void small_append(struct buffer *out, const struct massif_tree *tree, const struct node *node)
{
	double rest = round(node->bytes);

	for (uint32_t i = 0; i < node->child_count; i++)
		rest -= round(tree->nodes[node->first_child + i].bytes);
	if (node->small_places)
		buffer_printf(out, "%*sn0: %.0f in %" PRIu32 " place%s, below massif's threshold (%.2f%%)\n",
			      (int)node->depth + 1, "", fmax(rest, 0), node->small_places,
			      node->small_places == 1 ? "" : "s", 100 * THRESHOLD);
}

static void node_append(struct buffer *out, const struct massif_tree *tree, const struct node *node)
{
	buffer_printf(out, "%*sn%" PRIu32 ": %.0f ", (int)node->depth, "", node->child_count + (node->small_places > 0),
		      round(node->bytes));
	label_append(out, tree->profile, node);
	buffer_append_byte(out, '\n');
}

void massif_tree_render(struct buffer *out, const struct profile *profile)
{
	struct massif_tree tree;
	uint32_t at = 0;

	tree_build(&tree, profile);
	/* by node: how many children were printed */
	uint32_t *printed = memory_allocate(tree.node_count, sizeof *printed);
	node_append(out, &tree, &tree.nodes[0]);
	while (at != NO_NODE) {
		const struct node *node = &tree.nodes[at];
		if (printed[at] < node->child_count) {
			at = node->first_child + printed[at]++;
			node_append(out, &tree, &tree.nodes[at]);
		} else {
			small_append(out, &tree, node);
			at = node->parent;
		}
	}
	free(printed);
	free(tree.nodes);
	free(tree.walks);
}
