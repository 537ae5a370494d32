/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a page besides its drawing; private to analyzer/render/flame/. */
#ifndef SEEP_FLAME_FLAME_PRIVATE_H
#define SEEP_FLAME_FLAME_PRIVATE_H

#include "render/flame/flame.h"

/*
 * The tree in the form that the page's script reads: JSON, in elements that browsers do not show. Every column of the
 * node table has an element of its own (data-part="depth", ...), since XML parsers limit the length of one text. Nodes
 * come in preorder; those without a value are left out.
 */
void flame_data_append(struct buffer *out, const struct call_tree *tree, const struct flame_caption *caption);

/* Script and style are source files of their own. The build puts them into the program, so that a page needs nothing
 * else. */
struct page_source {
	const char *text;
	size_t bytes;
};

/* flame_*.js: parts of one function's body, in their order */
struct page_source page_flame_tree(void);
struct page_source page_flame_draw(void);
struct page_source page_flame_use(void);

struct page_source page_flame_style(void); /* flame.css */

#endif
