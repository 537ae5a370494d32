/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of known_blocks.c: how blocks refer to each other. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "known_blocks.h"

/* Lists: by their heads, both ways, by a member in the middle, by the last of a ring; a tail that is cut off, and a whole one. */
struct node {
	struct node *next, *before;
	char rest[80];
	struct link {
		struct link *next;
	} link;
};
struct node *forward, *cut, *ring; /* not static: the compiler would leave it out, because nobody reads it */
struct link *linked;
static APART struct node *list_make(void)
{
	struct node *head = NULL;

	EACH(i)
	{
		struct node *node = calloc(1, sizeof *node);
		node->next = head;
		if (head)
			head->before = node;
		head = node;
	}
	return head;
}
static APART void keep_list(void)
{
	forward = list_make();
}
static APART void keep_ring(void)
{
	struct node *first = ring = list_make();

	while (ring->next)
		ring = ring->next;
	ring->next = first;
}
static APART void keep_linked(void)
{
	EACH(i)
	{
		struct node *node = calloc(1, sizeof *node);
		node->link.next = linked;
		linked = &node->link;
	}
}
static APART void lose_list(void)
{
	(void)*(volatile char *)list_make();
}
static APART void lose_tail(void)
{
	struct node *tail = list_make();

	cut = malloc(sizeof *cut);
	cut->next = tail;
	cut->next = NULL;
	tail->before = cut; /* it refers to a kept block, and not the other way round */
}
void lists(void)
{
	keep_list(), keep_ring(), keep_linked(), lose_list(), lose_tail();
}

/* Trees whose nodes know their parents; a subtree is cut off. */
struct tree {
	struct tree *parent, *children[2];
	long key;
};
struct tree *root;
static APART struct tree *tree_make(struct tree *parent, int depth)
{
	struct tree *tree = calloc(1, sizeof *tree);

	tree->parent = parent;
	for (int i = 0; depth && i < 2; i++)
		tree->children[i] = tree_make(tree, depth - 1);
	return tree;
}
static APART void keep_tree(void)
{
	root = tree_make(NULL, 6);
}
static APART void lose_subtree(void)
{
	struct tree *at = root;

	while (at->children[0])
		at = at->children[0];
	at->children[1] = tree_make(at, 6);
	at->children[1] = NULL;
}
static APART void lose_tree(void)
{
	(void)*(volatile char *)tree_make(NULL, 6);
}
void trees(void)
{
	keep_tree(), lose_subtree(), lose_tree();
}

/* Tables: of pointers, hashed with chains, grown; entries that are deleted, and a table that is lost with its entries. */
void **table, **sparse, **grown;
struct node *chains[32];
APART void **table_make(void)
{
	void **made = malloc(N * sizeof *made);

	EACH(i) made[i] = filled(70);
	return made;
}
APART void keep_table(void)
{
	table = table_make();
}
static APART void keep_chains(void)
{
	EACH(i)
	{
		struct node *node = calloc(1, sizeof *node);
		node->next = chains[i % 32];
		chains[i % 32] = node;
	}
}
static APART void keep_grown(void)
{
	EACH(i)
	{
		grown = realloc(grown, (size_t)(i + 1) * sizeof *grown);
		grown[i] = filled(90);
	}
}
static APART void lose_deleted(void)
{
	sparse = table_make();
	memset(sparse, 0, N * sizeof *sparse);
}
static APART void lose_table(void)
{
	(void)*(void *volatile *)table_make();
}
void tables(void)
{
	keep_table(), keep_chains(), keep_grown(), lose_deleted(), lose_table();
}

/* Pointers into blocks: to any byte, the last one, one that is aligned by hand. */
char *bytes[N], *ends[N], *aligned[N];
static APART void keep_interior(void)
{
	EACH(i) bytes[i] = (char *)filled(300) + 1 + i;
}
static APART void keep_by_last(void)
{
	EACH(i) ends[i] = (char *)filled(64 + (size_t)i) + 63 + i;
}
static APART void keep_aligned(void)
{
	EACH(i) aligned[i] = (char *)(((uintptr_t)filled(1000) + 511) & ~(uintptr_t)511);
}
static APART void lose_beside(void)
{
	EACH(i)(void) * (volatile char *)filled(300);
}
void interior(void)
{
	keep_interior(), keep_by_last(), keep_aligned(), lose_beside();
}

/* Marks in the bits of pointers that are always 0 otherwise. */
uintptr_t low_marks[N], high_marks[N];
static APART void keep_marked_low(void)
{
	EACH(i) low_marks[i] = (uintptr_t)filled(250) | (uintptr_t)(i % 8);
}
static APART void keep_marked_high(void)
{
	EACH(i) high_marks[i] = (uintptr_t)filled(260) | (uintptr_t)(i + 1) << 48;
}
static APART void lose_unmarked(void)
{
	EACH(i)(void) * (volatile char *)filled(255);
}
void marked(void)
{
	keep_marked_low(), keep_marked_high(), lose_unmarked();
}
