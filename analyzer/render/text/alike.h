/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of a table would read alike: stacks of which only places, leaves and a few callers are shown, and places
 * in functions that differ only in their template arguments. */
#ifndef SEEP_TEXT_ALIKE_H
#define SEEP_TEXT_ALIKE_H

#include "compare/group.h"

/* Fills `is_ambiguous` and `telling_callers` in a table by stack or by place; does nothing to other tables. */
void rows_tell_apart(struct group_table *table);

#endif
