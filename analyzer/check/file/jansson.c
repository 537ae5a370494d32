/* SPDX-License-Identifier: Apache-2.0 */
#include "check/file/jansson.h"

#include <dlfcn.h>
#include <string.h>

struct jansson jansson;

bool jansson_load(struct error *error)
{
	static const char file[] = "libjansson.so.4";
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(error, "seep check needs %s (Debian's libjansson4): %s", file, dlerror());
#define JANSSON_FIND(name)                                                                                             \
	{                                                                                                              \
		void *found = dlsym(library, #name);                                                                   \
		if (!found)                                                                                            \
			return error_set(error, "%s has no %s", file, #name);                                          \
		memcpy(&jansson.name, &found, sizeof found); /* ISO C has no such conversion */                        \
	}
	JANSSON_FUNCTIONS(JANSSON_FIND)
	return true;
}
