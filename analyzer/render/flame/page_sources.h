/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script and the style of the pages that seep writes. They are source files
 * of their own in analyzer/render/flame/ and become part of the program when it is
 * built, so that a page needs nothing but itself.
 */
#ifndef SEEP_FLAME_PAGE_SOURCES_H
#define SEEP_FLAME_PAGE_SOURCES_H

#include <stddef.h>

struct page_source {
	const char *text;
	size_t bytes;
};

/* analyzer/render/flame/flame_*.js: parts of one function's body, in their order */
struct page_source page_flame_tree(void);
struct page_source page_flame_draw(void);
struct page_source page_flame_use(void);

struct page_source page_flame_style(void); /* analyzer/render/flame/flame.css */

#endif
