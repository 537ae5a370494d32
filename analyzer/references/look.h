/* SPDX-License-Identifier: Apache-2.0 */
/* What --references does in every command that has it. */
#ifndef SEEP_REFERENCES_LOOK_H
#define SEEP_REFERENCES_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Looks for references in the process that records there, and takes a snapshot that includes the findings; a message
 * sums them up. */
bool references_snapshot(const char *directory, char name[static 32], struct error *error);

/* For a process that records there and waits at its end: returns what was found, or NULL. Once its last snapshot is
 * there (NULL: there is none), the second function adds the findings to it. */
void *references_at_exit(const char *directory);
void references_at_exit_keep(const char *directory, const char *name, void *found);

/* Nobody refers to `lost` of `count` sampled blocks: says so in a message if that is hard to believe. */
void references_doubt_say(size_t lost, size_t count);

#endif
