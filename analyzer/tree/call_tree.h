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
	CALL_NARROW,    /* stands for the narrow ones among its caller's calls, with all that they call */
};

/* A function as it appears in the tree. Frames are equal when function and module are; of a module the file name counts
 * up to ".so", so that two builds can be compared. */
struct call_frame {
	const char *function; /* never NULL */
	uint32_t module;      /* index into modules */
	enum call_kind kind;
};

struct call_node {
	uint32_t frame;           /* index into frames */
	uint32_t parent;          /* 0 for the root itself */
	uint32_t end;             /* one past the last node of its subtree */
	uint32_t depth;           /* the root's is 0 */
	uint32_t own;             /* index into the tree's `own`; 0: the function itself allocated nothing */
	uint32_t line;            /* where most of its bytes in use were asked for, then most allocated; 0 if unknown */
	uint32_t line_count : 31; /* different lines of the function that are on such stacks */
	bool inlined : 1;         /* into its caller, wherever it was seen here */
	const char *file;         /* of the line; NULL if unknown */
	double width; /* of the value that the tree is arranged by: sum over the subtree of the larger of own now and
			 own base. In a tree of one profile that is the cumulative value. */
	/* Its own and everything that it called: of the value that the tree is arranged by and of its companion, bytes
	 * and objects. */
	struct call_sum {
		double space, objects;
	} now;
};

struct call_tree {
	struct call_frame *frames;
	uint32_t frame_count;
	const char **modules; /* paths; the first is "", none */
	uint32_t module_count;
	struct call_node *nodes; /* node 0 is the root; there is always one */
	uint32_t node_count;
	struct call_values
	    *own[CALL_SIDE_COUNT]; /* what nodes allocated themselves; [CALL_BASE] NULL: not differential */
	struct call_sum *base;     /* by node, as its `now`; NULL: not differential */
	uint32_t depth_max;        /* largest depth of a node */
	bool differential;         /* made of two profiles */
	uint64_t
	    cut_stacks; /* stacks for whose last frames there was no room: they count for the last caller that had room */
	uint32_t narrow; /* nodes for which others stand */
	enum call_value arranged_by;
	struct string_pool *strings; /* of modules and files */
};

/* The tree of one profile (base NULL) or of two, arranged by `value`. The profiles must have been symbolized; the
 * functions' names stay theirs. */
struct call_tree *call_tree_build(const struct profile *now, const struct profile *base, enum call_value value);
/* The same with the widest nodes alone, about so many if there are more: of its other calls, each has one node. */
struct call_tree *call_tree_build_widest(const struct profile *now, const struct profile *base, enum call_value value,
					 uint32_t most);
void call_tree_free(struct call_tree *tree);

/* Orders the children of a tree that was just built by this value (by width, then by the function's name), and fills
 * `width`. Node indices change. */
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

/* What the function itself allocated, of any value. */
static inline double call_tree_own(const struct call_tree *tree, const struct call_node *node, enum call_side side,
				   enum call_value value)
{
	return node->own && tree->own[side] ? tree->own[side][node->own].of[value] : 0;
}

/* That and everything that it called, of the value that the tree is arranged by or of its companion. */
static inline double call_tree_sum(const struct call_tree *tree, const struct call_node *node, enum call_side side,
				   bool space)
{
	const struct call_sum *sum = side == CALL_NOW ? &node->now
				     : tree->base     ? &tree->base[node - tree->nodes]
						      : NULL;

	return !sum ? 0 : space ? sum->space : sum->objects;
}

#endif
