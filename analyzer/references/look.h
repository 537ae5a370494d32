/* SPDX-License-Identifier: Apache-2.0 */
/* What --references does, in whichever command. */
#ifndef SEEP_REFERENCES_LOOK_H
#define SEEP_REFERENCES_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Looks for references in the process that records there, and takes a snapshot that has what was found; a message sums it up. */
bool references_snapshot(const char *directory, char name[static 32], struct error *error);

/* A process that records there and stands at its end: what was found, or NULL. Then, once its last snapshot is there (NULL: there is none),
 * adds that to it. */
void *references_at_exit(const char *directory);
void references_at_exit_keep(const char *directory, const char *name, void *found);

/* Of `count` sampled blocks `lost` are referenced by nobody: a message where that is hardly true. */
void references_doubt_say(size_t lost, size_t count);

#endif
