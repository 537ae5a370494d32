/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the heap file of a recording lies: in the recording's directory, or in
 * memory (/dev/shm) with a symbolic link to it, so that the program's stores
 * never wait for a disk. A link is followed only to SEEP_HEAP_MEMORY, and only
 * to a regular file without other names that belongs to the directory's owner.
 */
#ifndef SEEP_FILES_HEAP_LOCATION_H
#define SEEP_FILES_HEAP_LOCATION_H

#include <stdint.h>

#define LOCATION_PATH_BYTES 128

struct heap_location {
	char path[LOCATION_PATH_BYTES]; /* of the heap file in memory; "": it is in the recording */
};

/* Opens the heap file of a recording. A descriptor, or -errno (ELOOP: a link to somewhere else; ENXIO: to memory that
 * is gone). location may be NULL. */
int location_open(int directory, int flags, struct heap_location *location);

/* For a recording that is complete, to whose heap file nobody writes any more: a heap file in memory is copied into the
 * recording, in place of the link; one in the recording gives back the space that it reserved and never used. `map`:
 * the heap file, mapped whole. Where the disk is full, everything stays as it is. */
void location_settle(int directory, const void *map, uint64_t map_bytes);

/* The same for a heap file in memory that is open and mapped, even if its name is gone. 0, or -errno. */
long location_move(int directory, int from_file, const struct heap_location *location, const void *map, uint64_t bytes);

/* For a recording that was removed while its program ran, after the program's end: frees the memory, which nobody would
 * find again. */
void location_forget(const struct heap_location *location, uint64_t inode);

#endif
