/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about paths and texts, and small files that a user wrote. */
#ifndef SEEP_FILES_PATH_H
#define SEEP_FILES_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The part behind the last slash; the whole text if there is none. */
const char *path_base_name(const char *path);

bool path_is_directory(const char *path);

/* How many bytes of a text to keep, `limit` at most, so that no UTF-8 character is cut in two. */
int text_cut(const char *text, int limit);

bool text_begins_with(const char *text, const char *prefix);

/* The whole file, at most 1 MiB, with a NUL behind it; the caller frees it. `length`, which may be NULL, does not count
 * the NUL. NULL: the file can't be read. */
char *text_file_read(const char *path, size_t *length, struct error *error);

#endif
