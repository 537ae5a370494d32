/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flame graph as SVG, as it looks without scripts: 1200 wide, with a title on each frame as its tooltip, and names
 * cut to their frames. Then come the data and the script, which takes over the drawing. The measures here are those of
 * analyzer/render/flame/flame_draw.js and flame.css.
 *
 * `place` says, for every depth, where the next frame of that depth begins: preorder visits siblings from left to
 * right, and their parent before them.
 */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "files/path.h"
#include "render/flame/flame.h"
#include "render/flame/flame_colour.h"
#include "render/flame/flame_private.h"
#include "render/terminal/name_text.h"
#include "render/words/quantity.h"
#include "statistics/selection.h"
#include "render/flame/xml.h"

enum {
	PAGE_WIDTH = 1200,
	MARGIN = 16,
	ROW_HEIGHT = 18,
	FRAME_HEIGHT = 17,
	TITLE_BASELINE = 36,
	LINE_HEIGHT = 19,
	LINE_COLUMNS = 170, /* of a line of the heading or the foot */
	TITLE_COLUMNS = 110,
	TOOLTIP_COLUMNS = 300,
	LABEL_COLUMNS_LEAST = 4,
	FRAMES_MAX = 4000, /* more frames would make the file large, and tell a reader without scripts nothing */
	DASH_LEAST = 6,    /* pixels; a dashed outline on a narrower frame is only noise */
};
static const double pixels_least = 0.5;     /* narrower frames go into a grey block */
static const double character_width = 7.23; /* a character of the frames' font at 12 px: 0.6 em in all common fonts */

struct drawing {
	struct buffer *out;
	const struct call_tree *tree;
	double scale;  /* pixels a unit of width */
	double top;    /* of the root's row */
	double least;  /* units of width; narrower frames go into a grey block */
	double *place; /* by depth, in units of width */
	struct buffer label;
	struct buffer blocks; /* path of the grey blocks */
	uint32_t narrow_count;
	uint32_t rows;
};

static void lines_append(struct buffer *out, const struct buffer *lines, unsigned count, double baseline)
{
	for (unsigned i = 0; i < count; i++) {
		buffer_printf(out, "<text class=\"line\" x=\"%d\" y=\"%.0f\">", MARGIN, baseline + LINE_HEIGHT * i);
		xml_append_label(out, lines[i].data, LINE_COLUMNS);
		buffer_append_text(out, "</text>\n");
	}
}

static void value_append(struct buffer *out, const struct call_tree *tree, const struct call_node *node, bool is_space)
{
	double now = call_tree_sum(tree, node, CALL_NOW, is_space),
	       base = call_tree_sum(tree, node, CALL_BASE, is_space);
	const char *unit = is_space ? "bytes" : "objects";

	if (tree->differential)
		buffer_printf(out, "before %s, after %s %s", quantity_exact(base).text, quantity_exact(now).text, unit);
	else if (is_space)
		buffer_printf(out, "%s (%s bytes)", quantity_bytes(now).text, quantity_exact(now).text);
	else
		buffer_printf(out, "%s objects", quantity_exact(now).text);
}

static void tooltip_append(struct drawing *drawing, const struct call_node *node)
{
	const struct call_tree *tree = drawing->tree;
	const struct call_frame *frame = &tree->frames[node->frame];
	const char *module = tree->modules[frame->module];
	struct buffer *out = drawing->out;

	buffer_append_text(out, "<title>");
	xml_append_label(out, frame->function, TOOLTIP_COLUMNS);
	if (node->file) {
		buffer_append_byte(out, '\n');
		xml_append_label(out, node->file, TOOLTIP_COLUMNS);
		buffer_printf(out, ":%u%s", node->line, node->inlined ? " (inlined)" : "");
	}
	if (*module) {
		buffer_append_byte(out, '\n');
		xml_append_label(out, module, TOOLTIP_COLUMNS);
	}
	buffer_append_byte(out, '\n');
	value_append(out, tree, node, true);
	buffer_append_byte(out, '\n');
	value_append(out, tree, node, false);
	buffer_append_byte(out, '\n');
	xml_append_text(out, quantity_share(node->width, tree->nodes[0].width).text);
	buffer_append_text(out, " of all, ");
	xml_append_text(out, quantity_share(node->width, tree->nodes[node->parent].width).text);
	buffer_append_text(out, " of its caller</title>");
}

static void frame_append(struct drawing *drawing, const struct call_node *node, double x)
{
	const struct call_tree *tree = drawing->tree;
	const struct call_frame *frame = &tree->frames[node->frame];
	const bool is_space = call_value_is_space(tree->arranged_by);
	double now = call_tree_sum(tree, node, CALL_NOW, is_space),
	       base = call_tree_sum(tree, node, CALL_BASE, is_space);
	double y = drawing->top + ROW_HEIGHT * node->depth;
	double width = node->width * drawing->scale;
	double gap = width > 3 ? 1 : width * 0.2; /* keeps neighbours apart, however narrow they are */
	struct flame_colour colour =
	    tree->differential
		? flame_change_colour(flame_change_index(now, base))
		: flame_colour(flame_frame_colour(frame, flame_module_band(tree->modules[frame->module])));
	struct buffer *out = drawing->out;

	buffer_append_text(out, "<g>");
	tooltip_append(drawing, node);
	buffer_printf(out, "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" rx=\"%d\" fill=\"%s\"%s/>", x, y,
		      width - gap, FRAME_HEIGHT, width > 6 ? 2 : 0, colour.text,
		      tree->differential && now <= 0 && width > DASH_LEAST ? " class=\"gone\"" : "");
	double columns = (width - 8) / character_width;
	if (columns >= LABEL_COLUMNS_LEAST) {
		buffer_printf(out, "<text x=\"%.2f\" y=\"%.0f\">", x + 4, y + 13);
		drawing->label.length = 0;
		name_append(&drawing->label, frame->function, (unsigned)columns);
		xml_append_label(out, drawing->label.data, (size_t)columns);
		buffer_append_text(out, "</text>");
	}
	buffer_append_text(out, "</g>\n");
}

/* One grey block for this node and all siblings after it, which are no wider. Returns where to go on. */
static uint32_t block_append(struct drawing *drawing, uint32_t index)
{
	const struct call_node *nodes = drawing->tree->nodes;
	uint32_t parent = nodes[index].parent, end = nodes[parent].end, depth = nodes[index].depth;
	double width = 0;

	for (uint32_t i = index; i < end; i++)
		drawing->narrow_count += nodes[i].width > 0;
	for (uint32_t child = index; child < end; child = nodes[child].end)
		width += nodes[child].width;
	if (width * drawing->scale >= pixels_least)
		buffer_printf(&drawing->blocks, "M%.2f %.0fh%.2fv%dh-%.2fz",
			      MARGIN + drawing->place[depth] * drawing->scale, drawing->top + ROW_HEIGHT * depth,
			      width * drawing->scale, FRAME_HEIGHT, width * drawing->scale);
	return end;
}

/* The width below which frames are not drawn: half a pixel, or more if there would be too many. */
static double least_width(const struct drawing *drawing)
{
	const struct call_tree *tree = drawing->tree;
	double least = drawing->scale > 0 ? pixels_least / drawing->scale : 0;

	if (tree->node_count <= FRAMES_MAX)
		return least;
	double *widths = memory_allocate(tree->node_count, sizeof *widths);
	double *scratch = memory_allocate(tree->node_count, sizeof *scratch);
	for (uint32_t i = 0; i < tree->node_count; i++)
		widths[i] = tree->nodes[i].width;
	struct selection selection = {.values = widths, .scratch = scratch, .count = tree->node_count};
	/* of frames with the same width, all are drawn, or none */
	double next = nextafter(select_place(&selection, tree->node_count - 1 - FRAMES_MAX), INFINITY);
	free(widths);
	free(scratch);
	return next > least ? next : least;
}

static void frames_append(struct drawing *drawing)
{
	const struct call_tree *tree = drawing->tree;

	buffer_append_text(drawing->out, "<g class=\"frames\">\n");
	for (uint32_t i = 0; i < tree->node_count;) {
		const struct call_node *node = &tree->nodes[i];
		if (i && node->width < drawing->least) {
			i = block_append(drawing, i);
			continue;
		}
		double start = drawing->place[node->depth];
		drawing->place[node->depth] += node->width;
		drawing->place[node->depth + 1] = start;
		frame_append(drawing, node, MARGIN + start * drawing->scale);
		if (node->depth + 1 > drawing->rows)
			drawing->rows = node->depth + 1;
		i++;
	}
	if (drawing->blocks.length)
		buffer_printf(drawing->out, "<path class=\"narrow\" fill=\"#ddd7cf\" d=\"%s\"/>\n",
			      drawing->blocks.data);
	buffer_append_text(drawing->out, "</g>\n");
}

static void legend_append(struct buffer *out, double y)
{
	static const struct {
		unsigned colour;
		const char *text;
		int width;
		const char *attributes;
	} entries[] = {
	    {FLAME_CHANGE_COLOURS - 1, "new", 50, ""}, {FLAME_CHANGE_STEPS + FLAME_CHANGE_STEPS / 2, "grown", 62, ""},
	    {FLAME_CHANGE_STEPS, "unchanged", 88, ""}, {FLAME_CHANGE_STEPS / 2, "shrunk", 66, ""},
	    {0, "vanished", 78, " class=\"gone\""},
	};
	double x = MARGIN;

	buffer_append_text(out, "<g class=\"legend\">\n");
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		buffer_printf(out,
			      "<rect x=\"%.1f\" y=\"%.1f\" width=\"18\" height=\"12\" rx=\"2\" fill=\"%s\"%s/>"
			      "<text class=\"line\" x=\"%.0f\" y=\"%.0f\">%s</text>\n",
			      x + 0.5, y - 10.5, flame_change_colour(entries[i].colour).text, entries[i].attributes,
			      x + 24, y, entries[i].text);
		x += 24 + entries[i].width;
	}
	buffer_printf(
	    out, "<text class=\"line note\" x=\"%.0f\" y=\"%.0f\">width: the larger of before and after</text>\n</g>\n",
	    x, y);
}

static void head_append(struct drawing *drawing, const struct flame_caption *caption)
{
	struct buffer *out = drawing->out;
	double baseline = TITLE_BASELINE + 24;

	buffer_printf(out, "<g class=\"head\">\n<text class=\"heading\" x=\"%d\" y=\"%d\">", MARGIN, TITLE_BASELINE);
	xml_append_label(out, caption->title.data, TITLE_COLUMNS);
	buffer_append_text(out, "</text>\n");
	lines_append(out, caption->totals, caption->total_count, baseline);
	buffer_append_text(out, "</g>\n");
	baseline += LINE_HEIGHT * caption->total_count;
	if (drawing->tree->differential) {
		legend_append(out, baseline + 2);
		baseline += LINE_HEIGHT + 2;
	}
	drawing->top = baseline;
}

static void note_append(struct buffer *out, double *baseline, uint32_t frames, const char *what)
{
	struct buffer note = {0};

	buffer_printf(&note, "%s frames %s", quantity_exact(frames).text, what);
	lines_append(out, &note, 1, *baseline);
	buffer_free(&note);
	*baseline += LINE_HEIGHT;
}

/* Returns the drawing's height. */
static double foot_append(struct drawing *drawing, const struct flame_caption *caption)
{
	struct buffer *out = drawing->out;
	double baseline = drawing->top + ROW_HEIGHT * drawing->rows + 26;

	buffer_append_text(out, "<g class=\"foot\">\n");
	lines_append(out, caption->foot, caption->foot_count, baseline);
	baseline += LINE_HEIGHT * caption->foot_count;
	if (drawing->narrow_count)
		note_append(out, &baseline, drawing->narrow_count,
			    "are too narrow to be drawn and stand as grey blocks: zoom in to see them");
	if (drawing->tree->narrow)
		note_append(
		    out, &baseline, drawing->tree->narrow,
		    "are not in this file: they are the narrowest, and stand as [narrow calls] of their callers");
	buffer_append_text(out, "</g>\n");
	return baseline;
}

static void script_append(struct buffer *out)
{
	static const char opening[] = "(function () {\n\"use strict\";\n", closing[] = "})();\n";
	struct page_source parts[] = {page_flame_tree(), page_flame_draw(), page_flame_use()};

	buffer_append_text(out, "<script>");
	xml_append_cdata(out, opening, sizeof opening - 1);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		xml_append_cdata(out, parts[i].text, parts[i].bytes);
	xml_append_cdata(out, closing, sizeof closing - 1);
	buffer_append_text(out, "</script>\n");
}

void flame_svg_render(struct buffer *out, const struct call_tree *tree, const struct flame_caption *caption)
{
	struct buffer body = {0};
	struct drawing drawing = {
	    .out = &body,
	    .tree = tree,
	    .scale = tree->nodes[0].width > 0 ? (PAGE_WIDTH - 2 * MARGIN) / tree->nodes[0].width : 0,
	    .place = memory_allocate((size_t)tree->depth_max + 2, sizeof(double)),
	};
	struct page_source style = page_flame_style();

	drawing.least = least_width(&drawing);
	head_append(&drawing, caption);
	frames_append(&drawing);
	double height = foot_append(&drawing, caption);

	buffer_printf(out,
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"seep-flame\" width=\"%d\" height=\"%.0f\" "
		      "viewBox=\"0 0 %d %.0f\" font-family=\"sans-serif\" font-size=\"12\">\n<title>",
		      PAGE_WIDTH, height, PAGE_WIDTH, height);
	xml_append_label(out, caption->title.data, TITLE_COLUMNS);
	buffer_append_text(out, "</title>\n<style>");
	xml_append_cdata(out, style.text, style.bytes);
	buffer_append_text(out, "</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#fffdfa\"/>\n");
	buffer_append(out, body.data, body.length);
	flame_data_append(out, tree, caption);
	script_append(out);
	buffer_append_text(out, "</svg>\n");

	buffer_free(&body);
	buffer_free(&drawing.label);
	buffer_free(&drawing.blocks);
	free(drawing.place);
}
