/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks of a recording's sites in the form that the page has: a trie of calls, outermost first, over a table of
 * frames. */
#ifndef SEEP_PAGE_STACKS_H
#define SEEP_PAGE_STACKS_H

#include <stdint.h>

#include "compare/group.h"
#include "profile/profile.h"

/* A call. Its texts are interned in the stacks' pool and fit to print; NULL: unknown. */
struct page_frame {
	const char *function, *file, *module;
	uint32_t line;
	bool inlined;
};

struct page_node {
	uint32_t parent; /* smaller than its own index; node 0 is the root */
	uint32_t frame;
};

/* A call of the stack that is being added. */
struct page_call {
	uint32_t frame;
	/* the profile's node, if this is its innermost call; 0: more of the node's calls follow inwards */
	uint32_t node;
};

struct page_stacks {
	struct string_pool *strings;
	struct page_frame *frames;
	uint32_t frame_count, frame_capacity;
	struct page_node *nodes;
	uint32_t node_count, node_capacity;
	struct numbering frames_by_content, children; /* of a child: its index less one */
	/* the most nodes that there may be: a stack ends with the calls for which there was room */
	uint32_t node_limit;
	uint32_t cut;                  /* how many stacks were cut by that */
	const struct profile *profile; /* the one whose stacks were added last */
	uint32_t *known;               /* for each of its nodes, the page's; 0: none yet */
	struct page_call *calls;
	uint32_t call_capacity;
};

#define PAGE_NO_FRAME UINT32_MAX

/* A name as the page shows it: fit to print, and not too long. NULL: there is none. */
const char *page_text_safe(struct string_pool *strings, const char *text);

void page_stacks_init(struct page_stacks *stacks, uint32_t node_limit);
void page_stacks_free(struct page_stacks *stacks);

/* The leaf node of a site's stack; 0: the site has none. The profile must have been symbolized. */
uint32_t page_stacks_add(struct page_stacks *stacks, const struct profile *profile, uint32_t site_index);

/* The frame of the call that names the site (place/place.h); PAGE_NO_FRAME: it has no stack. */
uint32_t page_stacks_place(struct page_stacks *stacks, const struct group *group);

#endif
