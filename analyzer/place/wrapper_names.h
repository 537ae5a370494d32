/* SPDX-License-Identifier: Apache-2.0 */
/* The wrappers that the user names: patterns like the shell's, separated by commas, or @FILE with one in each line. */
#ifndef SEEP_PLACE_WRAPPER_NAMES_H
#define SEEP_PLACE_WRAPPER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct wrapper_names {
	char *text; /* the names lie in it */
	const char **names;
	size_t count;
};

/* Skips empty lines and lines that begin with #. False: the file can't be read. */
bool wrapper_names_parse(struct wrapper_names *names, const char *text, struct error *error);
void wrapper_names_free(struct wrapper_names *names);

#endif
