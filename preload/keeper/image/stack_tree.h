/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prefix tree of a snapshot's stacks: node 0 is the root, a stack is the
 * path from its leaf up to it, equal paths share nodes. Nodes go straight into
 * the image's NODES section; a hash table of scratch memory finds them again.
 *
 * Work is bounded whatever the heap file says: a lookup gives up sharing after
 * TREE_PROBES probes (a duplicate node is valid, only larger), and no more
 * frames are taken than the STACKS area can hold.
 */
#ifndef SEEP_IMAGE_STACK_TREE_H
#define SEEP_IMAGE_STACK_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"
#include "keeper/image/snapshot_writer.h"

#define TREE_PROBES 4096
#define TREE_DEPTH 1024 /* frames of a stack that readers take; more only where the heap file is damaged */

struct tree {
	const struct heap *heap;
	struct snapshot_writer *image;
	uint32_t *slots; /* node index; 0: empty (the root is never looked up) */
	uint64_t slot_count;
	uint64_t *frames; /* of the stack that is being added: TREE_DEPTH */
	uint64_t frames_left;
	uint32_t *module_numbers; /* of the heap file's modules in the snapshot; 0: not used yet */
	uint32_t *module_order;   /* the heap file's number of the snapshot's modules */
	uint32_t module_count;    /* the snapshot's, entry 0 included */
};

/* Opens the NODES section. False: no memory. */
bool tree_begin(struct tree *tree, const struct heap *heap, struct snapshot_writer *image);
/* The leaf node of a site's stack; 0: it has none. *flags: enum seep_site_flags. */
uint32_t tree_add_site(struct tree *tree, uint32_t site, uint32_t *flags);
/* Closes the NODES section. */
void tree_end(struct tree *tree);
void tree_free(struct tree *tree);

#endif
