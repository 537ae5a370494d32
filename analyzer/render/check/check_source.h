/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the sources a row is, as the tools want it that show a finding beside the code. */
#ifndef SEEP_RENDER_CHECK_CHECK_SOURCE_H
#define SEEP_RENDER_CHECK_CHECK_SOURCE_H

#include "base/buffer.h"
#include "check/check_row.h"

/* The source line of a row's place; NULL: it is not known. */
const struct source_line *check_row_line(const struct check_row *row);

/* The file of a row's place: below the working directory, which is taken to be the repository's, without that. Where it is
 * not known, the file of budgets. Returns the line, 1 where none is known. */
uint32_t check_source_append(struct buffer *out, const struct check *check, const struct check_row *row);

/* The same number for the same finding in another run: of the budget and the function, not of amounts and lines. */
uint64_t check_row_identity(const struct check_row *row);

#endif
