/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/http.h"

#include <dlfcn.h>
#include <string.h>

struct http http;

bool http_load(struct error *error)
{
	static const char file[] = "libmicrohttpd.so.12";
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(error, "seep serve needs %s (Debian's libmicrohttpd12): %s", file, dlerror());
#define HTTP_FIND(name)                                                                                                \
	{                                                                                                              \
		void *found = dlsym(library, #name);                                                                   \
		if (!found)                                                                                            \
			return error_set(error, "%s has no %s", file, #name);                                          \
		memcpy(&http.name, &found, sizeof found); /* ISO C has no such conversion */                           \
	}
	HTTP_FUNCTIONS(HTTP_FIND)
	return true;
}
