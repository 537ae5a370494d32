/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about paths and texts. */
#ifndef SEEP_FILES_PATH_H
#define SEEP_FILES_PATH_H

#include <stdbool.h>

/* What follows the last slash; the whole text where there is none. */
const char *path_base_name(const char *path);

/* How much of a text of at most `limit` bytes is kept so that no character of UTF-8 is cut in two. */
int text_cut(const char *text, int limit);

bool text_begins_with(const char *text, const char *prefix);

#endif
