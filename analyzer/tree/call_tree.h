/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call tree: who called whom on the way to an allocation, callers first.
 *
 * Built from one symbolized profile, or from two that are to be compared; then
 * every node has the values of both, and a node that only one of them knows is
 * there too. Inlined calls are frames of their own. The nodes lie in preorder
 * with the heaviest child first, so a subtree is a range of the array and every
 * walk is a loop: there is no recursion, however deep the stacks are.
 *
 *	for (uint32_t child = node + 1; child < nodes[node].end; child = nodes[child].end)
 *		...the children of node, heaviest first...
 */
#ifndef SEEP_TREE_CALL_TREE_H
#define SEEP_TREE_CALL_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

/* In a tree of two profiles; a tree of one has all zero in CALL_BASE. */
enum call_side { CALL_NOW, CALL_BASE, CALL_SIDE_COUNT };

/* Bytes or objects, by enum call_value. */
struct call_values {
	double of[CALL_VALUE_COUNT];
};

enum call_kind {
	CALL_ROOT, /* node 0, above every stack */
	CALL_FUNCTION,
	CALL_TRUNCATED, /* stands for the unknown callers of stacks that were cut */
	CALL_NO_STACK,  /* allocations whose stack is not known, or no longer known */
};

/* A function as it appears in the tree. Frames are equal when function and module are; of a module the file name counts
 * up to ".so", so that two builds can be compared. */
struct call_frame {
	const char *function; /* never NULL */
	const char *module;   /* path; "" if there is none */
	enum call_kind kind;
};

struct call_node {
	uint32_t frame;      /* index into frames */
	uint32_t parent;     /* 0 for the root itself */
	uint32_t end;        /* one past the last node of its subtree */
	uint32_t depth;      /* the root's is 0 */
	const char *file;    /* of the line below; NULL if unknown */
	uint32_t line;       /* where most of its bytes in use were asked for, then most allocated; 0 if unknown */
	uint32_t line_count; /* different lines of the function that are on such stacks */
	bool inlined;        /* into its caller, wherever it was seen here */
	double width; /* of the value that the tree is arranged by: sum over the subtree of the larger of flat now and
			 flat base. In a tree of one profile that is the cumulative value. */
	struct call_values flat[CALL_SIDE_COUNT];       /* allocated by the function itself */
	struct call_values cumulative[CALL_SIDE_COUNT]; /* flat and everything that it called */
};

struct call_tree {
	struct call_frame *frames;
	uint32_t frame_count;
	struct call_node *nodes; /* node 0 is the root; there is always one */
	uint32_t node_count;
	uint32_t depth_max; /* largest depth of a node */
	bool differential;  /* made of two profiles */
	uint64_t
	    cut_stacks; /* stacks for whose last frames there was no room: they count for the last caller that had room */
	enum call_value arranged_by;
	struct string_pool *strings; /* owns every text above */
};

/* The tree of one profile (base NULL) or of two, arranged by in-use space. The profiles must have been symbolized; they
 * may be freed before the tree. */
struct call_tree *call_tree_build(const struct profile *now, const struct profile *base);
void call_tree_free(struct call_tree *tree);

/* Orders children by this value (by width, then by the function's name) and fills `width`. Node indices change. */
void call_tree_arrange(struct call_tree *tree, enum call_value value);

/* "inuse_space" and so on, by enum call_value; ends with NULL. */
extern const char *const call_value_names[];
const char *call_value_name(enum call_value value);

/* The profile's value of a measure. */
static inline double call_value_of(const struct profile_site *site, enum call_value value)
{
	const struct seep_measure *measure = call_value_is_in_use(value) ? &site->in_use : &site->allocated;
	const struct seep_sum *sum = call_value_is_space(value) ? &measure->bytes : &measure->objects;

	return sum->uncertain + sum->certain;
}

#endif
