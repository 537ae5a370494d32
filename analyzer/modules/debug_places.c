/* SPDX-License-Identifier: Apache-2.0 */
#include "modules/debug_places.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "files/path.h"

static bool is_there(const struct buffer *path)
{
	return access(path->data, F_OK) == 0;
}

/* "DIR/.build-id/ab/cdef.debug". */
static bool has_build_id(struct buffer *path, const char *directory, int length, const uint8_t *build_id,
			 uint32_t bytes)
{
	if (bytes < 2)
		return false;
	path->length = 0;
	buffer_printf(path, "%.*s/.build-id/", length, directory);
	buffer_append_hex(path, build_id, 1);
	buffer_append_byte(path, '/');
	buffer_append_hex(path, build_id + 1, bytes - 1);
	buffer_append_text(path, ".debug");
	return is_there(path);
}

static bool has_named(struct buffer *path, const char *first, int first_length, const char *second, int second_length,
		      const char *link, const char *base)
{
	path->length = 0;
	buffer_printf(path, "%.*s/%.*s/", first_length, first, second_length, second);
	const size_t directory = path->length;
	buffer_append_text(path, link ? link : base);
	if (link)
		return is_there(path);
	if (is_there(path))
		return true;
	path->length = directory;
	buffer_printf(path, "%s.debug", base);
	return is_there(path);
}

/* For an absolute place, the file may be below the module's directory, or below that without its first parts. */
static bool has_below(struct buffer *path, const char *place, int place_length, const char *file, int file_length,
		      const char *link, const char *base)
{
	for (const char *at = file; at; at = memchr(at, '/', (size_t)(file + file_length - at))) {
		at += *at == '/';
		if (has_named(path, place, place_length, at, (int)(file + file_length - at), link, base))
			return true;
	}
	return has_named(path, place, place_length, "", 0, link, base);
}

static bool has_by_name(struct buffer *path, const char *list, const char *file, const char *link)
{
	const char *base = path_base_name(file);
	const int directory = base > file ? (int)(base - 1 - file) : 0;
	struct buffer made_up = {0}; /* beside the module, its own name is the module itself */

	buffer_printf(&made_up, "%s.debug", base);
	const bool is_beside = has_named(path, file, directory, "", 0, link ? link : made_up.data, base);
	buffer_free(&made_up);
	if (is_beside)
		return true;
	for (const char *at = list; *at; at += *at == ':') {
		const char *place = at + (*at == '+' || *at == '-');
		at += strcspn(at, ":");
		const int length = (int)(at - place);
		if (length > 0 && (*place == '/' ? has_below(path, place, length, file, directory, link, base)
						 : has_named(path, file, directory, place, length, link, base)))
			return true;
	}
	return false;
}

bool debug_places_have_file(const char *list, const uint8_t *build_id, uint32_t build_id_bytes, const char *file,
			    const char *link)
{
	struct buffer path = {0};
	bool has = !file || *file != '/' || (link && strchr(link, '/')); /* in these cases libdwfl may look anywhere */

	for (const char *at = list; *at && !has; at += *at == ':') {
		const char *place = at + (*at == '+' || *at == '-');
		at += strcspn(at, ":");
		has = *place == '/' && has_build_id(&path, place, (int)(at - place), build_id, build_id_bytes);
	}
	char *real = has ? NULL : realpath(file, NULL);
	has = has || has_by_name(&path, list, file, link) || (real && has_by_name(&path, list, real, link));
	free(real);
	buffer_free(&path);
	return has;
}
