/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks in a table: the allocating function with its place in the source, and under it the callers that say most about
 * the program. */
#ifndef SEEP_TEXT_STACK_TEXT_H
#define SEEP_TEXT_STACK_TEXT_H

#include "compare/group.h"
#include "render/terminal/table.h"
#include "render/terminal/text_page.h"

enum { CALLER_INDENT = 4 }; /* of what stands below a row of a table */

/* The title of such a column: "where" of places. */
const char *group_title(enum group_by by);

/*
 * Ends a table row whose text begins in column `start`: the group's function and file:line, and newlines. A part that
 * does not fit goes to a line of its own, `indent` columns in.
 *
 * A group that is one stack is named by its place, too. Where that is not the leaf (it called a library's container, or a
 * wrapper of malloc), a line "-> leaf" follows, and where another stack has the same two, a line for each call between them.
 */
void group_write_name(struct text_page *page, const struct group *group, enum group_by by, unsigned start,
		      unsigned indent);

/* For a group that is one stack: the callers of that function, a line each, up to the program's main function. A run of
 * library frames becomes one line, and so do the callers that are left. */
void group_write_callers(struct text_page *page, const struct group *group, enum group_by by, unsigned indent,
			 unsigned frames);

/* A row of a table: its cells, the group's name, and below it the nearest callers. */
void group_write_row(struct text_page *page, const struct table *table, uint32_t row, const struct group *group,
		     enum group_by by);

#endif
