/* SPDX-License-Identifier: Apache-2.0 */
/* A call tree as text: callers first, the heaviest branch first. A stretch with only one way from caller to callee
 * stays at one indentation, long stretches of such a way are folded, and branches below a share of the whole are summed
 * up in one line, so that the text mentions everything. */
#ifndef SEEP_TEXT_TREE_TEXT_H
#define SEEP_TEXT_TREE_TEXT_H

#include <stdint.h>

#include "base/buffer.h"
#include "tree/call_tree.h"

struct tree_text_options {
	uint32_t columns;   /* width of the page; 0: 80 */
	double share_least; /* of the whole, for a branch to be drawn; 0: everything is drawn */
};

/* Draws the value that the tree is arranged by; of a differential tree the change and the value now. */
void tree_text_render(struct buffer *out, const struct call_tree *tree, const struct tree_text_options *options);

#endif
