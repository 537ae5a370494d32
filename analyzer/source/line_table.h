/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of each line of source. *Flat* is the memory that the line itself asked for, being the place of the stack
 * (place/place.h), as in `seep report --by=line`; so flat values add up to the whole. *Cumulative* is the memory of all
 * stacks that pass through the line, each counted once. An inlined call counts at its own line and at the line into
 * which it was inlined.
 */
#ifndef SEEP_SOURCE_LINE_TABLE_H
#define SEEP_SOURCE_LINE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/comparison.h"
#include "compare/inventory.h"
#include "statistics/interval.h"

/* A sum over stacks of the value that the table shows. */
struct line_value {
	struct seep_sum more; /* in use or allocated; for growth, the new samples */
	struct seep_sum less; /* for growth, the gone samples */
	double largest;       /* objects for which the largest sample ever stood: bounds what was never seen */
};

struct line_sum {
	struct line_value flat, cumulative;
	uint32_t last_stack; /* + 1: the last stack that was added to `cumulative` */
};

struct source_row { /* one line */
	const char *file;
	uint32_t line;
	uint32_t module; /* index into table->modules */
	struct line_sum sum;
};

struct source_function {
	const char *name;
	const char *file; /* NULL: its lines are unknown */
	uint32_t module;
	struct line_sum sum;
};

/* The calls of one function that were inlined into a line. */
struct source_call {
	uint32_t row; /* index into rows: the line into which they were inlined */
	uint32_t function;
	uint32_t first_line, last_line; /* in the function's file; 0: unknown */
	struct line_sum sum;
};

/* One of a function's lines. */
struct source_member {
	uint32_t function, row;
};

struct source_module {
	const char *path;
	const char *symbols; /* where the names came from */
	const uint8_t *build_id;
	uint32_t build_id_bytes;
};

struct line_table {
	/* The source of the values; one of the two is NULL. */
	const struct inventory *inventory;
	const struct comparison *comparison;
	enum inventory_order
	    order; /* which values; with a comparison, those in use are growth, and those allocated count from BEFORE */
	struct line_value total;
	struct string_pool *texts;
	struct source_row *rows;
	uint32_t row_count, row_capacity;
	struct source_function *functions;
	uint32_t function_count, function_capacity;
	struct source_call *calls;
	uint32_t call_count, call_capacity;
	struct source_member *members;
	uint32_t member_count, member_capacity;
	struct source_module *modules;
	uint32_t module_count, module_capacity;
	struct numbering row_index, function_index, call_index, member_index, module_index; /* by content */
};

/* The inventory or comparison must have been built by stack, and must outlive the table. */
void line_table_of_inventory(struct line_table *table, const struct inventory *inventory, enum inventory_order order);
void line_table_of_comparison(struct line_table *table, const struct comparison *comparison,
			      enum inventory_order order);
void line_table_free(struct line_table *table);

/* The row of a line; UINT32_MAX: no stack passes through it. `file` must be one of the table's texts. */
uint32_t line_table_row(const struct line_table *table, const char *file, uint32_t line);

bool line_table_is_growth(const struct line_table *table);
bool line_table_has_intervals(const struct line_table *table);
/* The later profile, or the only one. */
const struct profile *line_table_profile(const struct line_table *table);

double line_value_estimate(const struct line_value *value);
/* Requires line_table_has_intervals(). */
struct interval line_value_interval(const struct line_table *table, const struct line_value *value);
void line_value_add(struct line_value *to, const struct line_value *more);

#endif
