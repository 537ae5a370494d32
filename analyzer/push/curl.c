/* SPDX-License-Identifier: Apache-2.0 */
#include "push/curl.h"

#include <dlfcn.h>
#include <string.h>

struct curl curl;

bool curl_load(struct error *error)
{
	static const char file[] = "libcurl.so.4";
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(error, "seep push needs %s (Debian's libcurl4): %s", file, dlerror());
#define CURL_FIND(name)                                                                                                \
	{                                                                                                              \
		void *found = dlsym(library, #name);                                                                   \
		if (!found)                                                                                            \
			return error_set(error, "%s has no %s", file, #name);                                          \
		memcpy(&curl.name, &found, sizeof found); /* ISO C has no such conversion */                           \
	}
	CURL_FUNCTIONS(CURL_FIND)
	return curl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK || error_set(error, "%s does not start", file);
}
