/* SPDX-License-Identifier: Apache-2.0 */
/* The page that lists a server's recordings, with a link to the page of each. */
#ifndef SEEP_PAGE_PAGE_LIST_H
#define SEEP_PAGE_PAGE_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct page_list_row {
	const char *link;               /* escaped for an address */
	const char *name, *command;     /* command NULL: only the fault is known, if there is one */
	const char *state, *fault;      /* fault NULL: none */
	const char *in_use, *interval;  /* of the in-use space */
	const char *recorded, *finding; /* "4 min 10 s"; "leaks", "nothing leaks", "no verdict" */
	const char *sentence;
	uint64_t pid, snapshots;
};

void page_list_render(struct buffer *out, const struct page_list_row *rows, size_t count, size_t left_out);
void page_list_append_policy(struct buffer *out);

#endif
