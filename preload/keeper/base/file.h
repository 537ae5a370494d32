/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files by raw system calls. Errors are returned as -errno. Descriptors are
 * close-on-exec and never 0 to 2: a program that had closed its standard
 * streams would print into our file.
 */
#ifndef SEEP_BASE_FILE_H
#define SEEP_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same file on a descriptor above 2, which a program that has closed its standard ones neither writes to nor counts
 * on. Takes a descriptor or -errno, and returns either. */
int file_keep_off_standard(int descriptor);

/* openat with O_CLOEXEC; restarted when interrupted. A descriptor above 2, or -errno. */
int file_open(int directory, const char *path, int flags, int mode);

/* Reads a small file from its start, at most size - 1 bytes, and ends it with a NUL. Bytes read, or -errno. */
long file_read_text(const char *path, char *buffer, size_t size);

/* Reads exactly `bytes` at `offset`, less only where the file ends. Bytes read, or -errno. */
long file_read_at(int descriptor, void *data, size_t bytes, uint64_t offset);

/* Writes all of it, at the current or the given offset. 0, or -errno. */
long file_write_all(int descriptor, const void *data, size_t bytes);
long file_write_at(int descriptor, const void *data, size_t bytes, uint64_t offset);

/* How long files may be (RLIMIT_FSIZE). The check gives -EFBIG where a file of so many bytes would be too long, else 0. */
uint64_t file_size_limit(void);
long file_size_check(uint64_t bytes);

/* Calls `visit` for each name in an open directory, from its start on; `type` is a DT_* of <dirent.h>. It ends where
 * that returns false. 0, or -errno: the directory cannot be read to its end. */
typedef bool file_name_visitor(const char *name, unsigned char type, void *context);
long file_visit_names(int directory, file_name_visitor *visit, void *context);

#endif
