/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

void buffer_grow(struct buffer *buffer, size_t length)
{
	size_t needed;

	if (buffer->drain && buffer->length >= buffer->drain_bytes)
		buffer->drain(buffer);
	if (__builtin_add_overflow(buffer->length, length, &needed) || __builtin_add_overflow(needed, 1, &needed))
		needed = SIZE_MAX; /* memory_resize() reports it */
	if (needed <= buffer->capacity)
		return;
	size_t doubled = buffer->capacity < SIZE_MAX / 2 ? 2 * buffer->capacity : SIZE_MAX;
	size_t capacity = needed > doubled ? needed : doubled;
	if (capacity < 64)
		capacity = 64;
	buffer->data = memory_resize(buffer->data, capacity, 1);
	buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *data, size_t length)
{
	buffer_reserve(buffer, length);
	if (length)
		memcpy(buffer->data + buffer->length, data, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_unsigned(struct buffer *buffer, uint64_t value)
{
	char digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	buffer_append(buffer, digits + at, sizeof digits - at);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	const int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return;
	buffer_reserve(buffer, (size_t)length);
	vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
	buffer->length += (size_t)length;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_vprintf(buffer, format, arguments);
	va_end(arguments);
}

void buffer_append_hex(struct buffer *buffer, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_printf(buffer, "%02x", bytes[i]);
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}
