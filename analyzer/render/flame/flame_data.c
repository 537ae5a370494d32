/* SPDX-License-Identifier: Apache-2.0 */
/* The tree in the form that the page's script reads: see the header. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "render/flame/flame_colour.h"
#include "render/flame/flame_private.h"
#include "render/terminal/name_text.h"
#include "render/flame/xml.h"

enum {
	NAME_BYTES_MAX = 1000, /* longer names are cut */
	SHORT_COLUMNS = 40,    /* longer names also have a short form */
};

struct flame_data {
	struct buffer *out;
	const struct call_tree *tree;
	struct buffer clean;    /* a text that is fit for the page */
	struct buffer scratch;  /* JSON before it is escaped for XML */
	uint32_t *frame_number; /* by frame: number among the used frames + 1 */
	uint32_t *frames;       /* the frames that are used */
	uint32_t frame_count;
	/* Texts that many nodes share, by their pointers, which are equal where the texts are. */
	struct numbering modules, files;
	unsigned decimals; /* for values: whole numbers would be too coarse if the total is small */
};

static uint32_t text_number(struct numbering *texts, const char *text)
{
	bool is_new;

	return numbering_put(texts, (uintptr_t)text, &is_new);
}

static bool node_is_used(const struct call_node *node)
{
	return node->width > 0;
}

static void part_begin(struct flame_data *data, const char *name)
{
	buffer_printf(data->out, "<script type=\"application/json\" data-part=\"%s\">[", name);
}

static void part_end(struct flame_data *data)
{
	buffer_append_text(data->out, "]</script>\n");
}

/* Rounds a value that is not negative, halves up. */
static uint64_t whole_number(double value)
{
	const uint64_t below = value < 9e18 ? (uint64_t)value : (uint64_t)9e18;

	return below + (value < 9e18 && value - (double)below >= 0.5);
}

/* Shortest decimal form of a value that is not negative. */
static void number_append(struct buffer *out, double value, unsigned decimals)
{
	static const double scales[] = {1, 10, 100, 1000};
	char digits[32];
	size_t at = sizeof digits;
	uint64_t scaled = whole_number(value * scales[decimals]);

	for (; decimals && scaled % 10 == 0; decimals--)
		scaled /= 10;
	for (unsigned written = 0; scaled || written <= decimals; written++) {
		if (written == decimals && decimals)
			digits[--at] = '.';
		digits[--at] = (char)('0' + scaled % 10);
		scaled /= 10;
	}
	buffer_append(out, digits + at, sizeof digits - at);
}

/* Cuts and cleans the texts, whatever happened to them before, because the script puts them on the page unchanged. */
static const char *text_clean(struct flame_data *data, const char *text)
{
	text_make_safe(&data->clean, text, strlen(text), NAME_BYTES_MAX);
	return data->clean.data;
}

/* ASCII that JSON and XML can hold unescaped. */
static bool is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\' && c != '&' && c != '<' && c != '>' && c != '\'';
}

static size_t plain_length(const char *text)
{
	size_t length = 0;

	while (length < NAME_BYTES_MAX && is_plain(text[length]))
		length++;
	return length;
}

static void text_append(struct flame_data *data, const char *text)
{
	const size_t plain = plain_length(text);

	if (!text[plain]) {
		buffer_append_text(data->out, "&quot;");
		buffer_append(data->out, text, plain);
		buffer_append_text(data->out, "&quot;");
		return;
	}
	data->scratch.length = 0;
	json_text(&(struct json){.out = &data->scratch}, text_clean(data, text));
	xml_append(data->out, data->scratch.data, data->scratch.length);
}

static void texts_append(struct flame_data *data, const char *name, const struct numbering *texts)
{
	part_begin(data, name);
	for (uint32_t i = 0; i < texts->count; i++) {
		if (i)
			buffer_append_byte(data->out, ',');
		text_append(data, (const char *)(uintptr_t)texts->keys[i]);
	}
	part_end(data);
}

static double column_frame(struct flame_data *data, const struct call_node *node)
{
	return data->frame_number[node->frame] - 1;
}

static double column_depth(struct flame_data *data, const struct call_node *node)
{
	(void)data;
	return node->depth;
}

static double column_file(struct flame_data *data, const struct call_node *node)
{
	return node->file ? text_number(&data->files, node->file) + 1 : 0;
}

static double column_line(struct flame_data *data, const struct call_node *node)
{
	(void)data;
	return node->line;
}

static double column_width(struct flame_data *data, const struct call_node *node)
{
	(void)data;
	return node->width;
}

static double column_space(struct flame_data *data, const struct call_node *node)
{
	return call_tree_sum(data->tree, node, CALL_NOW, true);
}

static double column_objects(struct flame_data *data, const struct call_node *node)
{
	return call_tree_sum(data->tree, node, CALL_NOW, false);
}

static double column_base_space(struct flame_data *data, const struct call_node *node)
{
	return call_tree_sum(data->tree, node, CALL_BASE, true);
}

static double column_base_objects(struct flame_data *data, const struct call_node *node)
{
	return call_tree_sum(data->tree, node, CALL_BASE, false);
}

static const struct column {
	const char *name;
	double (*read)(struct flame_data *data, const struct call_node *node);
	bool is_value;     /* an estimate, not an index or a count */
	bool differential; /* only in differential trees */
} columns[] = {
    {"depth", column_depth, false, false},
    {"frame", column_frame, false, false},
    {"file", column_file, false, false},
    {"line", column_line, false, false},
    {"space", column_space, true, false},
    {"objects", column_objects, true, false},
    {"width", column_width, true, true},
    {"base_space", column_base_space, true, true},
    {"base_objects", column_base_objects, true, true},
};

static void column_append(struct flame_data *data, const struct column *column)
{
	const struct call_tree *tree = data->tree;

	part_begin(data, column->name);
	for (uint32_t i = 0; i < tree->node_count; i++) {
		if (i && !node_is_used(&tree->nodes[i]))
			continue;
		if (i)
			buffer_append_byte(data->out, ',');
		number_append(data->out, column->read(data, &tree->nodes[i]), column->is_value ? data->decimals : 0);
	}
	part_end(data);
}

/* Writes values that only a few nodes have: the node's number, then the value; with `pairs`, two values. */
static void sparse_append(struct flame_data *data, const char *name, bool pairs,
			  uint32_t (*read)(const struct call_node *node))
{
	const struct call_tree *tree = data->tree;
	uint32_t number = 0;
	bool comma = false;

	part_begin(data, name);
	for (uint32_t i = 0; i < tree->node_count; i++) {
		if (i && !node_is_used(&tree->nodes[i]))
			continue;
		uint32_t value = read(&tree->nodes[i]);
		if (value) {
			if (comma)
				buffer_append_byte(data->out, ',');
			buffer_append_unsigned(data->out, number);
			if (pairs) {
				buffer_append_byte(data->out, ',');
				buffer_append_unsigned(data->out, value);
			}
			comma = true;
		}
		number++;
	}
	part_end(data);
}

static uint32_t node_inlined(const struct call_node *node)
{
	return node->inlined;
}

static uint32_t node_more_lines(const struct call_node *node)
{
	return node->line_count > 1 ? node->line_count : 0;
}

static void frames_number(struct flame_data *data)
{
	const struct call_tree *tree = data->tree;

	for (uint32_t i = 0; i < tree->node_count; i++) {
		uint32_t frame = tree->nodes[i].frame;
		if ((i && !node_is_used(&tree->nodes[i])) || data->frame_number[frame])
			continue;
		data->frames[data->frame_count] = frame;
		data->frame_number[frame] = ++data->frame_count;
	}
}

/* Writes short forms of long names, for narrow frames: pairs of frame and text. */
static void shorts_append(struct flame_data *data)
{
	struct buffer text = {0};
	bool comma = false;

	part_begin(data, "frame_short");
	for (uint32_t i = 0; i < data->frame_count; i++) {
		const char *name = data->tree->frames[data->frames[i]].function;
		if (strlen(name) <= SHORT_COLUMNS)
			continue;
		text.length = 0;
		name_append(&text, name, SHORT_COLUMNS);
		if (strcmp(text.data, name) == 0)
			continue;
		buffer_printf(data->out, "%s%u,", comma ? "," : "", i);
		text_append(data, text.data);
		comma = true;
	}
	part_end(data);
	buffer_free(&text);
}

/* Writes the index'th number of an array. */
static void element_append(struct buffer *out, uint32_t index, uint32_t number)
{
	if (index)
		buffer_append_byte(out, ',');
	buffer_append_unsigned(out, number);
}

static void frames_append(struct flame_data *data)
{
	const struct call_frame *frames = data->tree->frames;

	part_begin(data, "frame_name");
	for (uint32_t i = 0; i < data->frame_count; i++) {
		if (i)
			buffer_append_byte(data->out, ',');
		text_append(data, frames[data->frames[i]].function);
	}
	part_end(data);
	shorts_append(data);
	part_begin(data, "frame_module");
	for (uint32_t i = 0; i < data->frame_count; i++)
		element_append(data->out, i,
			       text_number(&data->modules, data->tree->modules[frames[data->frames[i]].module]));
	part_end(data);
	part_begin(data, "frame_colour");
	unsigned *bands = memory_allocate(data->tree->module_count, sizeof *bands);
	for (uint32_t i = 0; i < data->tree->module_count; i++)
		bands[i] = flame_module_band(data->tree->modules[i]);
	for (uint32_t i = 0; i < data->frame_count; i++) {
		const struct call_frame *frame = &frames[data->frames[i]];
		element_append(data->out, i, flame_frame_colour(frame, bands[frame->module]));
	}
	free(bands);
	part_end(data);
}

static void lines_append(struct flame_data *data, struct json *json, const char *key, const struct buffer *lines,
			 unsigned count)
{
	json_begin_array(json_key(json, key));
	for (unsigned i = 0; i < count; i++)
		json_text(json, text_clean(data, lines[i].data));
	json_end_array(json);
}

/* Writes everything that is not about single nodes. */
static void about_append(struct flame_data *data, const struct flame_caption *caption)
{
	struct json json = {.out = &data->scratch};
	bool differential = data->tree->differential;

	data->scratch.length = 0;
	json_begin_object(&json);
	json_text(json_key(&json, "value"), call_value_name(data->tree->arranged_by));
	json_bool(json_key(&json, "differential"), differential);
	json_text(json_key(&json, "title"), text_clean(data, caption->title.data));
	lines_append(data, &json, "totals", caption->totals, caption->total_count);
	lines_append(data, &json, "foot", caption->foot, caption->foot_count);
	json_begin_array(json_key(&json, "colours"));
	for (unsigned i = 0; i < (differential ? FLAME_CHANGE_COLOURS : FLAME_COLOURS); i++)
		json_text(&json, differential ? flame_change_colour(i).text : flame_colour(i).text);
	json_end_array(&json);
	json_end_object(&json);
	part_begin(data, "about");
	xml_append(data->out, data->scratch.data, data->scratch.length);
	part_end(data);
}

void flame_data_append(struct buffer *out, const struct call_tree *tree, const struct flame_caption *caption)
{
	struct flame_data data = {
	    .out = out,
	    .tree = tree,
	    .frame_number = memory_allocate(tree->frame_count, sizeof(uint32_t)),
	    .frames = memory_allocate(tree->frame_count, sizeof(uint32_t)),
	    .decimals = tree->nodes[0].width < 1e6 ? 3 : 0,
	};

	about_append(&data, caption);
	frames_number(&data);
	frames_append(&data);
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		if (tree->differential || !columns[i].differential)
			column_append(&data, &columns[i]);
	sparse_append(&data, "inlined", false, node_inlined);
	sparse_append(&data, "lines", true, node_more_lines);
	texts_append(&data, "modules", &data.modules);
	texts_append(&data, "files", &data.files);
	numbering_free(&data.modules);
	numbering_free(&data.files);
	free(data.frame_number);
	free(data.frames);
	buffer_free(&data.scratch);
	buffer_free(&data.clean);
}
