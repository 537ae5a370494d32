/* SPDX-License-Identifier: Apache-2.0 */
/* Where a row is in the sources, for tools that show a finding beside the code. */
#ifndef SEEP_RENDER_CHECK_CHECK_SOURCE_H
#define SEEP_RENDER_CHECK_CHECK_SOURCE_H

#include "base/buffer.h"
#include "check/check_row.h"

/* The source line of a row's place; NULL: unknown. */
const struct source_line *check_row_line(const struct check_row *row);

/* Appends the file of a row's place; a path below the working directory, which is taken to be the repository's, is
 * relative to it. If the file is unknown, appends the file of budgets. Returns the line, or 1 if it is unknown. */
uint32_t check_source_append(struct buffer *out, const struct check *check, const struct check_row *row);

/* A number that is the same for the same finding in another run: made of the budget and the function, but not of
 * amounts and lines. */
uint64_t check_row_identity(const struct check_row *row);

#endif
