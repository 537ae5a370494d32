/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values. What goes in may quote file names and other untrusted
 * text, so control characters are escaped once, here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* Appends `length` bytes, or nothing if they don't fit with the NUL. */
static bool error_append(struct error *error, size_t *used, const char *bytes, size_t length)
{
	if (*used + length >= sizeof error->text)
		return false;
	memcpy(error->text + *used, bytes, length);
	*used += length;
	error->text[*used] = '\0';
	return true;
}

bool error_set(struct error *error, const char *format, ...)
{
	char raw[sizeof error->text];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	size_t left = length < 0 ? 0 : strlen(raw);
	size_t used = 0;
	error->text[0] = '\0';
	for (const char *at = raw; left > 0;) {
		uint32_t code_point;
		size_t width = utf8_decode(at, left, &code_point);
		bool fits;
		if (width && utf8_is_printable(code_point)) {
			fits = error_append(error, &used, at, width);
		} else {
			char escaped[8];
			width = 1;
			snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)*at);
			fits = error_append(error, &used, escaped, 4);
		}
		if (!fits)
			break;
		at += width;
		left -= width;
	}
	return false;
}
