/* SPDX-License-Identifier: Apache-2.0 */
/* Opening of recordings, for callers that need the directory: see <seep/keeper.h> for the others. */
#ifndef SEEP_FILES_HEAP_OPEN_H
#define SEEP_FILES_HEAP_OPEN_H

#include <stdbool.h>

#include <seep/keeper.h>

/* A descriptor of the directory, or -1 and the fault. */
int open_recording(const char *directory, struct seep_fault *fault);

/* seep_heap_open() in an open directory. */
bool open_heap(struct seep_heap_view *view, int directory, bool writable, struct seep_fault *fault);

#endif
