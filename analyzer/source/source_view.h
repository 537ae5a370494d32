/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines are shown, and in which order: sections of a function or a file, the largest first, each with the lines that
 * have values and those around them. */
#ifndef SEEP_SOURCE_SOURCE_VIEW_H
#define SEEP_SOURCE_SOURCE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "source/line_table.h"
#include "source/sources.h"

/* What is asked for. */
struct source_query {
	const char *const *patterns; /* functions, FILE or FILE:LINE; none: the functions whose lines asked for most */
	size_t pattern_count;
	uint32_t context; /* lines on both sides of one with a value */
	uint32_t top;     /* sections, at most */
};

struct view_line {
	uint32_t number;  /* in the file; 0: lines are left out here */
	uint32_t row;     /* into table->rows; UINT32_MAX: no value */
	const char *text; /* NULL: can't be shown */
	uint32_t bytes;
};

struct view_section {
	uint32_t function; /* into table->functions; UINT32_MAX: a whole file */
	uint32_t key;      /* of its members */
	uint32_t only;     /* the line that was asked for; 0: all that have values */
	const char *file;  /* NULL: no lines are known */
	uint32_t module;
	struct line_value flat, cumulative; /* of a whole file, the latter is empty */
	const struct source *source;        /* NULL where file is */
	bool is_newer, is_short;            /* the file is newer than the program, or ends before a line */
	struct view_line *lines;
	uint32_t line_count, line_capacity;
};

struct source_view {
	const struct line_table *table;
	struct view_section *sections;
	uint32_t count, capacity;
	uint32_t left_out;             /* sections beyond `top` */
	struct source_member *members; /* the lines of all sections, by the sections' keys */
	uint32_t member_count, member_capacity;
};

void source_view_build(struct source_view *view, const struct line_table *table, struct sources *sources,
		       const struct source_query *query);
void source_view_free(struct source_view *view);

/* Indices into table->calls by row, then the largest first; the caller frees the array. */
uint32_t *source_order_calls(const struct line_table *table);

/* Those of one row. */
const uint32_t *source_calls_of(const struct line_table *table, const uint32_t *order, uint32_t row, uint32_t *count);

#endif
