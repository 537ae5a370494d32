/* SPDX-License-Identifier: Apache-2.0 */
#include "push/labels.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "files/path.h"

enum { NAME_MOST = 256, VALUE_MOST = 2048, FILE_MOST = 1 << 20 };

static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_' || byte == '.';
}

static bool name_is_valid(const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!is_name_byte(name[i]))
			return false;
	return length > 0 && length <= NAME_MOST && !isdigit((unsigned char)*name) && !text_begins_with(name, "__");
}

static bool value_is_valid(const char *value)
{
	const size_t length = strlen(value);
	uint32_t ignored;

	for (size_t at = 0, taken; at < length; at += taken)
		if ((taken = utf8_decode(value + at, length - at, &ignored)) == 0)
			return false;
	return length > 0 && length <= VALUE_MOST;
}

const char *labels_find(const struct labels *labels, const char *name)
{
	for (size_t i = 0; i < labels->count; i++)
		if (strcmp(labels->each[i].name, name) == 0)
			return labels->each[i].value;
	return NULL;
}

/* Adds a label, unless there is one of that name. */
static bool labels_add(struct labels *labels, const char *name, const char *value, struct error *error)
{
	size_t at = 0;

	if (!name_is_valid(name))
		return error_set(error,
				 "%.128s: a label's name has letters, digits, _ and ., and begins neither with a "
				 "digit nor with __",
				 name);
	if (!value_is_valid(value))
		return error_set(error, "label %.128s: its value is empty, not UTF-8, or longer than %d bytes", name,
				 VALUE_MOST);
	if (labels_find(labels, name))
		return true;
	ARRAY_RESERVE(labels->each, labels->count, labels->capacity);
	while (at < labels->count && strcmp(labels->each[at].name, name) < 0)
		at++;
	memmove(&labels->each[at + 1], &labels->each[at], (labels->count - at) * sizeof *labels->each);
	labels->each[at] = (struct label){memory_copy_text(name), memory_copy_text(value)};
	labels->count++;
	return true;
}

bool labels_add_text(struct labels *labels, const char *text, struct error *error)
{
	const char *value = strchr(text, '=');
	struct buffer name = {0};

	if (!value)
		return error_set(error, "%.256s: a label is NAME=VALUE", text);
	buffer_append(&name, text, (size_t)(value - text));
	const bool is_added = labels_add(labels, name.data, value + 1, error);
	buffer_free(&name);
	return is_added;
}

bool labels_add_list(struct labels *labels, const char *text, struct error *error)
{
	struct buffer one = {0};
	bool is_fine = true;

	while (*text && is_fine) {
		one.length = 0;
		while (*text == ' ' || *text == ',')
			text++;
		for (; *text && *text != ','; text++) {
			const bool is_coded = *text == '%' && hex_digit(text[1]) < 16 && hex_digit(text[2]) < 16;
			buffer_append_byte(&one,
					   is_coded ? (char)(hex_digit(text[1]) << 4 | hex_digit(text[2])) : *text);
			text += is_coded ? 2 : 0;
		}
		while (one.length && one.data[one.length - 1] == ' ')
			one.data[--one.length] = 0;
		is_fine = one.length == 0 || labels_add_text(labels, one.data, error);
	}
	buffer_free(&one);
	return is_fine;
}

/* Takes a line of the file, whose end is marked. Empty lines are skipped. */
static bool line_add(struct labels *labels, char *line, struct error *error)
{
	char *value = strchr(line, '=');
	struct buffer plain = {0};

	if (!*line)
		return true;
	if (!value || value[1] != '"')
		return error_set(error, "%.128s: a line is NAME=\"VALUE\"", line);
	*value = 0;
	for (char *at = line; *at; at++)
		*at = is_name_byte(*at) ? *at : '_';
	for (const char *at = value + 2; *at && *at != '"'; at++) {
		const bool is_escaped = *at == '\\' && at[1];
		at += is_escaped;
		buffer_append_byte(&plain, is_escaped && *at == 'n' ? '\n' : *at);
	}
	const bool is_added = plain.length == 0 || labels_add(labels, line, plain.data, error);
	buffer_free(&plain);
	return is_added;
}

/* Reads the file, but only one byte more than is allowed: it may have no end. */
static bool text_read(struct buffer *text, const char *path, struct error *error)
{
	char bytes[4096];
	size_t got = 1;
	FILE *file = fopen(path, "re");

	errno = file ? 0 : errno;
	while (file && text->length <= FILE_MOST && (got = fread(bytes, 1, sizeof bytes, file)) > 0)
		buffer_append(text, bytes, got);
	const int fault = !file || ferror(file) ? errno : 0;
	if (file)
		fclose(file);
	if (fault)
		return error_set(error, "%.256s: %s", path, strerror(fault));
	return text->length <= FILE_MOST || error_set(error, "%.256s: it has more than %d bytes", path, FILE_MOST);
}

bool labels_add_file(struct labels *labels, const char *path, struct error *error)
{
	struct buffer text = {0};
	struct error fault;
	bool is_fine = text_read(&text, path, error);

	for (char *line = text.data, *next; is_fine && line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		if (!line_add(labels, line, &fault))
			is_fine = error_set(error, "%.200s: %s", path, fault.text);
	}
	buffer_free(&text);
	return is_fine;
}

static void labels_copy(struct labels *to, const struct labels *from)
{
	struct error ignored;

	*to = (struct labels){0};
	for (size_t i = 0; i < from->count; i++)
		labels_add(to, from->each[i].name, from->each[i].value, &ignored);
}

/* Pyroscope and Parca have Prometheus' label names, without dots. */
static void dots_replace(char *name)
{
	for (; *name; name++)
		*name = *name == '.' ? '_' : *name;
}

static void own_labels_add(struct labels *labels, const char *service, const struct profile *now)
{
	char number[24];
	struct error ignored;

	snprintf(number, sizeof number, "%" PRIu64, now->pid);
	labels_add(labels, "pid", number, &ignored);
	if (now->host && *now->host)
		labels_add(labels, "hostname", now->host, &ignored);
	const char *given = service ? service : labels_find(labels, "service.name");
	labels_add(labels, "service_name", given ? given : now->command, &ignored);
	labels_add(labels, "service_name", "unknown", &ignored); /* the command's name is not text */
}

uint64_t labels_of_process(struct labels *labels, const struct labels *of_all, const char *service,
			   const struct profile *now, uint32_t most)
{
	uint64_t left_out = 0;
	struct error ignored;
	struct labels all;

	*labels = (struct labels){0};
	labels_copy(&all, of_all);
	own_labels_add(&all, service, now);
	labels_add(labels, "service_name", labels_find(&all, "service_name"), &ignored);
	for (size_t i = 0; i < all.count; i++) {
		dots_replace(all.each[i].name);
		if (most && labels->count + 2 >= most &&
		    !labels_find(labels, all.each[i].name)) /* the server adds two of its own */
			left_out++;
		else
			labels_add(labels, all.each[i].name, all.each[i].value, &ignored);
	}
	labels_free(&all);
	return left_out;
}

void labels_free(struct labels *labels)
{
	for (size_t i = 0; i < labels->count; i++) {
		free(labels->each[i].name);
		free(labels->each[i].value);
	}
	free(labels->each);
	*labels = (struct labels){0};
}
