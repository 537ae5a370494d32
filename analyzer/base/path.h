/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about paths and texts. */
#ifndef SEEP_BASE_PATH_H
#define SEEP_BASE_PATH_H

#include <stdbool.h>

/* What follows the last slash; the whole text where there is none. */
const char *path_base_name(const char *path);

bool text_begins_with(const char *text, const char *prefix);

#endif
