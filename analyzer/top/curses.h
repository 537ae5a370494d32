/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of ncurses under their own names: curses.endwin(). */
#ifndef SEEP_TOP_CURSES_H
#define SEEP_TOP_CURSES_H

#if !__has_include(<curses.h>)
#error "ncurses is missing: tests/deps.sh build installs it (Debian's libncurses-dev)"
#endif
#define NCURSES_NOMACROS
#include <curses.h>

#include "base/error.h"

#define CURSES_FUNCTIONS(each)                                                                                         \
	each(newterm) each(delscreen) each(endwin) each(cbreak) each(noecho) each(keypad) each(nodelay) each(wgetch)   \
	    each(werase) each(wmove) each(waddnstr) each(wattrset) each(wrefresh) each(curs_set) each(start_color)     \
		each(use_default_colors) each(init_pair) each(has_colors) each(set_escdelay) each(typeahead)           \
		    each(COLOR_PAIR)

#define CURSES_MEMBER(name) __typeof__(&name) name;
extern struct curses {
	CURSES_FUNCTIONS(CURSES_MEMBER)
	WINDOW **screen; /* ncurses' stdscr */
} curses;

/* False: the library is not there, and the error says what to install. */
bool curses_load(struct error *error);

#endif
