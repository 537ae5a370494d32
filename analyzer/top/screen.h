/* SPDX-License-Identifier: Apache-2.0 */
/* The screen as lines of text: the same on a terminal and without one. */
#ifndef SEEP_TOP_SCREEN_H
#define SEEP_TOP_SCREEN_H

#include "render/terminal/text_page.h"
#include "top/model.h"

#define SCREEN_COLUMNS_LEAST 80
#define SCREEN_ROWS_LEAST 24

/* Writes the whole screen of `lines` lines. Returns the selected line, from 0 on; `lines`: none. */
unsigned screen_write(struct text_page *page, struct model *model, unsigned lines);

/* Writes the head and the first rows, for a file or a pipe. */
void screen_write_table(struct text_page *page, const struct model *model, size_t rows);

#endif
