/* SPDX-License-Identifier: Apache-2.0 */
/* Removes the narrow nodes of a call tree that is not in order yet, within its own memory. Parents come before their
 * children, so a node knows what became of its parent, and a node that stays never moves behind one that is still to be
 * looked at. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "statistics/selection.h"
#include "tree/call_tree.h"
#include "tree/call_tree_private.h"

/* The smallest width such that at most `most` nodes have it or more: of nodes with the same width, all are among them,
 * or none. */
static double widest_from(const struct call_tree *tree, uint32_t most)
{
	double *widths = memory_allocate(tree->node_count, sizeof *widths);
	double *scratch = memory_allocate(tree->node_count, sizeof *scratch);
	struct selection selection = {.values = widths, .scratch = scratch, .count = tree->node_count};

	for (uint32_t i = 0; i < tree->node_count; i++)
		widths[i] = tree->nodes[i].width;
	const double next = nextafter(select_place(&selection, tree->node_count - 1 - most), INFINITY);
	free(widths);
	free(scratch);
	return next;
}

static uint32_t frame_make(struct call_tree *tree)
{
	tree->frames = memory_resize(tree->frames, tree->frame_count + 1u, sizeof *tree->frames);
	tree->frames[tree->frame_count] = (struct call_frame){.function = "[narrow calls]", .kind = CALL_NARROW};
	return tree->frame_count++;
}

/* Moves a node's own allocations to another node. */
static void own_move(struct call_tree *tree, struct call_node *to, const struct call_node *from)
{
	if (!to->own || !from->own) {
		to->own += from->own;
		return;
	}
	for (int side = 0; side <= (int)tree->differential; side++)
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			tree->own[side][to->own].of[value] += tree->own[side][from->own].of[value];
}

void call_tree_prune(struct call_tree *tree, uint32_t most)
{
	const uint32_t count = tree->node_count, frame = frame_make(tree);
	const double least = widest_from(tree, most);
	uint32_t *place = memory_allocate(count, sizeof *place); /* of a node, or of the node that stands for it */
	/* by place: the node that stands for its narrow calls; 0: none */
	uint32_t *narrow = memory_allocate(count, sizeof *narrow);
	uint32_t kept = 1;

	for (uint32_t i = 1; i < count; i++) {
		struct call_node node = tree->nodes[i];
		const uint32_t parent = node.parent = place[node.parent];
		const uint32_t stand_in = tree->nodes[parent].frame == frame ? parent : narrow[parent];
		const bool is_wide = node.width >= least;
		if (!is_wide && stand_in) {
			place[i] = stand_in;
			own_move(tree, &tree->nodes[stand_in], &node);
			tree->nodes[stand_in].width += parent == stand_in ? 0 : node.width;
		} else {
			place[i] = kept;
			tree->nodes[kept++] = is_wide ? node
						      : (struct call_node){.frame = frame,
									   .parent = parent,
									   .depth = node.depth,
									   .own = node.own,
									   .width = node.width};
			narrow[parent] = is_wide ? narrow[parent] : place[i];
		}
		tree->narrow += !is_wide;
	}
	tree->node_count = kept;
	free(place);
	free(narrow);
}
