/* SPDX-License-Identifier: Apache-2.0 */
/* Makes untrusted text safe inside XML and HTML: see the header. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "render/flame/xml.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* XML 1.0 has no U+FFFE, no U+FFFF, and no control characters except these two. */
static bool character_is_fit(uint32_t character)
{
	if (character == '\n' || character == '\t')
		return true;
	return utf8_is_printable(character) && (character & 0xfffe) != 0xfffe;
}

static const char *character_escape(uint32_t character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Appends the character at `text` in a safe form; returns the number of its bytes. */
static size_t character_append(struct buffer *out, const char *text, size_t bytes)
{
	uint32_t character;
	size_t length = utf8_decode(text, bytes, &character);
	const char *escape;

	if (length == 0 || !character_is_fit(character))
		buffer_append(out, replacement, sizeof replacement - 1);
	else if ((escape = character_escape(character)))
		buffer_append_text(out, escape);
	else
		buffer_append(out, text, length);
	return length ? length : 1;
}

static bool byte_is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '&' && byte != '<' && byte != '>' && byte != '"' && byte != '\'';
}

void xml_append(struct buffer *out, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes;) {
		size_t plain = 0;
		while (i + plain < bytes && byte_is_plain((unsigned char)text[i + plain]))
			plain++;
		if (plain)
			buffer_append(out, text + i, plain);
		i += plain;
		if (i < bytes)
			i += character_append(out, text + i, bytes - i);
	}
}

void xml_append_text(struct buffer *out, const char *text)
{
	xml_append(out, text, strlen(text));
}

void xml_append_cdata(struct buffer *out, const char *text, size_t bytes)
{
	static const char closing[] = "]]>";
	const char *found;

	buffer_append_text(out, "<![CDATA[");
	while ((found = memmem(text, bytes, closing, sizeof closing - 1))) {
		size_t before = (size_t)(found - text) + 2;
		buffer_append(out, text, before);
		buffer_append_text(out, "]]><![CDATA[");
		text += before;
		bytes -= before;
	}
	buffer_append(out, text, bytes);
	buffer_append_text(out, "]]>");
}

/* The number of bytes in the longest prefix that is at most this wide; *whole: the whole text fits. */
static size_t label_prefix(const char *text, size_t columns, bool *whole)
{
	size_t bytes = strlen(text), used = 0;

	for (size_t width = 0; used < bytes;) {
		uint32_t character;
		size_t length = utf8_decode(text + used, bytes - used, &character);
		width += length == 1 ? 1 : 2;
		if (width > columns) {
			*whole = false;
			return used;
		}
		used += length ? length : 1;
	}
	*whole = true;
	return used;
}

void xml_append_label(struct buffer *out, const char *text, size_t columns)
{
	bool whole;
	size_t prefix = label_prefix(text, columns, &whole);

	if (whole) {
		xml_append(out, text, prefix);
		return;
	}
	if (columns < 2)
		return;
	prefix = label_prefix(text, columns - 1, &whole);
	xml_append(out, text, prefix);
	buffer_append_text(out, "\xe2\x80\xa6"); /* ... */
}
