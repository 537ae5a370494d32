/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines are shown, and in which order: sections of a function or a file, the largest first, each with the lines that
 * have values and those around them. */
#ifndef SEEP_SOURCE_SOURCE_VIEW_H
#define SEEP_SOURCE_SOURCE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "source/line_table.h"
#include "source/sources.h"

/* What the user asked for. */
struct source_query {
	/* functions, FILE or FILE:LINE; none: the functions whose lines asked for most memory */
	const char *const *patterns;
	size_t pattern_count;
	uint32_t context; /* lines on both sides of a line with a value */
	uint32_t top;     /* the most sections */
};

struct view_line {
	uint32_t number;  /* in the file; 0: some lines are left out here */
	uint32_t row;     /* index into table->rows; UINT32_MAX: the line has no value */
	const char *text; /* NULL: it can't be shown */
	uint32_t bytes;
};

struct view_section {
	uint32_t function; /* index into table->functions; UINT32_MAX: the section is a whole file */
	uint32_t key;      /* of its members */
	uint32_t only;     /* the line that was asked for; 0: all lines with values */
	const char *file;  /* NULL: its lines are unknown */
	uint32_t module;
	struct line_value flat, cumulative; /* for a whole file, `cumulative` is empty */
	const struct source *source;        /* NULL if `file` is */
	bool is_newer, is_short; /* the file is newer than the program, or ends before a line that it should have */
	struct view_line *lines;
	uint32_t line_count, line_capacity;
};

struct source_view {
	const struct line_table *table;
	struct view_section *sections;
	uint32_t count, capacity;
	uint32_t left_out;             /* number of sections beyond `top` */
	struct source_member *members; /* the lines of all sections, sorted by the sections' keys */
	uint32_t member_count, member_capacity;
};

void source_view_build(struct source_view *view, const struct line_table *table, struct sources *sources,
		       const struct source_query *query);
void source_view_free(struct source_view *view);

/* Indices into table->calls, sorted by row, then the largest first; the caller frees the array. */
uint32_t *source_order_calls(const struct line_table *table);

/* The calls of one row. */
const uint32_t *source_calls_of(const struct line_table *table, const uint32_t *order, uint32_t row, uint32_t *count);

#endif
