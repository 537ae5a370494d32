/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call tree as folded stacks, the plain text that flame graph tools read:
 *
 *	main;serve;parse 1048576
 *
 * one line for each path at whose end something was allocated, callers first,
 * and its flat value as a whole number (bytes or objects). Of a differential
 * tree there are two numbers, the one before and the one now, as difffolded
 * writes them:
 *
 *	main;serve;parse 524288 1048576
 *
 * In names ";" becomes ":". Paths without a value (both zero) are left out.
 */
#ifndef SEEP_EXPORT_FOLDED_H
#define SEEP_EXPORT_FOLDED_H

#include "base/buffer.h"
#include "tree/call_tree.h"

/* Writes the value that the tree is arranged by. */
void folded_render(struct buffer *out, const struct call_tree *tree);

#endif
