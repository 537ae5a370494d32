/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.proto: a heap profile like Go's and tcmalloc's, with the four values in their usual order. A site's objects
 * in use are split by size and thread, which become labels; another sample holds everything that was ever allocated.
 *
 * Values are whole numbers. The remainder of each rounding is carried to the next sample, so that the totals are right
 * to one byte, however many samples there are.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoding/gzip.h"
#include "export/export.h"
#include "export/pprof_tables.h"
#include "encoding/protobuf.h"
#include "export/rows.h"

/* Larger profiles are packed quickly: in a tenth of the time, and a few percent larger. */
#define PACKED_WELL_BYTES ((size_t)16 << 20)

enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_TIME = 9,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum sample_field { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum label_field { LABEL_KEY = 1, LABEL_TEXT = 2, LABEL_NUMBER = 3, LABEL_UNIT = 4 };

/* The order of the values in every sample. */
static const enum call_value value_order[CALL_VALUE_COUNT] = {CALL_ALLOC_OBJECTS, CALL_ALLOC_SPACE, CALL_INUSE_OBJECTS,
							      CALL_INUSE_SPACE};

/* The part that a stack has in common with an earlier one is packed once, and copied. */
struct stack_ends {
	const struct profile *of;
	uint32_t *places;    /* by node: where its stack begins in `bytes`, + END_PLACES; else enum stack_end */
	struct buffer bytes; /* for each its length and the locations' numbers */
};
enum stack_end { END_UNKNOWN, END_MET, END_PLACES };
enum { STACK_ENDS_MOST = 1 << 30 };

struct writer {
	struct pprof_tables tables;
	struct stack_ends ends[2]; /* of either profile */
	struct buffer stack, values, sample, label;
	uint32_t lacks;                   /* values that are left out, as in profile.h */
	double carried[CALL_VALUE_COUNT]; /* remainders of rounding, each less than one */
	uint64_t thread_text;             /* the text of the thread in the last label; 0: there was none yet */
	uint32_t thread;
	uint64_t bytes_key, thread_key; /* texts of all labels; likewise */
};

/* The number of a text that every sample needs. */
static uint64_t text_known(struct writer *writer, uint64_t *number, const char *text)
{
	if (!*number)
		*number = pprof_text(&writer->tables, text);
	return *number;
}

static void value_type_append(struct writer *writer, uint32_t field, const char *type, const char *unit)
{
	protobuf_unsigned(&writer->sample, 1, pprof_text(&writer->tables, type));
	protobuf_unsigned(&writer->sample, 2, pprof_text(&writer->tables, unit));
	protobuf_message(writer->tables.out, field, &writer->sample);
}

static void head_append(struct writer *writer, const struct profile *now, const struct profile *base, bool has_duration,
			enum call_value shown)
{
	struct buffer *out = writer->tables.out;

	for (int i = 0; i < CALL_VALUE_COUNT; i++)
		if (!(writer->lacks >> value_order[i] & 1))
			value_type_append(writer, PROFILE_SAMPLE_TYPE, call_value_name(value_order[i]),
					  call_value_is_space(value_order[i]) ? "bytes" : "count");
	value_type_append(writer, PROFILE_PERIOD_TYPE, "space", "bytes");
	protobuf_unsigned(out, PROFILE_PERIOD, now->rate);
	protobuf_unsigned(out, PROFILE_DEFAULT_SAMPLE_TYPE,
			  pprof_text(&writer->tables, call_value_name(call_value_instead(shown, writer->lacks))));
	const uint64_t since_ns = base && base->time_ns > now->start_ns ? base->time_ns : now->start_ns;
	const uint64_t age_ns = now->time_ns > now->start_ns ? now->time_ns - now->start_ns : 0;
	if (now->start_unix_ns)
		protobuf_unsigned(out, PROFILE_TIME, now->start_unix_ns + age_ns);
	if (has_duration && now->time_ns > since_ns)
		protobuf_unsigned(out, PROFILE_DURATION, now->time_ns - since_ns);
	if (now->arguments && *now->arguments)
		protobuf_unsigned(out, PROFILE_COMMENT, pprof_text(&writer->tables, now->arguments));
	/* pprof takes the first mapping for the program. */
	for (uint32_t i = 1; i < now->module_count; i++)
		if (now->modules[i].flags & SEEP_MODULE_EXECUTABLE)
			pprof_mapping(&writer->tables, &now->modules[i]);
}

/* Keeps what the stack has from `begin` on for other stacks; returns its place. */
static uint32_t stack_end_add(struct stack_ends *ends, const struct buffer *stack, size_t begin)
{
	const uint32_t place = (uint32_t)ends->bytes.length, length = (uint32_t)(stack->length - begin);

	if (ends->bytes.length > STACK_ENDS_MOST)
		return END_MET;
	buffer_append(&ends->bytes, &length, sizeof length);
	buffer_append(&ends->bytes, stack->data + begin, length);
	return place + END_PLACES;
}

static void stack_end_append(struct buffer *stack, const struct stack_ends *ends, uint32_t place)
{
	const char *end = ends->bytes.data + place - END_PLACES;
	uint32_t length;

	memcpy(&length, end, sizeof length);
	buffer_append(stack, end + sizeof length, length);
}

static struct stack_ends *stack_ends_of(struct writer *writer, const struct profile *profile)
{
	struct stack_ends *ends = &writer->ends[writer->ends[0].of && writer->ends[0].of != profile];

	if (!ends->of)
		*ends = (struct stack_ends){profile, memory_allocate(profile->node_count, sizeof *ends->places), {0}};
	return ends;
}

/* The numbers of the stack's locations from the node outwards, up to a node from which on they are known. */
static void calls_append(struct writer *writer, const struct profile *profile, uint32_t node)
{
	struct stack_ends *ends = stack_ends_of(writer, profile);
	uint32_t met = 0;
	size_t begin = 0;

	for (; node && ends->places[node] < END_PLACES; node = profile->nodes[node].parent) {
		if (!met && ends->places[node] == END_MET) {
			met = node;
			begin = writer->stack.length;
		}
		ends->places[node] = END_MET;
		protobuf_varint(&writer->stack, pprof_location(&writer->tables, profile,
							       &profile->locations[profile->nodes[node].location]));
	}
	if (node)
		stack_end_append(&writer->stack, ends, ends->places[node]);
	if (met)
		ends->places[met] = stack_end_add(ends, &writer->stack, begin);
}

/* Fills `stack` with the locations of a row's stack, leaf first. */
static void stack_fill(struct writer *writer, const struct export_row *row)
{
	writer->stack.length = 0;
	calls_append(writer, row->profile, row->site->node);
	if (row->site->depth == 0)
		protobuf_varint(&writer->stack,
				pprof_made_up_location(&writer->tables, profile_site_stand_in(row->site)));
	else if (row->site->truncated)
		protobuf_varint(&writer->stack, pprof_made_up_location(&writer->tables, EXPORT_STACK_CUT));
}

static void size_label_append(struct writer *writer, uint64_t size)
{
	const uint64_t bytes = text_known(writer, &writer->bytes_key, "bytes");

	protobuf_unsigned(&writer->label, LABEL_KEY, bytes);
	protobuf_unsigned(&writer->label, LABEL_NUMBER, size);
	protobuf_unsigned(&writer->label, LABEL_UNIT, bytes);
	protobuf_message(&writer->sample, SAMPLE_LABEL, &writer->label);
}

/* The thread is a text, though it is a number: pprof would drop the number 0, and would sort threads by size. */
static void thread_label_append(struct writer *writer, uint32_t thread)
{
	char number[16];

	protobuf_unsigned(&writer->label, LABEL_KEY, text_known(writer, &writer->thread_key, "thread"));
	if (!writer->thread_text || writer->thread != thread) {
		snprintf(number, sizeof number, "%u", thread);
		writer->thread_text = pprof_text_copied(&writer->tables, number);
		writer->thread = thread;
	}
	protobuf_unsigned(&writer->label, LABEL_TEXT, writer->thread_text);
	protobuf_message(&writer->sample, SAMPLE_LABEL, &writer->label);
}

/* What the program called its work, as Go's pprof.Do() does. */
static void work_label_append(struct writer *writer, const struct export_row *row)
{
	const char *label = profile_site_label(row->profile, row->site);

	if (!label)
		return;
	protobuf_unsigned(&writer->label, LABEL_KEY, pprof_text(&writer->tables, "label"));
	protobuf_unsigned(&writer->label, LABEL_TEXT, pprof_text(&writer->tables, label));
	protobuf_message(&writer->sample, SAMPLE_LABEL, &writer->label);
}

/* Writes a sample for the stack that was filled last, the row's, unless all its values are zero as whole numbers. */
static void sample_append(struct writer *writer, const struct export_row *row, const struct call_values *values,
			  const struct export_part *part)
{
	bool is_zero = true;

	writer->values.length = 0;
	for (int i = 0; i < CALL_VALUE_COUNT; i++) {
		if (writer->lacks >> value_order[i] & 1)
			continue;
		/* Halves round up, so that the carried remainder (-0.5 or more) makes no value negative. */
		const double exact = values->of[value_order[i]] + writer->carried[i], whole = floor(exact + 0.5);
		writer->carried[i] = exact - whole;
		is_zero = is_zero && whole == 0;
		protobuf_varint(&writer->values, (uint64_t)(int64_t)fmin(fmax(whole, -0x1p62), 0x1p62));
	}
	if (is_zero)
		return;
	protobuf_bytes(&writer->sample, SAMPLE_LOCATIONS, writer->stack.data, writer->stack.length);
	protobuf_bytes(&writer->sample, SAMPLE_VALUES, writer->values.data, writer->values.length);
	work_label_append(writer, row);
	if (part) {
		size_label_append(writer, part->size);
		thread_label_append(writer, part->thread);
	}
	protobuf_message(writer->tables.out, PROFILE_SAMPLE, &writer->sample);
}

static void rows_append(struct writer *writer, const struct export_rows *rows)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < rows->count; i++) {
		struct call_values rest = rows->rows[i].values;
		stack_fill(writer, &rows->rows[i]);
		for (; next < rows->part_count && rows->parts[next].row == i; next++) {
			const struct export_part *part = &rows->parts[next];
			struct call_values values = {0};
			values.of[CALL_INUSE_SPACE] = part->bytes;
			values.of[CALL_INUSE_OBJECTS] = part->objects;
			rest.of[CALL_INUSE_SPACE] -= part->bytes;
			rest.of[CALL_INUSE_OBJECTS] -= part->objects;
			sample_append(writer, &rows->rows[i], &values, part);
		}
		sample_append(writer, &rows->rows[i], &rest, NULL);
	}
}

static void writer_close(struct writer *writer)
{
	pprof_tables_close(&writer->tables);
	for (int i = 0; i < 2; i++) {
		free(writer->ends[i].places);
		buffer_free(&writer->ends[i].bytes);
	}
	buffer_free(&writer->stack);
	buffer_free(&writer->values);
	buffer_free(&writer->sample);
	buffer_free(&writer->label);
}

void export_pprof_plain(struct buffer *out, const struct profile *now, const struct profile *base)
{
	struct writer writer = {.lacks = now->lacks | (base ? base->lacks : 0)};
	struct export_rows rows;

	pprof_tables_open(&writer.tables, out, !base);
	export_rows_build(&rows, now, base);
	head_append(&writer, now, base, true, CALL_INUSE_SPACE);
	rows_append(&writer, &rows);
	export_rows_free(&rows);
	writer_close(&writer);
}

void export_pprof_interval(struct buffer *out, const struct export_interval *interval)
{
	struct writer writer = {.lacks = interval->now->lacks | interval->lacks};

	pprof_tables_open(&writer.tables, out, true);
	head_append(&writer, interval->now, interval->base, interval->has_duration,
		    interval->shows_allocated ? CALL_ALLOC_SPACE : CALL_INUSE_SPACE);
	for (uint32_t i = interval->first; i < interval->first + interval->count; i++) {
		stack_fill(&writer, &interval->rows->rows[i]);
		sample_append(&writer, &interval->rows->rows[i], &interval->rows->rows[i].values, NULL);
	}
	writer_close(&writer);
}

size_t export_pprof(struct buffer *out, const struct profile *now, const struct profile *base)
{
	struct gzip_packing packing;

	gzip_packing_open(&packing, out, PACKED_WELL_BYTES);
	export_pprof_plain(&packing.buffer, now, base);
	return gzip_packing_close(&packing);
}
