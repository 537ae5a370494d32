/* SPDX-License-Identifier: Apache-2.0 */
/* The page of what a path names: a recording, a bundle, or one snapshot. */
#ifndef SEEP_PAGE_RECORDING_PAGE_H
#define SEEP_PAGE_RECORDING_PAGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "symbols/symbols.h"

/* `wrappers`: names of functions that count as wrappers of malloc. False: one line in error; nothing is appended then. */
bool recording_page_render(struct buffer *out, const char *path, const struct symbol_search *search,
			   const char *const *wrappers, size_t wrapper_count, struct error *error);

#endif
