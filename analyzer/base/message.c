/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Each line is one write, so that lines of several processes do not mix. */
#include "base/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

#define PROGRESS_FIRST_NS UINT64_C(1000000000)
#define PROGRESS_STEP_NS UINT64_C(100000000)

static struct {
	uint64_t began_ns, last_ns; /* 0: no work is going on; 0: nothing was said */
} progress;

void text_append_safe_cut(struct buffer *out, const char *text, size_t limit)
{
	const size_t start = out->length;

	for (size_t left = strlen(text); left > 0;) {
		const size_t before = out->length;
		uint32_t code_point;
		size_t width = utf8_decode(text, left, &code_point);
		if (width && utf8_is_printable(code_point)) {
			buffer_append(out, text, width);
		} else {
			width = 1;
			buffer_printf(out, "\\x%02x", (unsigned char)*text);
		}
		if (out->length - start > limit) {
			out->length = before;
			out->data[before] = '\0';
			return;
		}
		text += width;
		left -= width;
	}
}

void text_append_safe(struct buffer *out, const char *text)
{
	text_append_safe_cut(out, text, SIZE_MAX);
}

/* Each ' and, where they escape, each \ becomes what stands for it within quotes. */
static void quote(struct buffer *out, const char *text, const char *apostrophe, const char *backslash)
{
	for (; *text; text++)
		buffer_append_text(out, *text == '\'' ? apostrophe : *text == '\\' ? backslash : (char[]){*text, 0});
}

void text_append_word(struct buffer *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+,=@%:-";
	struct buffer quoted = {0}, safe = {0};

	if (*text && !text[strspn(text, plain)]) {
		buffer_append_text(out, text);
		return;
	}
	quote(&quoted, text, "\\'", "\\\\");
	text_append_safe(&safe, quoted.length ? quoted.data : "");
	const bool is_printable = safe.length == quoted.length;
	buffer_append_text(out, is_printable ? "'" : "$'");
	if (is_printable)
		quote(out, text, "'\\''", "\\");
	else
		buffer_append_text(out, safe.data);
	buffer_append_byte(out, '\'');
	buffer_free(&quoted);
	buffer_free(&safe);
}

static void progress_wipe(void)
{
	if (progress.last_ns)
		dprintf(STDERR_FILENO, "\r\033[K");
	progress.last_ns = 0;
}

void message_progress(const char *what, size_t done, size_t of)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	const uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (!progress.began_ns)
		progress.began_ns = now_ns;
	if (now_ns - progress.began_ns < PROGRESS_FIRST_NS || now_ns - progress.last_ns < PROGRESS_STEP_NS ||
	    !isatty(STDERR_FILENO))
		return;
	progress.last_ns = now_ns;
	dprintf(STDERR_FILENO, "\rseep: %s %zu of %zu\033[K", what, done, of);
}

void message_progress_within(const char *what, size_t done, size_t of)
{
	if (progress.began_ns)
		message_progress(what, done, of);
}

void message_progress_end(void)
{
	progress_wipe();
	progress.began_ns = 0;
}

static void line_write(const char *before, const char *command, const char *format, va_list arguments)
{
	struct buffer line = {0}, text = {0};

	buffer_vprintf(&text, format, arguments);
	buffer_printf(&line, "seep%s%s: ", before, command);
	text_append_safe(&line, text.data);
	buffer_append_byte(&line, '\n');
	fflush(stderr);
	progress_wipe();
	for (size_t sent = 0; sent < line.length;) {
		const ssize_t written = write(STDERR_FILENO, line.data + sent, line.length - sent);
		if (written < 0 && errno != EINTR)
			break; /* nobody can read the message; the exit status still tells */
		sent += written > 0 ? (size_t)written : 0;
	}
	buffer_free(&line);
	buffer_free(&text);
}

void message(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line_write("", "", format, arguments);
	va_end(arguments);
}

void message_of(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line_write(" ", command, format, arguments);
	va_end(arguments);
}

void message_lines(char *text)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		message("%s", line);
}
