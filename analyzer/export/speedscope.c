/* SPDX-License-Identifier: Apache-2.0 */
/* speedscope's file format: one table of frames, and "sampled" profiles whose samples are stacks of frame numbers,
 * callers first, each with a weight. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "export/export.h"
#include "export/rows.h"

struct frame {
	const char *function, *file;
	uint32_t line;
};

struct writer {
	struct json json;
	struct export_rows rows;
	struct frame *frames;
	uint32_t frame_count, frame_capacity;
	struct numbering known; /* by a frame's hash */
	uint32_t *path;         /* room for a stack's locations, outermost first */
	uint32_t path_capacity;
	struct buffer *stacks; /* by row: the frame numbers as JSON, without brackets */
};

/* The rows of a profile: all or, in a difference, those that grew or shrank. */
enum direction { DIRECTION_ALL, DIRECTION_GREW, DIRECTION_SHRANK };
static const char *const direction_names[] = {
    [DIRECTION_ALL] = "", [DIRECTION_GREW] = ", grew", [DIRECTION_SHRANK] = ", shrank"};

static uint32_t frame_number(struct writer *writer, const char *function, const char *file, uint32_t line)
{
	uint64_t key = hash_bytes(hash_secret(), function, strlen(function) + 1);
	bool is_new;

	key = hash_bytes(hash_bytes(key, &line, sizeof line), file ? file : "", file ? strlen(file) : 0);
	const uint32_t number = numbering_put(&writer->known, key, &is_new);
	if (is_new) {
		ARRAY_RESERVE(writer->frames, writer->frame_count, writer->frame_capacity);
		writer->frames[writer->frame_count++] = (struct frame){function, file, line};
	}
	return number;
}

static void frame_append(struct writer *writer, struct buffer *stack, const char *function, const char *file,
			 uint32_t line)
{
	if (stack->length)
		buffer_append_byte(stack, ',');
	buffer_append_unsigned(stack, frame_number(writer, function, file, line));
}

static void stack_fill(struct writer *writer, struct buffer *stack, const struct export_row *row)
{
	const struct profile_site *site = row->site;
	const struct profile_node *nodes = row->profile->nodes;
	uint32_t level = site->depth;

	if (level > writer->path_capacity) {
		writer->path_capacity = 2 * level;
		writer->path = memory_resize(writer->path, writer->path_capacity, sizeof *writer->path);
	}
	for (uint32_t node = site->node; node; node = nodes[node].parent)
		writer->path[--level] = nodes[node].location;

	if (site->label)
		frame_append(writer, stack, row->profile->modules[site->label].path, NULL, 0);
	if (site->depth == 0)
		frame_append(writer, stack, profile_site_stand_in(site), NULL, 0);
	else if (site->truncated)
		frame_append(writer, stack, EXPORT_STACK_CUT, NULL, 0);
	for (; level < site->depth; level++) {
		const struct profile_location *location = &row->profile->locations[writer->path[level]];
		const struct source_line *lines = profile_lines(row->profile, location);
		for (uint32_t k = location->line_count; k-- > 0;)
			frame_append(writer, stack, lines[k].function, lines[k].file, lines[k].line);
	}
}

static void frames_write(struct writer *writer)
{
	struct json *json = &writer->json;

	json_begin_object(json_key(json, "shared"));
	json_begin_array(json_key(json, "frames"));
	for (uint32_t i = 0; i < writer->frame_count; i++) {
		const struct frame *frame = &writer->frames[i];
		json_begin_object(json);
		json_text(json_key(json, "name"), frame->function);
		if (frame->file) {
			json_text(json_key(json, "file"), frame->file);
		}
		if (frame->line) {
			json_unsigned(json_key(json, "line"), frame->line);
		}
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
}

/* A row's weight in a profile, a whole number; 0: the row is not in it. */
static double row_weight(const struct export_row *row, enum call_value value, enum direction direction)
{
	const double weight = round(row->values.of[value]) * (direction == DIRECTION_SHRANK ? -1 : 1);

	return weight > 0 ? weight : 0;
}

static void profile_write(struct writer *writer, enum call_value value, enum direction direction)
{
	struct json *json = &writer->json;
	struct buffer name = {0};
	double total = 0;

	buffer_printf(&name, "%s%s", call_value_name(value), direction_names[direction]);
	json_begin_object(json);
	json_text(json_key(json, "type"), "sampled");
	json_text(json_key(json, "name"), name.data);
	json_text(json_key(json, "unit"), call_value_is_space(value) ? "bytes" : "none");
	json_unsigned(json_key(json, "startValue"), 0);
	json_begin_array(json_key(json, "samples"));
	for (uint32_t i = 0; i < writer->rows.count; i++) {
		if (row_weight(&writer->rows.rows[i], value, direction) == 0)
			continue;
		json_begin_array(json);
		buffer_append(json->out, writer->stacks[i].data, writer->stacks[i].length);
		json_end_array(json);
	}
	json_end_array(json);
	json_begin_array(json_key(json, "weights"));
	for (uint32_t i = 0; i < writer->rows.count; i++) {
		const double weight = row_weight(&writer->rows.rows[i], value, direction);
		total += weight;
		if (weight > 0)
			json_rounded(json, weight);
	}
	json_end_array(json);
	json_rounded(json_key(json, "endValue"), total);
	json_end_object(json);
	buffer_free(&name);
}

static void document_write(struct writer *writer, const struct profile *now, const struct profile *base)
{
	struct json *json = &writer->json;
	const bool is_difference = base != NULL;
	const uint32_t lacks = now->lacks | (base ? base->lacks : 0);

	json_begin_object(json);
	json_text(json_key(json, "$schema"), "https://www.speedscope.app/file-format-schema.json");
	json_text(json_key(json, "exporter"), "seep " SEEP_VERSION);
	json_text(json_key(json, "name"), now->command && *now->command ? now->command : now->source);
	json_unsigned(json_key(json, "activeProfileIndex"), 0);
	frames_write(writer);
	json_begin_array(json_key(json, "profiles"));
	for (int value = 0; value < CALL_VALUE_COUNT; value++) {
		if (lacks >> value & 1)
			continue;
		profile_write(writer, value, is_difference ? DIRECTION_GREW : DIRECTION_ALL);
		if (is_difference)
			profile_write(writer, value, DIRECTION_SHRANK);
	}
	json_end_array(json);
	json_end_object(json);
	buffer_append_byte(json->out, '\n');
}

void export_speedscope(struct buffer *out, const struct profile *now, const struct profile *base)
{
	struct writer writer = {.json = {.out = out}};

	export_rows_build(&writer.rows, now, base);
	writer.stacks = memory_allocate((size_t)writer.rows.count + 1, sizeof *writer.stacks);
	for (uint32_t i = 0; i < writer.rows.count; i++)
		stack_fill(&writer, &writer.stacks[i], &writer.rows.rows[i]);
	document_write(&writer, now, base);
	for (uint32_t i = 0; i < writer.rows.count; i++)
		buffer_free(&writer.stacks[i]);
	free(writer.stacks);
	free(writer.path);
	free(writer.frames);
	numbering_free(&writer.known);
	export_rows_free(&writer.rows);
}
