/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree as the page's script reads it: JSON, in elements that browsers do
 * not show. Every column of the node table is an element of its own
 * (data-part="depth", ...), for XML parsers bound the length of one text. Nodes
 * come in preorder; those without a value are left out.
 */
#ifndef SEEP_FLAME_FLAME_DATA_H
#define SEEP_FLAME_FLAME_DATA_H

#include "base/buffer.h"
#include "render/flame/flame.h"
#include "tree/call_tree.h"

void flame_data_append(struct buffer *out, const struct call_tree *tree, const struct flame_caption *caption);

#endif
