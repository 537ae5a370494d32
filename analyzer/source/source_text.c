/* SPDX-License-Identifier: Apache-2.0 */
/* Columns are counted in characters, so that tabs end where they do in an editor. */
#include "source/source_text.h"

#include <stdint.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

size_t source_text_indent(const char *text, size_t bytes)
{
	size_t columns = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\t')
			columns += SOURCE_TAB - columns % SOURCE_TAB;
		else if (text[i] == ' ')
			columns++;
		else
			return columns;
	}
	return SIZE_MAX;
}

/* Appends one character that is not a blank. */
static void character_append(struct buffer *out, const char *text, size_t length, uint32_t code_point)
{
	if (length && utf8_is_printable(code_point))
		buffer_append(out, text, length);
	else
		buffer_append_text(out, REPLACEMENT);
}

void source_text_append(struct buffer *out, const char *text, size_t bytes, size_t indent)
{
	const size_t start = out->length;
	size_t column = 0, pending = 0; /* blanks, written once something follows them */

	for (size_t i = 0; i < bytes;) {
		uint32_t code_point = 0;
		const size_t length = utf8_decode(text + i, bytes - i, &code_point);
		const size_t width = text[i] == '\t' ? SOURCE_TAB - column % SOURCE_TAB : 1;
		i += length ? length : 1;
		column += width;
		if (text[i - 1] == ' ' || text[i - 1] == '\t' || text[i - 1] == '\f' || text[i - 1] == '\r') {
			pending += column > indent ? (column - indent < width ? column - indent : width) : 0;
			continue;
		}
		if (out->length - start + pending > SOURCE_LINE_BYTES) {
			buffer_append_text(out, "...");
			return;
		}
		for (; pending; pending--)
			buffer_append_byte(out, ' ');
		character_append(out, text + i - (length ? length : 1), length, code_point);
	}
}
