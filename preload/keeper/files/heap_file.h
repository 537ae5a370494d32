/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making of a recording directory and its heap file. An existing recording is
 * never touched: the next free name of DIR, DIR.2, DIR.3, ... is taken. Files
 * are 0600, made with O_EXCL and O_NOFOLLOW, in directories of our own user.
 */
#ifndef SEEP_FILES_HEAP_FILE_H
#define SEEP_FILES_HEAP_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <seep/heap.h>

struct heap_file {
	int directory, file; /* descriptors: of the recording's directory, and of the heap file in it or in memory */
	int space_error;     /* -errno: why the file has no space; 0: it has all that the header's room says */
};

/* Makes the recording's directory: `directory`, or the next free name after it; the absolute path that was taken
 * replaces it. Makes a heap file of header->file_bytes in it, sets the header's room according to where the file is,
 * and reserves that room. in_memory: memory is tried first. Missing directories above it are made, from the offset
 * parents_from of the path on. 0, or -errno, and nothing is left behind. */
int heap_file_make(struct heap_file *made, char *directory, size_t bytes, size_t parents_from,
		   struct seep_heap_header *header, bool in_memory);

/* Maps holes that stay holes even if the program has all its mappings locked (mlockall): the kernel brings in no memory
 * that can't be read. As system_map(); see system_failed(). */
void *map_unlocked(size_t bytes, int flags, int file);

/* The file as memory; see system_failed(). */
void *heap_file_map(int file, uint64_t bytes);

void heap_file_close(const struct heap_file *made);

/* Takes back what heap_file_make() did: the heap file, and the recording's directory if nothing else is in it. */
void heap_file_remove(int directory, const char *path);

#endif
