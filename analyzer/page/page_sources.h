/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle of analyzer/report/, as a part of the program. */
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

/* The same for the list of a server's recordings. */
struct page_text page_list_script(void);
struct page_text page_list_style(void);
struct page_text page_list_policy(void);

/* An addition to the policy for a page that comes from a server: it may ask that server, and nobody may frame it. */
#define PAGE_POLICY_LIVE "; connect-src 'self'; frame-ancestors 'none'"

#endif
