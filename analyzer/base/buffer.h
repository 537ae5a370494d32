/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer, always NUL-terminated. */
#ifndef SEEP_BASE_BUFFER_H
#define SEEP_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer { /* zero-initialise */
	char *data;
	size_t length;
	size_t capacity;
	void (*drain)(
	    struct buffer
		/* of an output (files/output.h): takes the bytes away whenever there are drain_bytes of them */
		*buffer);
	size_t drain_bytes;
	bool refused; /* of an output: it takes no more bytes, so there is no use in making any */
};

/* Makes room for `length` more bytes and the NUL. */
void buffer_grow(struct buffer *buffer, size_t length);
static inline void buffer_reserve(struct buffer *buffer, size_t length)
{
	const bool is_full = buffer->drain && buffer->length >= buffer->drain_bytes;

	if (is_full || buffer->capacity - buffer->length <= length)
		buffer_grow(buffer, length);
}

void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
	buffer_reserve(buffer, 1);
	buffer->data[buffer->length++] = byte;
	buffer->data[buffer->length] = '\0';
}
void buffer_append_hex(struct buffer *buffer, const uint8_t *bytes, size_t count); /* two digits a byte */
/* The value of such a digit; 16: it is none. */
static inline unsigned hex_digit(char digit)
{
	const char lower = digit | 0x20;

	return digit >= '0' && digit <= '9'   ? (unsigned)(digit - '0')
	       : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10)
					      : 16;
}
void buffer_append_unsigned(struct buffer *buffer, uint64_t value); /* decimal */
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
void buffer_free(struct buffer *buffer);

#endif
