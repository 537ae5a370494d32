/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a call tree's nodes into preorder, the heaviest child first, for one of the four values; and the values' names.
 *
 * Parents are before their children in both orders. So sizes and widths are summed backwards, and places are given
 * forwards: a node's children follow it, each behind the subtrees of its heavier siblings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tree/call_tree.h"
#include "tree/call_tree_private.h"

const char *const call_value_names[CALL_VALUE_COUNT + 1] = {
    [CALL_INUSE_SPACE] = "inuse_space",
    [CALL_INUSE_OBJECTS] = "inuse_objects",
    [CALL_ALLOC_SPACE] = "alloc_space",
    [CALL_ALLOC_OBJECTS] = "alloc_objects",
};

const char *call_value_name(enum call_value value)
{
	return call_value_names[value];
}

/* The order of siblings: a total order, so that equal input gives equal output. */
static int sibling_compare(const void *left_index, const void *right_index, void *context)
{
	const struct call_tree *tree = context;
	const struct call_node *left = &tree->nodes[*(const uint32_t *)left_index];
	const struct call_node *right = &tree->nodes[*(const uint32_t *)right_index];

	if (left->width != right->width)
		return left->width > right->width ? -1 : 1;
	const struct call_frame *left_frame = &tree->frames[left->frame], *right_frame = &tree->frames[right->frame];
	int order = strcmp(left_frame->function, right_frame->function);
	if (order == 0)
		order = strcmp(tree->modules[left_frame->module], tree->modules[right_frame->module]);
	if (order == 0 && left->frame != right->frame)
		order = left->frame < right->frame ? -1 : 1;
	return order;
}

static void siblings_sort(struct call_tree *tree, uint32_t *siblings, uint32_t count)
{
	uint32_t sorted = 1;

	while (sorted < count && sibling_compare(&siblings[sorted - 1], &siblings[sorted], tree) <= 0)
		sorted++;
	if (sorted < count)
		qsort_r(siblings, count, sizeof *siblings, sibling_compare, tree);
}

void call_tree_measure(struct call_tree *tree, enum call_value value)
{
	/* its width is a sum of many already */
	const uint32_t stand_in = tree->narrow ? tree->frame_count - 1 : UINT32_MAX;

	for (uint32_t i = 0; i < tree->node_count; i++) {
		struct call_node *node = &tree->nodes[i];
		if (node->frame == stand_in)
			continue;
		const double now = call_tree_own(tree, node, CALL_NOW, value);
		const double base = call_tree_own(tree, node, CALL_BASE, value);
		node->width = now > base ? now : base;
	}
	for (uint32_t i = tree->node_count; i-- > 1;)
		tree->nodes[tree->nodes[i].parent].width += tree->nodes[i].width;
}

/* Groups all nodes but the root by parent; ends[i]: one past node i's last child, which is where those of i + 1
 * begin. */
static uint32_t *siblings_gather(const struct call_tree *tree, uint32_t *ends)
{
	const uint32_t count = tree->node_count;
	uint32_t *siblings = memory_allocate(count, sizeof *siblings);

	for (uint32_t i = 1; i < count; i++)
		ends[tree->nodes[i].parent + 1]++;
	for (uint32_t i = 0; i < count; i++)
		ends[i + 1] += ends[i];
	for (uint32_t i = 1; i < count; i++)
		siblings[ends[tree->nodes[i].parent]++] = i;
	return siblings;
}

/* place[i]: the new place of node i. The node's `end` gets its new value, too. */
static void places_find(struct call_tree *tree, uint32_t *place)
{
	const uint32_t count = tree->node_count;
	uint32_t *ends = memory_allocate((size_t)count + 1, sizeof *ends);
	uint32_t *siblings = siblings_gather(tree, ends);

	for (uint32_t i = 0; i < count; i++)
		tree->nodes[i].end = 1; /* at first counts the nodes of its subtree */
	for (uint32_t i = count; i-- > 1;)
		tree->nodes[tree->nodes[i].parent].end += tree->nodes[i].end;
	for (uint32_t i = 0, begin = 0; i < count; begin = ends[i++]) {
		uint32_t next = place[i] + 1;
		siblings_sort(tree, siblings + begin, ends[i] - begin);
		for (uint32_t k = begin; k < ends[i]; k++) {
			place[siblings[k]] = next;
			next += tree->nodes[siblings[k]].end;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		tree->nodes[i].end += place[i];
	free(siblings);
	free(ends);
}

static void nodes_swap(struct call_tree *tree, uint32_t a, uint32_t b)
{
	const struct call_node node = tree->nodes[a];

	tree->nodes[a] = tree->nodes[b];
	tree->nodes[b] = node;
	if (tree->base) {
		const struct call_sum sum = tree->base[a];
		tree->base[a] = tree->base[b];
		tree->base[b] = sum;
	}
}

/* Moves every node to its place, within the same memory. */
static void nodes_move(struct call_tree *tree, uint32_t *place)
{
	for (uint32_t i = 0; i < tree->node_count; i++)
		tree->nodes[i].parent = place[tree->nodes[i].parent];
	for (uint32_t i = 0; i < tree->node_count; i++)
		while (place[i] != i) {
			const uint32_t there = place[i];
			nodes_swap(tree, i, there);
			place[i] = place[there];
			place[there] = there;
		}
}

static struct call_sum own_sum(const struct call_tree *tree, const struct call_node *node, enum call_side side,
			       bool in_use)
{
	return (struct call_sum){call_tree_own(tree, node, side, in_use ? CALL_INUSE_SPACE : CALL_ALLOC_SPACE),
				 call_tree_own(tree, node, side, in_use ? CALL_INUSE_OBJECTS : CALL_ALLOC_OBJECTS)};
}

static void sum_add(struct call_sum *sum, const struct call_sum *more)
{
	sum->space += more->space;
	sum->objects += more->objects;
}

/* Fills the sums of this value and its companion. */
static void sums_fill(struct call_tree *tree, enum call_value value)
{
	const bool in_use = call_value_is_in_use(value);

	if (tree->differential && !tree->base)
		tree->base = memory_allocate(tree->node_count, sizeof *tree->base);
	for (uint32_t i = 0; i < tree->node_count; i++) {
		tree->nodes[i].now = own_sum(tree, &tree->nodes[i], CALL_NOW, in_use);
		if (tree->base)
			tree->base[i] = own_sum(tree, &tree->nodes[i], CALL_BASE, in_use);
	}
	for (uint32_t i = tree->node_count; i-- > 1;) {
		sum_add(&tree->nodes[tree->nodes[i].parent].now, &tree->nodes[i].now);
		if (tree->base)
			sum_add(&tree->base[tree->nodes[i].parent], &tree->base[i]);
	}
}

/* Whether nodes in preorder are already in the right order. */
static bool is_in_order(struct call_tree *tree)
{
	for (uint32_t i = 0; i < tree->node_count; i++) {
		const uint32_t next = tree->nodes[i].end;
		if (next > i && next < tree->nodes[tree->nodes[i].parent].end && sibling_compare(&i, &next, tree) > 0)
			return false;
	}
	return tree->nodes[0].end == tree->node_count;
}

static void nodes_order(struct call_tree *tree, enum call_value value)
{
	call_tree_measure(tree, value);
	tree->arranged_by = value;
	if (is_in_order(tree))
		return;
	uint32_t *place = memory_allocate(tree->node_count, sizeof *place);
	places_find(tree, place);
	nodes_move(tree, place);
	free(place);
}

/* Siblings of exactly the same width come in the same order whatever the value is, because all values are summed in the
 * order of the bytes in use. */
void call_tree_arrange(struct call_tree *tree, enum call_value value)
{
	sums_fill(tree, value);
	nodes_order(tree, CALL_INUSE_SPACE);
	nodes_order(tree, value);
}
