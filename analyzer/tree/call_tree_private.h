/* SPDX-License-Identifier: Apache-2.0 */
/* The frames and modules of a call tree that is being built (call_frames.c). */
#ifndef SEEP_TREE_CALL_TREE_PRIVATE_H
#define SEEP_TREE_CALL_TREE_PRIVATE_H

#include "base/map.h"
#include "tree/call_builds.h"
#include "tree/call_tree.h"

struct call_frames {
	struct call_tree *tree;
	const char **identities; /* by module of the tree: the part of its name that counts, interned */
	uint32_t identity_capacity, frame_capacity, module_capacity;
	struct index_table table; /* from a frame's content */
	uint64_t secret;
	const struct call_builds *builds; /* whose later names count; NULL: names count as they are */
	/* about the profile that was prepared last */
	uint32_t *first;    /* a location's first entry in of_lines, by location */
	uint32_t *of_lines; /* frame of every line of every location */
	bool has_lines;     /* some have lines of source files, in this profile or an earlier one */
};

/* Module 0 stands for none. */
void call_frames_open(struct call_frames *frames, struct call_tree *tree);
void call_frames_close(struct call_frames *frames);

/* Prepares the frames of all lines of all locations of the profile; in a tree of one, labels have no names yet. */
void call_frames_prepare(struct call_frames *frames, const struct profile *profile);
void call_frames_forget_profile(struct call_frames *frames);
/* Names the labels of the profile that was prepared last, as far as a node has them: of millions, few are left. */
void call_frames_name(const struct call_frames *frames, const struct profile *profile);

/* A frame that stands for no function. */
uint32_t call_frames_made_up(struct call_frames *frames, enum call_kind kind, const char *name);

/* Fills the nodes' `width`. */
void call_tree_measure(struct call_tree *tree, enum call_value value);

/* For a tree that was measured and is not in order yet: keeps the widest nodes, at most `most`. */
void call_tree_prune(struct call_tree *tree, uint32_t most);

#endif
