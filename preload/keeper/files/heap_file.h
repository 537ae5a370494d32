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
	void *map;
	int error;      /* why there is no file: an errno value; 0: fine */
	bool anonymous; /* the map is private memory: no space, or no such file possible */
};

/* Takes the next free directory from `directory` (it is changed to the name taken, made absolute) and maps a new file of
 * header->file_bytes with the header's room reserved; that is set anew, according to where the file is. in_memory: try
 * there first. Where a directory can be made but not the space had, the map is anonymous. map is NULL where nothing
 * works. Directories above it that are missing are made from the offset parents_from of its path on. */
struct heap_file heap_file_make(char *directory, size_t bytes, size_t parents_from, struct seep_heap_header *header,
				bool in_memory);

#endif
