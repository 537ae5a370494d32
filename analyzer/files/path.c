/* SPDX-License-Identifier: Apache-2.0 */
/* Both kinds of basename(3) have flaws: they change their argument or depend on a header. This one does not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"

#define FILE_BYTES_MOST (1 << 20)

#include "files/path.h"

const char *path_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int text_cut(const char *text, int limit)
{
	int length = (int)strnlen(text, (size_t)limit);

	if (text[length])
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	return length;
}

bool text_begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

char *text_file_read(const char *path, size_t *length, struct error *error)
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
	if (length)
		*length = text.length;
	return text.data;
}
