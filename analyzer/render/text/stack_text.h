/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks in a table: the allocating function with its place in the source, and below it the callers that say most about
 * the program. */
#ifndef SEEP_TEXT_STACK_TEXT_H
#define SEEP_TEXT_STACK_TEXT_H

#include "compare/inventory.h"
#include "render/terminal/table.h"
#include "render/terminal/text_page.h"

enum { CALLER_INDENT = 4 }; /* of the lines below a table's row */

/* The title of such a column; for places it is "where". */
const char *group_title(enum group_by by);

/*
 * Ends a table row whose text begins in column `start` with the group's function, file:line, and newlines. A part that
 * does not fit goes to its own line, `indent` columns in.
 *
 * A group that is one stack is also named by its place. If the place is not the leaf (it called a library's container,
 * or a wrapper of malloc), a line "-> leaf" follows. If another stack has the same place and leaf, each call between
 * them gets a line.
 */
void group_write_name(struct text_page *page, const struct group *group, enum group_by by, unsigned start,
		      unsigned indent);

/* For a group that is one stack: the callers of that function, a line for each, up to the program's main function. A
 * run of library frames becomes one line, and so do the remaining callers. For a place, one line with the calls that
 * its stacks share. The name above began in column `start`. */
void group_write_callers(struct text_page *page, const struct group *group, enum group_by by, unsigned start,
			 unsigned indent, unsigned frames);

/* A table's row: its cells, the group's name, and the nearest callers below it. */
void group_write_row(struct text_page *page, const struct table *table, uint32_t row, const struct group *group,
		     enum group_by by);

/* All rows of an inventory's table: titles, the groups that are shown, the total behind them; and the number of groups. */
void inventory_write_rows(struct text_page *page, const struct table *table, const struct inventory *inventory,
			  uint32_t shown);

#endif
