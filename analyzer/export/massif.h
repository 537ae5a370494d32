/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of valgrind's massif, which ms_print and massif-visualizer read: how much was in use at every snapshot of a
 * recording, and by whom at every tenth, the highest and the last one. A single snapshot is a series of one.
 */
#ifndef SEEP_EXPORT_MASSIF_H
#define SEEP_EXPORT_MASSIF_H

#include "base/buffer.h"
#include "profile/profile.h"

/* `look` is called with the last moment, once its addresses have names. */
bool export_massif(struct buffer *out, const char *path, const struct symbol_search *search,
		   void (*look)(const struct profile *last), struct error *error);

#endif
