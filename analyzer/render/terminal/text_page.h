/* SPDX-License-Identifier: Apache-2.0 */
/* The page for text: a buffer, its width, and whether it has colours. Columns count characters, not bytes. */
#ifndef SEEP_TERMINAL_TEXT_PAGE_H
#define SEEP_TERMINAL_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define TEXT_COLUMNS 80 /* the width if nothing is known */
#define TEXT_ROWS 24

enum text_style {
	STYLE_PLAIN,
	STYLE_STRONG,  /* headings, the function that allocates */
	STYLE_FAINT,   /* details that complete the picture */
	STYLE_GROWN,   /* red */
	STYLE_SHRUNK,  /* blue */
	STYLE_WARNING, /* yellow */
	STYLE_COUNT
};

struct text_page {
	struct buffer *out;
	unsigned columns;
	bool colored;
};

/* The page for a file descriptor. Width: the environment's COLUMNS, else the terminal's if it has more than 80 columns,
 * else 80. Colours: on a terminal, unless NO_COLOR is set to something or TERM is dumb. */
struct text_page text_page_for(struct buffer *out, int descriptor);

/* The terminal's lines; TEXT_ROWS if the descriptor is not a terminal. */
unsigned text_page_rows(int descriptor);

/* Writes text in a style. Only text in the plain style may contain newlines. */
void text_write(struct text_page *page, enum text_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes parts with ", " or another separator between them, on a line that has `used` columns already. A part that
 * would pass the page's edge goes to the next line, `indent` columns in. No newline at the end. */
void text_write_parts(struct text_page *page, const struct buffer *parts, size_t count, const char *separator,
		      unsigned used, unsigned indent);

/* Writes words and a newline, from column `indent` on, breaking lines between words at the page's edge. */
void text_write_words(struct text_page *page, enum text_style style, const char *text, unsigned indent);

/* The same on a line that is written already up to that column. */
void text_write_words_behind(struct text_page *page, enum text_style style, const char *text, unsigned indent);

/* The same after a label and two blanks, as in "GROWING  3 of 9 places"; further lines begin below the text. */
void text_write_labelled(struct text_page *page, enum text_style style, const char *label, const char *text);

/* The number of columns that a text takes. */
unsigned text_columns(const char *text);

#endif
