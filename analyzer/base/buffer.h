/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer, always NUL-terminated; and the writing of a whole file by temporary name and rename. */
#ifndef SEEP_BASE_BUFFER_H
#define SEEP_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct buffer { /* zero-initialise */
	char *data;
	size_t length;
	size_t capacity;
};

void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_free(struct buffer *buffer);

/* Writes all of it to `path`, or to stdout where path is NULL or "-". A regular file appears whole or not at all;
 * an existing regular file is replaced; a device or pipe is written to. */
bool buffer_write_file(const struct buffer *buffer, const char *path, struct error *error);

#endif
