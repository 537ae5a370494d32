/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer of `seep leaks` on one screen: the program and its memory; the places that leak, how fast, and why; what
 * else there is; and what could not be seen. The long form (-v) has everything.
 */
#ifndef SEEP_SCREEN_LEAKS_SCREEN_H
#define SEEP_SCREEN_LEAKS_SCREEN_H

#include "leaks/leaks.h"
#include "series/series.h"
#include "render/terminal/text_page.h"

/* Shows the leaks of a series, by place. `recording` is the operand, for the command to type next. Writes at most
 * `rows` lines (24 or more), unless losses and notes alone take more. `beside`: the result of
 * leaks_screen_append_beside(), or NULL. */
void leaks_screen_render(struct text_page *page, const struct leaks *leaks, const struct series *series,
			 const char *recording, unsigned rows, const char *beside);

/* Appends the leaks of memory mapped past malloc, in a few lines for the screen about the heap. */
void leaks_screen_append_beside(struct text_page *page, const struct leaks *leaks, const struct series *series,
				const char *recording);

#endif
