/* SPDX-License-Identifier: Apache-2.0 */
/* A line of source made fit to show: its writer may have hidden control sequences for terminals in it, or characters
 * that reorder text. */
#ifndef SEEP_SOURCE_SOURCE_TEXT_H
#define SEEP_SOURCE_SOURCE_TEXT_H

#include <stddef.h>

#include "base/buffer.h"

enum { SOURCE_TAB = 4, SOURCE_LINE_BYTES = 400 };

/* Columns in front of the text, a tab to the next SOURCE_TAB; SIZE_MAX where there is nothing else. */
size_t source_text_indent(const char *text, size_t bytes);

/* Appends the text without `indent` blanks in front of it and any behind. Control characters and marks that reorder text
 * become U+FFFD, tabs blanks; a very long line is cut with "...". */
void source_text_append(struct buffer *out, const char *text, size_t bytes, size_t indent);

#endif
