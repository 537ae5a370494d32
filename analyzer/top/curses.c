/* SPDX-License-Identifier: Apache-2.0 */
#include "top/curses.h"

#include "files/library.h"

struct curses curses;

bool curses_load(struct error *error)
{
#define CURSES_NAME(name) {#name, &curses.name},
	static const struct library_name names[] = {CURSES_FUNCTIONS(CURSES_NAME){"stdscr", &curses.screen}, {0}};

	return library_load("libncursesw.so.6", "seep top", "libncursesw6", names, error);
}
