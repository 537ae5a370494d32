/* SPDX-License-Identifier: Apache-2.0 */
/* Width and colours of the page; the styles are the eight colours that every terminal has. */
#include "render/terminal/text_page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const style_codes[STYLE_COUNT] = {
    [STYLE_PLAIN] = "",         [STYLE_STRONG] = "\033[1m",  [STYLE_FAINT] = "\033[2m",
    [STYLE_GROWN] = "\033[31m", [STYLE_SHRUNK] = "\033[34m", [STYLE_WARNING] = "\033[33m",
};

/* COLUMNS, or 0 if nobody could read a page of that width. */
static unsigned columns_of_environment(void)
{
	const char *text = getenv("COLUMNS");
	char *end = NULL;

	if (!text || *text < '0' || *text > '9')
		return 0;
	const unsigned long columns = strtoul(text, &end, 10);
	return *end == '\0' && columns >= 40 && columns <= 1000 ? (unsigned)columns : 0;
}

struct text_page text_page_for(struct buffer *out, int descriptor)
{
	struct text_page page = {.out = out, .columns = columns_of_environment()};
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	const bool is_terminal = isatty(descriptor);
	struct winsize size;

	if (page.columns == 0) {
		page.columns = TEXT_COLUMNS;
		if (is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > TEXT_COLUMNS)
			page.columns = size.ws_col;
	}
	page.colored = is_terminal && !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") != 0;
	return page;
}

unsigned text_page_rows(int descriptor)
{
	struct winsize size;

	return isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row
												  : TEXT_ROWS;
}

void text_write(struct text_page *page, enum text_style style, const char *format, ...)
{
	const bool is_styled = page->colored && style != STYLE_PLAIN;
	va_list arguments;

	if (is_styled)
		buffer_append_text(page->out, style_codes[style]);
	va_start(arguments, format);
	buffer_vprintf(page->out, format, arguments);
	va_end(arguments);
	if (is_styled)
		buffer_append_text(page->out, "\033[0m");
}

void text_write_parts(struct text_page *page, const struct buffer *parts, size_t count, const char *separator,
		      unsigned used, unsigned indent)
{
	for (size_t i = 0; i < count; i++) {
		const unsigned columns = text_columns(parts[i].data) + (i + 1 < count ? text_columns(separator) : 0);
		if ((i > 0 || used > indent) && used + columns > page->columns) {
			/* A line must not end with a separator's blank. */
			while (page->out->length && page->out->data[page->out->length - 1] == ' ')
				page->out->data[--page->out->length] = '\0';
			buffer_printf(page->out, "\n%*s", (int)indent, "");
			used = indent;
		}
		buffer_printf(page->out, "%s%s", parts[i].data, i + 1 < count ? separator : "");
		used += columns;
	}
}

unsigned text_columns(const char *text)
{
	unsigned columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* Writes words and a newline; the page is already at column `indent`. */
/* Whether a unit begins here, which must stay on the line of its number. */
static bool is_unit(const char *text)
{
	static const char *const units[] = {"B",  "KiB", "MiB", "GiB", "TiB", "s", "ms",
					    "us", "ns",  "min", "h",   "d",   "%"};
	const size_t length = strcspn(text, " ,;:)]/");

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strlen(units[i]) == length && memcmp(text, units[i], length) == 0)
			return true;
	return false;
}

/* The length of a word; a number includes its unit. */
static size_t word_length(const char *text)
{
	size_t length = strcspn(text, " ");

	if (length && text[length - 1] >= '0' && text[length - 1] <= '9' && text[length] && is_unit(text + length + 1))
		length += 1 + strcspn(text + length + 1, " ");
	return length;
}

void text_write_words_behind(struct text_page *page, enum text_style style, const char *text, unsigned indent)
{
	struct buffer line = {0};
	unsigned used = indent;

	while (*text) {
		const size_t length = word_length(text);
		struct buffer word = {0};
		buffer_append(&word, text, length);
		const unsigned columns = text_columns(word.data);
		if (line.length && used + 1 + columns > page->columns) {
			text_write(page, style, "%s", line.data);
			buffer_printf(page->out, "\n%*s", (int)indent, "");
			buffer_free(&line);
			used = indent;
		} else if (line.length) {
			buffer_append_byte(&line, ' ');
			used++;
		}
		buffer_append(&line, word.data, word.length);
		used += columns;
		buffer_free(&word);
		text += length + (text[length] == ' ');
	}
	text_write(page, style, "%s", line.data ? line.data : "");
	buffer_append_byte(page->out, '\n');
	buffer_free(&line);
}

void text_write_words(struct text_page *page, enum text_style style, const char *text, unsigned indent)
{
	buffer_printf(page->out, "%*s", (int)indent, "");
	text_write_words_behind(page, style, text, indent);
}

void text_write_labelled(struct text_page *page, enum text_style style, const char *label, const char *text)
{
	text_write(page, style, "%s", label);
	buffer_append_text(page->out, "  ");
	text_write_words_behind(page, STYLE_PLAIN, text, text_columns(label) + 2);
}
