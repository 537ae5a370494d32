/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a call tree's nodes into preorder, the heaviest child first, for one of the four values; and the values' names.
 *
 * Parents always stand before their children, in the old order and in the new one. So sizes and widths are summed
 * backwards, and places are given forwards: a node's children follow it, each as far behind as the subtrees of its
 * heavier siblings are long.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tree/call_tree.h"

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

/* By parent, then as siblings are to stand: a total order, so that equal input gives equal output. */
static int sibling_compare(const void *left_index, const void *right_index, void *context)
{
	const struct call_tree *tree = context;
	const struct call_node *left = &tree->nodes[*(const uint32_t *)left_index];
	const struct call_node *right = &tree->nodes[*(const uint32_t *)right_index];

	if (left->parent != right->parent)
		return left->parent < right->parent ? -1 : 1;
	if (left->width != right->width)
		return left->width > right->width ? -1 : 1;
	const struct call_frame *left_frame = &tree->frames[left->frame], *right_frame = &tree->frames[right->frame];
	int order = strcmp(left_frame->function, right_frame->function);
	if (order == 0)
		order = strcmp(left_frame->module, right_frame->module);
	if (order == 0 && left->frame != right->frame)
		order = left->frame < right->frame ? -1 : 1;
	return order;
}

static void widths_sum(struct call_tree *tree, enum call_value value)
{
	for (uint32_t i = 0; i < tree->node_count; i++) {
		double now = tree->nodes[i].flat[CALL_NOW].of[value], base = tree->nodes[i].flat[CALL_BASE].of[value];
		tree->nodes[i].width = now > base ? now : base;
	}
	for (uint32_t i = tree->node_count; i-- > 1;)
		tree->nodes[tree->nodes[i].parent].width += tree->nodes[i].width;
}

/* place[i]: where node i is to stand; length[i]: nodes in its subtree. */
static void places_find(const struct call_tree *tree, uint32_t *place, uint32_t *length)
{
	uint32_t count = tree->node_count;
	uint32_t *siblings = memory_allocate(count, sizeof *siblings);       /* all nodes but the root, by parent */
	uint32_t *first = memory_allocate((size_t)count + 1, sizeof *first); /* a node's children in siblings */

	for (uint32_t i = 0; i < count; i++)
		length[i] = 1;
	for (uint32_t i = count; i-- > 1;) {
		length[tree->nodes[i].parent] += length[i];
		first[tree->nodes[i].parent + 1]++;
		siblings[i - 1] = i;
	}
	for (uint32_t i = 0; i < count; i++)
		first[i + 1] += first[i];
	qsort_r(siblings, count - 1, sizeof *siblings, sibling_compare, (void *)tree);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t next = place[i] + 1;
		for (uint32_t k = first[i]; k < first[i + 1]; k++) {
			place[siblings[k]] = next;
			next += length[siblings[k]];
		}
	}
	free(siblings);
	free(first);
}

void call_tree_arrange(struct call_tree *tree, enum call_value value)
{
	uint32_t *place = memory_allocate(tree->node_count, sizeof *place);
	uint32_t *length = memory_allocate(tree->node_count, sizeof *length);
	struct call_node *nodes = memory_allocate(tree->node_count, sizeof *nodes);

	widths_sum(tree, value);
	places_find(tree, place, length);
	for (uint32_t i = 0; i < tree->node_count; i++) {
		struct call_node *node = &nodes[place[i]];
		*node = tree->nodes[i];
		node->parent = place[node->parent];
		node->end = place[i] + length[i];
	}
	free(tree->nodes);
	free(place);
	free(length);
	tree->nodes = nodes;
	tree->arranged_by = value;
}
