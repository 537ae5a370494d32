/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap file in memory: a file of /dev/shm, and a symbolic link to it where
 * the recording would have its heap file. A store to a page of a file on disk
 * can wait for that disk while the page is written back; one to tmpfs can't.
 */
#ifndef SEEP_FILES_HEAP_MEMORY_H
#define SEEP_FILES_HEAP_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/heap.h>

/* Can the heap file be there? device: the st_dev that /dev/shm must have, so that the keeper sees the same file system;
 * 0: any. most_bytes: the largest file that may be there. */
bool heap_memory_fits(const struct seep_heap_header *header, uint64_t device, uint64_t most_bytes);

/* Makes the file, with the header in it, and the link to it in the directory `parent`, both new, and reserves the
 * header's room. Sets header->held: the file is held until it is closed and no longer mapped. A descriptor; -EEXIST
 * where the recording has a heap file already; or another -errno, and nothing is left behind. */
int heap_memory_make(int parent, struct seep_heap_header *header);

/* Takes back what heap_memory_make() did. */
void heap_memory_remove(int parent);

#endif
