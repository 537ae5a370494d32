/* SPDX-License-Identifier: Apache-2.0 */
/* Formatting without stdio: see text.h. */
#include "keeper/base/text.h"

#include <string.h>

struct text text_begin(char *buffer, size_t size)
{
	buffer[0] = 0;
	return (struct text){.data = buffer, .size = size};
}

size_t text_length(const char *field, size_t size)
{
	const char *end = memchr(field, 0, size);
	return end ? (size_t)(end - field) : size;
}

void text_add_bounded(struct text *text, const char *more, size_t bytes)
{
	size_t length = text_length(more, bytes), room = text->size - 1 - text->length;
	if (length > room) {
		length = room;
		text->cut = true;
	}
	memcpy(text->data + text->length, more, length);
	text->length += length;
	text->data[text->length] = 0;
}

void text_add(struct text *text, const char *more)
{
	text_add_bounded(text, more, strlen(more));
}

void text_add_padded(struct text *text, uint64_t value, unsigned digits)
{
	char reversed[20];
	unsigned count = 0;
	do {
		reversed[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (count < digits && count < sizeof reversed)
		reversed[count++] = '0';
	char number[sizeof reversed];
	for (unsigned i = 0; i < count; i++)
		number[i] = reversed[count - 1 - i];
	text_add_bounded(text, number, count);
}

void text_add_unsigned(struct text *text, uint64_t value)
{
	text_add_padded(text, value, 1);
}

void text_add_hex(struct text *text, uint64_t value)
{
	char number[16];
	unsigned count = 0;
	for (int shift = 60; shift >= 0; shift -= 4) {
		unsigned digit = (unsigned)(value >> shift) & 15;
		if (digit || count || shift == 0)
			number[count++] = "0123456789abcdef"[digit];
	}
	text_add_bounded(text, number, count);
}

bool text_take_unsigned(const char **at, uint64_t *value)
{
	const char *next = *at;
	uint64_t sum = 0;
	for (; *next >= '0' && *next <= '9'; next++) {
		unsigned digit = (unsigned)(*next - '0');
		if (sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (next == *at)
		return false;
	*at = next;
	*value = sum;
	return true;
}

bool text_line_number(const char *text, const char *name, uint64_t *number)
{
	size_t length = strlen(name);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == '\t')) {
			const char *at = line + length;
			while (*at == ' ' || *at == '\t')
				at++;
			return text_take_unsigned(&at, number);
		}
	}
	return false;
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
