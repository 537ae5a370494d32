/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `seep leaks` says first: the answer on one screen. The program and its
 * memory, the places that leak with how fast and why, what else there is, and what
 * could not be seen. The long form (-v) has everything else.
 */
#ifndef SEEP_SCREEN_LEAKS_SCREEN_H
#define SEEP_SCREEN_LEAKS_SCREEN_H

#include "leaks/leaks.h"
#include "series/series.h"
#include "render/terminal/text_page.h"

/* The leaks of a series, by place. `recording` is the operand, for what to type next. At most `rows` lines are written, 24 at
 * the least, unless losses and notes alone take more. `beside`: what leaks_screen_append_beside() has made; or NULL. */
void leaks_screen_render(struct text_page *page, const struct leaks *leaks, const struct series *series,
			 const char *recording, unsigned rows, const char *beside);

/* The leaks of what was mapped past malloc, in a few lines for the screen of the heap. */
void leaks_screen_append_beside(struct text_page *page, const struct leaks *leaks, const struct series *series,
				const char *recording);

#endif
