/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshot files on disk: written under a temporary name, given their own only
 * when they are complete, never in place of another file. Whatever goes wrong
 * (disk full, quota, RLIMIT_FSIZE, a directory that is gone) leaves nothing
 * behind; only a kill in the middle leaves the temporary file, which
 * directory_clean() removes.
 */
#ifndef SEEP_SNAPSHOT_WRITE_H
#define SEEP_SNAPSHOT_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/keeper.h>

#define SNAPSHOT_NAME_BYTES 32

/* "NNNNNN.seep", six digits or more. */
void snapshot_name(char name[static SNAPSHOT_NAME_BYTES], uint64_t number);
/* The number in such a name. False: not one of ours. */
bool snapshot_number(const char *name, uint64_t *number);

/* Writes an image to `name` in the directory, where it appears when it is whole; mode 0600. Refuses to replace an existing
 * file (error EEXIST). Without `durable` nothing waits for the disk. */
bool write_image(const struct seep_image *image, int directory, const char *name, bool durable,
		 struct seep_fault *fault);

/* A name for a temporary file; one that write_is_temporary() knows. */
#define WRITE_TEMPORARY_BYTES 64
void write_temporary_name(char name[static WRITE_TEMPORARY_BYTES]);

/* Is this the name of a temporary file of write_image()? */
bool write_is_temporary(const char *name);

#endif
