/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a line of source fit to show: its author may have hidden control sequences for terminals in it, or characters
 * that reorder text. */
#ifndef SEEP_SOURCE_SOURCE_TEXT_H
#define SEEP_SOURCE_SOURCE_TEXT_H

#include <stddef.h>

#include "base/buffer.h"

enum { SOURCE_TAB = 4, SOURCE_LINE_BYTES = 400 };

/* Columns of blanks in front of the text, counting a tab up to the next SOURCE_TAB; SIZE_MAX if there is nothing
 * else. */
size_t source_text_indent(const char *text, size_t bytes);

/* Appends the text without `indent` columns of blanks in front and without blanks at its end. Control characters and
 * marks that reorder text become U+FFFD, tabs become blanks; a very long line is cut with "...". */
void source_text_append(struct buffer *out, const char *text, size_t bytes, size_t indent);

#endif
