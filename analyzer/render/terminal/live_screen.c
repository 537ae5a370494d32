/* SPDX-License-Identifier: Apache-2.0 */
/* Lines do not wrap while they are drawn: a narrow terminal cuts a line that is too wide, so the number of lines stays
 * the same. */
#include "render/terminal/live_screen.h"

#include <string.h>

#define HOME "\033[H"
#define WRAP_OFF "\033[?7l"
#define WRAP_ON "\033[?7h"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

static unsigned line_count(const struct buffer *text)
{
	unsigned lines = 0;

	for (size_t i = 0; i < text->length; i++)
		lines += text->data[i] == '\n';
	return lines;
}

bool live_screen_fits(const struct buffer *text, unsigned rows)
{
	return line_count(text) < rows;
}

void live_screen_append(struct buffer *out, const struct buffer *text, unsigned rows)
{
	const unsigned lines = line_count(text), room = rows > 2 ? rows - 1 : 1;
	const unsigned shown = lines <= room ? lines : room - 1;
	const char *at = text->length ? text->data : "";

	buffer_append_text(out, HOME WRAP_OFF);
	for (unsigned i = 0; i < shown; i++) {
		const size_t length = strcspn(at, "\n");
		buffer_append(out, at, length);
		buffer_append_text(out, CLEAR_LINE "\n");
		at += length + 1;
	}
	if (shown < lines)
		buffer_printf(out, "%u lines more in a taller terminal" CLEAR_LINE "\n", lines - shown);
	buffer_append_text(out, WRAP_ON CLEAR_BELOW);
}
