/* SPDX-License-Identifier: Apache-2.0 */
/* Untrusted input: a regular file, read into memory. It is never mapped, because truncating a mapped file kills its
 * reader with SIGBUS. A pipe, device or socket is refused without reading from it or blocking on it. */
#ifndef SEEP_READER_INPUT_H
#define SEEP_READER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define INPUT_HEAD_BYTES 4096

/* A file being read, zero-initialised. */
struct input {
	const char *name; /* borrowed */
	unsigned char *data;
	size_t bytes; /* bytes in `data` */
	size_t room;  /* bytes for which `data` has room */
	uint64_t file_bytes;
	int descriptor;
};

/* Makes the line for bad input, "NAME: offset N: what is wrong"; offset 0 stands for the whole file and is left out.
 * Returns false. A very long name is cut at its front. */
bool input_fault(struct error *error, const char *name, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Opens the file and reads its first INPUT_HEAD_BYTES (fewer if it is shorter), by which the caller tells what it is.
 * On failure nothing is held. */
bool input_open(struct input *input, const char *path, struct error *error);
/* The same in place of a file that is no longer needed, or of none: uses the memory of its bytes again. */
bool input_open_next(struct input *input, const char *path, struct error *error);
/* Reads the rest. Fails if there are more than `limit_bytes` in all, or if the file has been cut meanwhile. */
bool input_read_rest(struct input *input, uint64_t limit_bytes, struct error *error);
void input_close(struct input *input);

#endif
