/* SPDX-License-Identifier: Apache-2.0 */
/* Which stacks of a table would read alike where only their places, leaves and a few callers are shown. */
#ifndef SEEP_TEXT_ALIKE_H
#define SEEP_TEXT_ALIKE_H

#include "compare/group.h"

/* Fills `is_ambiguous` and `telling_callers` of a table by stack; of another one it does nothing. */
void stacks_tell_apart(struct group_table *table);

#endif
