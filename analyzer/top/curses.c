/* SPDX-License-Identifier: Apache-2.0 */
#include "top/curses.h"

#include <dlfcn.h>
#include <string.h>

struct curses curses;

bool curses_load(struct error *error)
{
	static const char file[] = "libncursesw.so.6";
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(error, "seep top needs %s (Debian's libncursesw6): %s", file, dlerror());
#define CURSES_FIND(name)                                                                                              \
	{                                                                                                              \
		void *found = dlsym(library, #name);                                                                   \
		if (!found)                                                                                            \
			return error_set(error, "%s has no %s", file, #name);                                          \
		memcpy(&curses.name, &found, sizeof found); /* ISO C has no such conversion */                         \
	}
	CURSES_FUNCTIONS(CURSES_FIND)
	curses.screen = dlsym(library, "stdscr");
	return curses.screen || error_set(error, "%s has no stdscr", file);
}
