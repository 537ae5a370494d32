/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries that only one command needs: loaded when it starts, so that the others start without them. */
#ifndef SEEP_FILES_LIBRARY_H
#define SEEP_FILES_LIBRARY_H

#include <stdbool.h>

#include "base/error.h"

/* One name of a library, and where its address is stored: a pointer to a function or to an object. */
struct library_name {
	const char *name;
	void *address;
};

/* Loads `file` for good and stores the addresses of `names`, up to one without a name. The error says which command
 * needs which package of Debian's. Not thread-safe. */
bool library_load(const char *file, const char *command, const char *package, const struct library_name *names,
		  struct error *error);

#endif
