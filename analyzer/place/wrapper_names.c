/* SPDX-License-Identifier: Apache-2.0 */
#include "place/wrapper_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

#define FILE_BYTES_MOST (1 << 20)

static char *file_read(const char *path, struct error *error)
{
	FILE *file = fopen(path, "re");
	struct buffer text = {0};
	char bytes[4096];
	size_t got;

	if (!file) {
		error_set(error, "%s: %s", path, strerror(errno));
		return NULL;
	}
	buffer_append_text(&text, "");
	while ((got = fread(bytes, 1, sizeof bytes, file)) > 0 && text.length <= FILE_BYTES_MOST)
		buffer_append(&text, bytes, got);
	const int fault = ferror(file) ? errno : text.length > FILE_BYTES_MOST ? EFBIG : 0;
	fclose(file);
	if (fault) {
		error_set(error, "%s: %s", path, strerror(fault));
		buffer_free(&text);
		return NULL;
	}
	return text.data;
}

bool wrapper_names_parse(struct wrapper_names *names, const char *text, struct error *error)
{
	const char *separators = text[0] == '@' ? "\r\n" : ",";
	size_t capacity = 0;
	char *rest = NULL;

	*names = (struct wrapper_names){.text = text[0] == '@' ? file_read(text + 1, error) : memory_copy_text(text)};
	if (!names->text)
		return false;
	for (char *name = strtok_r(names->text, separators, &rest); name; name = strtok_r(NULL, separators, &rest)) {
		name += strspn(name, " \t");
		for (size_t end = strlen(name); end > 0 && strchr(" \t", name[end - 1]); end--)
			name[end - 1] = '\0';
		if (!*name || *name == '#')
			continue;
		ARRAY_RESERVE(names->names, names->count, capacity);
		names->names[names->count++] = name;
	}
	return true;
}

void wrapper_names_free(struct wrapper_names *names)
{
	free(names->text);
	free(names->names);
	*names = (struct wrapper_names){0};
}
