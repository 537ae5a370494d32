/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call tree as text: see the header.
 *
 *	  in use   share  callers first
 *	98.1 MiB  100.0%  all
 *	                  main  server.c:7210
 *	                  aeMain  ae.c:496
 *	                  ... 4 more calls ...
 *	                  call  server.c:3519
 *	60.2 MiB   61.4%  + setCommand  t_string.c:103
 *	59.0 MiB   60.1%    dbAdd  db.c:187
 *	1.20 MiB    1.2%    (and 3 smaller branches)
 *	35.9 MiB   36.6%  + lpushCommand  t_list.c:251
 *
 * A line with "+" is one of several branches; a line without is called by the
 * one above it. The nodes are walked in preorder, which is the order of the
 * lines, and of siblings the heaviest stand first: when a node is too small to
 * draw, so is the rest of its parent's range.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "files/path.h"
#include "render/terminal/name_text.h"
#include "render/words/quantity.h"
#include "render/terminal/text_page.h"
#include "render/text/tree_text.h"

enum {
	COLUMNS_LEAST = 60,
	INDENT_STEP = 2,
	CHAIN_FIRST = 3, /* frames that are printed at the start of a long chain of single calls */
	CHAIN_LAST = 4,  /* frames that are printed at its end */
};

struct tree_text {
	struct buffer *out;
	const struct call_tree *tree;
	uint32_t columns;
	uint32_t columns_left; /* columns that the numbers in front of the tree leave */
	double least;          /* width of the smallest branch that is drawn */
	uint32_t *indent;      /* of nodes that are printed */
};

static struct quantity value_text(const struct call_tree *tree, double value)
{
	return call_value_is_space(tree->arranged_by) ? quantity_bytes(value) : quantity_count(value);
}

static void numbers_title(struct tree_text *text)
{
	static const char *const titles[CALL_VALUE_COUNT] = {"in use", "in use", "allocated", "allocated"};

	if (text->tree->differential)
		buffer_printf(text->out, "%10s ", "change");
	buffer_printf(text->out, "%10s %7s  callers first\n", titles[text->tree->arranged_by], "share");
}

static double sum_of(const struct tree_text *text, uint32_t node, enum call_side side)
{
	return call_tree_sum(text->tree, &text->tree->nodes[node], side, call_value_is_space(text->tree->arranged_by));
}

static double own_of(const struct tree_text *text, uint32_t node, enum call_side side)
{
	return call_tree_own(text->tree, &text->tree->nodes[node], side, text->tree->arranged_by);
}

static void numbers_print(struct tree_text *text, double now, double base)
{
	const struct call_tree *tree = text->tree;
	double whole = sum_of(text, 0, CALL_NOW);

	if (tree->differential) {
		struct quantity amount = value_text(tree, now - base);
		char change[32];
		snprintf(change, sizeof change, "%s%s", now - base >= 0.5 ? "+" : "", amount.text);
		buffer_printf(text->out, "%10s ", change);
	}
	buffer_printf(text->out, "%10s %6.1f%%  ", value_text(tree, now).text, whole > 0 ? 100 * now / whole : 0);
}

static void blanks_print(struct tree_text *text, uint32_t count)
{
	buffer_printf(text->out, "%*s", (int)count, "");
}

/* Writes the frame's function, shortened to the rest of the line, and its place in the source if that still fits. */
static void frame_print(struct tree_text *text, const struct call_node *node, uint32_t used)
{
	const char *function = text->tree->frames[node->frame].function;
	unsigned room = text->columns - used, length = text_columns(function);
	char place[96] = "";

	name_append(text->out, function, room);
	if (node->file)
		snprintf(place, sizeof place, "  %s:%u%s", path_base_name(node->file), node->line,
			 node->inlined ? " (inlined)" : "");
	if (length + text_columns(place) <= room)
		buffer_append_text(text->out, place);
	buffer_append_byte(text->out, '\n');
}

static bool node_is_drawn(const struct tree_text *text, uint32_t node)
{
	double width = text->tree->nodes[node].width;

	return node == 0 || (width > 0 && width >= text->least);
}

/* A function's own allocations are a branch of their own if it also calls functions that allocated. */
static bool self_is_drawn(const struct tree_text *text, uint32_t node)
{
	const struct call_node *nodes = text->tree->nodes;
	double now = own_of(text, node, CALL_NOW), base = own_of(text, node, CALL_BASE);
	double width = now > base ? now : base;

	return nodes[node].end > node + 1 && node_is_drawn(text, node + 1) && width > 0 && width >= text->least;
}

/* Whether more than one line would stand directly below the node, not counting the line for small branches. */
static bool node_branches(const struct tree_text *text, uint32_t node)
{
	const struct call_node *nodes = text->tree->nodes;
	uint32_t lines = self_is_drawn(text, node);

	for (uint32_t child = node + 1; lines < 2 && child < nodes[node].end && node_is_drawn(text, child);
	     child = nodes[child].end)
		lines++;
	return lines > 1;
}

/* Deep trees must not leave the page: the indentation stops growing at half of the columns that the numbers leave. */
static uint32_t indent_below(const struct tree_text *text, uint32_t node)
{
	uint32_t indent = text->indent[node];

	if (node_branches(text, node) && indent + INDENT_STEP <= (text->columns - text->columns_left) / 2)
		return indent + INDENT_STEP;
	return indent;
}

static void node_print(struct tree_text *text, uint32_t node)
{
	const struct call_node *nodes = text->tree->nodes;
	uint32_t parent = nodes[node].parent;
	bool branch = node && node_branches(text, parent);

	text->indent[node] = node ? indent_below(text, parent) : 0;
	if (node && !branch && nodes[node].width >= nodes[parent].width)
		blanks_print(text, text->columns_left);
	else
		numbers_print(text, sum_of(text, node, CALL_NOW), sum_of(text, node, CALL_BASE));
	uint32_t indent = text->indent[node];
	if (branch && indent >= INDENT_STEP) {
		blanks_print(text, indent - INDENT_STEP);
		buffer_append_text(text->out, "+ ");
	} else {
		blanks_print(text, indent);
	}
	frame_print(text, &nodes[node], text->columns_left + indent);
	if (self_is_drawn(text, node)) {
		numbers_print(text, own_of(text, node, CALL_NOW), own_of(text, node, CALL_BASE));
		blanks_print(text, indent_below(text, node) - INDENT_STEP);
		buffer_append_text(text->out, "+ (itself)\n");
	}
}

/* Writes a line for `first` and the siblings after it, which are all too small to draw; nothing for those without any
 * value (everything they allocated was freed). */
static void rest_print(struct tree_text *text, uint32_t parent, uint32_t first)
{
	const struct call_node *nodes = text->tree->nodes;
	double sum[CALL_SIDE_COUNT] = {0};
	uint32_t branches = 0;

	for (uint32_t child = first; child < nodes[parent].end && nodes[child].width > 0; child = nodes[child].end) {
		for (int side = 0; side < CALL_SIDE_COUNT; side++)
			sum[side] += sum_of(text, child, side);
		branches++;
	}
	if (!branches)
		return;
	numbers_print(text, sum[CALL_NOW], sum[CALL_BASE]);
	blanks_print(text, indent_below(text, parent));
	buffer_printf(text->out, "(%s%u smaller branch%s)\n", first > parent + 1 ? "and " : "", branches,
		      branches == 1 ? "" : "es");
}

/* Counts the nodes, from this one on, whose whole value comes from their first child; their other children have no
 * value. */
static uint32_t chain_length(const struct tree_text *text, uint32_t node)
{
	const struct call_node *nodes = text->tree->nodes;
	uint32_t length = 1;

	while (nodes[node].width > 0 && nodes[node].end > node + 1 && nodes[node + 1].width >= nodes[node].width) {
		length++;
		node++;
	}
	return length;
}

static void chain_print(struct tree_text *text, uint32_t node, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++) {
		if (length > CHAIN_FIRST + CHAIN_LAST + 1 && i == CHAIN_FIRST) {
			uint32_t folded = length - CHAIN_FIRST - CHAIN_LAST;
			blanks_print(text, text->columns_left + text->indent[node]);
			buffer_printf(text->out, "... %u more calls ...\n", folded);
			i += folded;
			text->indent[node + i - 1] = text->indent[node];
		}
		node_print(text, node + i);
	}
}

void tree_text_render(struct buffer *out, const struct call_tree *tree, const struct tree_text_options *options)
{
	struct tree_text text = {
	    .out = out,
	    .tree = tree,
	    .columns = options->columns ? options->columns : TEXT_COLUMNS,
	    .columns_left = tree->differential ? 31 : 20,
	    .least = options->share_least * tree->nodes[0].width,
	    .indent = memory_allocate(tree->node_count, sizeof(uint32_t)),
	};

	if (text.columns < COLUMNS_LEAST)
		text.columns = COLUMNS_LEAST;
	numbers_title(&text);
	for (uint32_t node = 0; node < tree->node_count;) {
		if (node_is_drawn(&text, node)) {
			uint32_t length = chain_length(&text, node);
			chain_print(&text, node, length);
			node += length;
		} else {
			uint32_t parent = tree->nodes[node].parent;
			rest_print(&text, parent, node);
			node = tree->nodes[parent].end;
		}
	}
	free(text.indent);
}
