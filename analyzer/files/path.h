/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about paths and texts, and small files that a user wrote. */
#ifndef SEEP_FILES_PATH_H
#define SEEP_FILES_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* What follows the last slash; the whole text where there is none. */
const char *path_base_name(const char *path);

bool path_is_directory(const char *path);

/* How much of a text of at most `limit` bytes is kept so that no character of UTF-8 is cut in two. */
int text_cut(const char *text, int limit);

bool text_begins_with(const char *text, const char *prefix);

/* The whole file, at most 1 MiB, with a NUL behind it, for the caller to free; `length`, which may be NULL, is without
 * that. NULL: it can't be read. */
char *text_file_read(const char *path, size_t *length, struct error *error);

#endif
