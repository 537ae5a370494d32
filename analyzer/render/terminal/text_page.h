/* SPDX-License-Identifier: Apache-2.0 */
/* The page that text is written on: a buffer, its width, whether it has colours. Columns are counted in characters, not
 * bytes. */
#ifndef SEEP_TERMINAL_TEXT_PAGE_H
#define SEEP_TERMINAL_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define TEXT_COLUMNS 80 /* if nothing is known */
#define TEXT_ROWS 24

enum text_style {
	STYLE_PLAIN,
	STYLE_STRONG,  /* headings, the function that allocates */
	STYLE_FAINT,   /* details for completeness */
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

/* Lines of the terminal; TEXT_ROWS if the descriptor is none. */
unsigned text_page_rows(int descriptor);

/* Writes text in a style. Text in any style but the plain one must not contain newlines. */
void text_write(struct text_page *page, enum text_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes parts with ", " or another separator between them, behind `used` columns that are written already; a part that
 * would pass the page's edge goes to the next line, `indent` columns in. No newline at the end. */
void text_write_parts(struct text_page *page, const struct buffer *parts, size_t count, const char *separator,
		      unsigned used, unsigned indent);

/* Writes a line of words, broken between words where the page ends, from `indent` columns on, and a newline. */
void text_write_words(struct text_page *page, enum text_style style, const char *text, unsigned indent);

/* The same on a line that is written up to that column. */
void text_write_words_behind(struct text_page *page, enum text_style style, const char *text, unsigned indent);

/* The same behind a label and two blanks: "GROWING  3 of 9 places"; lines that go on begin below the text. */
void text_write_labelled(struct text_page *page, enum text_style style, const char *label, const char *text);

/* Columns that a text takes. */
unsigned text_columns(const char *text);

#endif
