/* SPDX-License-Identifier: Apache-2.0 */
#include "files/library.h"

#include <dlfcn.h>
#include <string.h>

bool library_load(const char *file, const char *command, const char *package, const struct library_name *names,
		  struct error *error)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(error, "%s needs %s (Debian's %s): %s", command, file, package, dlerror());
	for (; names->name; names++) {
		void *found = dlsym(library, names->name);
		if (!found)
			return error_set(error, "%s has no %s", file, names->name);
		memcpy(names->address, &found, sizeof found); /* ISO C has no conversion to a function pointer */
	}
	return true;
}
