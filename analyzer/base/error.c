/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values. Their texts quote file names and other untrusted input, so control characters are escaped here,
 * once. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/message.h"

bool error_set(struct error *error, const char *format, ...)
{
	char raw[sizeof error->text];
	struct buffer safe = {0};
	va_list arguments;

	va_start(arguments, format);
	const int length = vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	buffer_append_text(&safe, "");
	text_append_safe_cut(&safe, length < 0 ? "" : raw, sizeof error->text - 1);
	memcpy(error->text, safe.data, safe.length + 1);
	buffer_free(&safe);
	return false;
}
