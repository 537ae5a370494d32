/* SPDX-License-Identifier: Apache-2.0 */
/* What --references does, in whichever command. */
#ifndef SEEP_REFERENCES_LOOK_H
#define SEEP_REFERENCES_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Looks for references in the process that records there, and takes a snapshot that has what was found; a message sums it up. */
bool references_snapshot(const char *directory, char name[static 32], struct error *error);

/* Of `count` sampled blocks `lost` are referenced by nobody: a message where that is hardly true. */
void references_doubt_say(size_t lost, size_t count);

#endif
