/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The call tree: who called whom on the way to an allocation, callers first.
 *
 * It is built from one symbolized profile, or from two that are compared; then every node has the values of both, and
 * nodes that only one of them has are there, too. Inlined calls are frames of their own. The nodes lie in preorder with
 * the heaviest child first, so a subtree is a range of the array and every walk is a loop: there is no recursion,
 * however deep the stacks are.
 *
 * *       for (uint32_t child = node + 1; child < nodes[node].end; child = nodes[child].end) *            ...the
 * children of node, heaviest first...
 */
#ifndef SEEP_TREE_CALL_TREE_H
#define SEEP_TREE_CALL_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

/* In a tree of two profiles; in a tree of one, CALL_BASE is all zero. */
enum call_side { CALL_NOW, CALL_BASE, CALL_SIDE_COUNT };

/* Bytes or objects, by enum call_value. */
struct call_values {
	double of[CALL_VALUE_COUNT];
};

enum call_kind {
	CALL_ROOT, /* node 0, above every stack */
	CALL_FUNCTION,
	CALL_LABEL,     /* stands above the stacks of a label (seep_label()) */
	CALL_TRUNCATED, /* stands for the unknown callers of stacks that were cut */
	CALL_NO_STACK,  /* allocations whose stack is not known, or not any more */
	CALL_NARROW,    /* stands for the narrow calls of its caller, with everything below them */
};

/* A function in the tree. Frames are equal if function and module are. Of a module's file name only the part up to
 * ".so" counts, so that two builds can be compared. */
struct call_frame {
	const char *function; /* NULL only where no node has the frame any more */
	uint32_t module;      /* index into modules */
	enum call_kind kind;
};

struct call_node {
	uint32_t frame;  /* index into frames */
	uint32_t parent; /* 0 for the root itself */
	uint32_t end;    /* one past the last node of its subtree; while the tree is built, its first child */
	uint32_t depth;  /* the root's is 0 */
	uint32_t own;    /* index into the tree's `own`; 0: the function itself allocated nothing */
	uint32_t line;   /* the line that asked for most of its bytes in use, then most allocated; 0: unknown */
	uint32_t line_count : 31; /* how many of the function's lines are on such stacks */
	bool inlined : 1;         /* into its caller, wherever it was seen here */
	const char *file;         /* the line's file; NULL: unknown */
	/* by the value by which the tree is arranged: the sum over the subtree of the larger of own now and own base.
	 * In a tree of one profile this is the cumulative value */
	double width;
	/* A node's own value and that of everything it called: for the value by which the tree is arranged, and for its
	 * companion (bytes and objects). */
	struct call_sum {
		double space, objects;
	} now;
};

struct call_tree {
	struct call_frame *frames;
	uint32_t frame_count;
	const char **modules; /* paths; the first is "", which stands for none */
	uint32_t module_count;
	struct call_node *nodes; /* node 0 is the root; there is always one */
	uint32_t node_count;
	struct call_values
	    /* what nodes allocated themselves; [CALL_BASE] is NULL unless the tree is differential */
	    *own[CALL_SIDE_COUNT];
	struct call_sum *base; /* by node, like its `now`; NULL unless the tree is differential */
	uint32_t depth_max;    /* largest depth of a node */
	bool differential;     /* made of two profiles */
	uint64_t
	    cut_stacks; /* stacks for whose last frames there was no room: they count for the last caller that had room */
	uint32_t narrow; /* nodes for which others stand */
	enum call_value arranged_by;
	struct string_pool *strings; /* owns the texts of modules and files */
};

/* The tree of one profile (base NULL) or of two, arranged by `value`. The profiles must have been symbolized; they keep
 * the functions' names. */
struct call_tree *call_tree_build(const struct profile *now, const struct profile *base, enum call_value value);
/* The same with only the widest nodes, about `most` if there are more: the narrow calls of a node share one node. */
struct call_tree *call_tree_build_widest(const struct profile *now, const struct profile *base, enum call_value value,
					 uint32_t most);
void call_tree_free(struct call_tree *tree);

/* Sorts the children of a tree that was just built by this value (by width, then by the function's name), and fills
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

/* The function's own allocations, for any value. */
static inline double call_tree_own(const struct call_tree *tree, const struct call_node *node, enum call_side side,
				   enum call_value value)
{
	return node->own && tree->own[side] ? tree->own[side][node->own].of[value] : 0;
}

/* These, and those of everything that it called: for the value by which the tree is arranged, or for its companion. */
static inline double call_tree_sum(const struct call_tree *tree, const struct call_node *node, enum call_side side,
				   bool space)
{
	const struct call_sum *sum = side == CALL_NOW ? &node->now
				     : tree->base     ? &tree->base[node - tree->nodes]
						      : NULL;

	return !sum ? 0 : space ? sum->space : sum->objects;
}

#endif
