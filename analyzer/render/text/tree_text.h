/* SPDX-License-Identifier: Apache-2.0 */
/* A call tree as text: callers first, the heaviest branch first. Where a caller has only one callee, the indentation
 * stays the same, and long chains of such calls are folded. Branches below a share of the whole are summed up on one
 * line, so that the text mentions everything. */
#ifndef SEEP_TEXT_TREE_TEXT_H
#define SEEP_TEXT_TREE_TEXT_H

#include <stdint.h>

#include "base/buffer.h"
#include "tree/call_tree.h"

struct tree_text_options {
	uint32_t columns;   /* the page's width; 0: 80 */
	double share_least; /* share of the whole from which on a branch is drawn; 0: all are drawn */
};

/* Draws the value by which the tree is arranged; in a differential tree, the change and the value now. */
void tree_text_render(struct buffer *out, const struct call_tree *tree, const struct tree_text_options *options);

#endif
