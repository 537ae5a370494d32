/* SPDX-License-Identifier: Apache-2.0 */
/* Folded stacks: see the header. The path to the current node is kept in one buffer; `lengths` has its length at every
 * depth, so that stepping to the next node in preorder cuts it back to the parent and appends one name. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "export/export.h"

static void path_append(struct buffer *path, const char *function)
{
	if (path->length)
		buffer_append_byte(path, ';');
	for (; *function; function++)
		buffer_append_byte(path, *function == ';' ? ':' : *function == '\n' ? ' ' : *function);
}

void folded_render(struct buffer *out, const struct call_tree *tree)
{
	struct buffer path = {0};
	size_t *lengths = memory_allocate((size_t)tree->depth_max + 1, sizeof *lengths);

	for (uint32_t i = 1; i < tree->node_count && !out->refused; i++) {
		const struct call_node *node = &tree->nodes[i];
		double now = round(call_tree_own(tree, node, CALL_NOW, tree->arranged_by));
		double base = round(call_tree_own(tree, node, CALL_BASE, tree->arranged_by));
		path.length = lengths[node->depth - 1];
		path_append(&path, tree->frames[node->frame].function);
		lengths[node->depth] = path.length;
		if (now <= 0 && base <= 0)
			continue;
		buffer_append(out, path.data, path.length);
		if (tree->differential)
			buffer_printf(out, " %.0f", base);
		buffer_printf(out, " %.0f\n", now);
	}
	free(lengths);
	buffer_free(&path);
}
