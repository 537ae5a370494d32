/* SPDX-License-Identifier: Apache-2.0 */
/* What analyzer/report/ was bundled into, as part of the program. */
#ifndef SEEP_PAGE_PAGE_SOURCES_H
#define SEEP_PAGE_PAGE_SOURCES_H

#include <stddef.h>

struct page_text {
	const char *data;
	size_t bytes;
};

struct page_text page_script(void);
struct page_text page_style(void);
struct page_text page_policy(void);

#endif
