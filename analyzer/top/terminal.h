/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal, by ncurses, which is loaded when a view begins: linked to seep, it would slow down the start of every
 * command. Text comes as a text_page writes it, with our marks of style and in UTF-8; a terminal with another encoding
 * gets ASCII.
 */
#ifndef SEEP_TOP_TERMINAL_H
#define SEEP_TOP_TERMINAL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

/* Whether standard input and output are a terminal on which a screen can be drawn. */
bool terminal_is_there(void);

/* False: there is no ncurses, or it does not know the terminal. */
bool terminal_open(struct error *error);
void terminal_close(void);

void terminal_size(unsigned *columns, unsigned *lines);
/* Draws lines of text, and highlights the selected one. */
void terminal_draw(const struct buffer *text, unsigned selected);
/* A key that was pressed (top/view.h); -1: none. */
int terminal_key(void);

#endif
