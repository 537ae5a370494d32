/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for a name in one place after the other; see the header. */
#include "source/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/budget.h"
#include "base/map.h"
#include "base/memory.h"
#include "modules/debuginfod.h"

enum {
	FILES_MOST = 2000,
	BYTES_MOST = 48 << 20, /* of memory, for all files together */
	FOLDERS_MOST = 64,     /* folders that are dropped from a name, one by one */
};

struct sources {
	struct source_search search;
	struct map *by_name; /* from a name to its index in files + 1 */
	struct source **files;
	size_t count, capacity;
	size_t bytes;
	struct map *misses; /* by build: how many sources no server had; SERVED: servers had some */
	size_t asked;
};

#define SERVED (UINT64_C(1) << 32)

struct sources *sources_create(const struct source_search *search)
{
	struct sources *sources = memory_allocate(1, sizeof *sources);

	*sources = (struct sources){.search = *search, .by_name = map_create(), .misses = map_create()};
	return sources;
}

void sources_free(struct sources *sources)
{
	if (!sources)
		return;
	for (size_t i = 0; i < sources->count; i++) {
		source_file_free(&sources->files[i]->file);
		free(sources->files[i]);
	}
	free(sources->files);
	map_free(sources->by_name);
	map_free(sources->misses);
	free(sources);
}

/* Appends the name without "." and, as far as possible, without ".."; no slash in front. */
static void name_normalize(struct buffer *out, const char *name)
{
	for (const char *at = name; *at;) {
		const size_t length = strcspn(at, "/");
		char *slash = out->data ? strrchr(out->data, '/') : NULL;
		if (length == 2 && memcmp(at, "..", 2) == 0) {
			out->length = slash ? (size_t)(slash - out->data) : 0;
			if (out->data)
				out->data[out->length] = '\0';
		} else if (length && !(length == 1 && *at == '.')) {
			buffer_append_text(out, out->length ? "/" : "");
			buffer_append(out, at, length);
		}
		at += length + (at[length] == '/');
	}
}

/* Tries one path. True ends the search, with a file or with the reason why it is not read. */
static bool path_try(struct source *source, const char *path)
{
	struct error error;

	switch (source_file_open(&source->file, path, &error)) {
	case SOURCE_OPENED:
		source->fault[0] = '\0';
		return true;
	case SOURCE_REFUSED:
		source->is_missing = false;
		snprintf(source->fault, sizeof source->fault, "not read: %.140s", error.text);
		return false;
	default:
		return false;
	}
}

static bool try_below(struct source *source, const char *directory, const char *plain)
{
	struct buffer path = {0};
	size_t length = strlen(directory);
	bool found = false;

	while (length > 0 && directory[length - 1] == '/')
		length--;
	for (int i = 0; plain && !found && i < FOLDERS_MOST; i++) {
		path.length = 0;
		buffer_printf(&path, "%.*s/%s", (int)length, directory, plain);
		found = path_try(source, path.data);
		const char *slash = strchr(plain, '/');
		plain = slash ? slash + 1 : NULL;
	}
	buffer_free(&path);
	return found;
}

/* `rule` is FROM=TO. */
static bool try_substituted(struct source *source, const char *rule, const char *equals, const char *name)
{
	size_t length = (size_t)(equals - rule);
	struct buffer path = {0};

	while (length > 1 && rule[length - 1] == '/')
		length--;
	if (strncmp(name, rule, length) != 0 || (name[length] && name[length] != '/'))
		return false;
	buffer_printf(&path, "%s%s", equals + 1, name + length);
	const bool found = path_try(source, path.data);
	buffer_free(&path);
	return found;
}

static bool try_rules(struct source *source, const struct source_search *search, const char *name, const char *absolute)
{
	bool found = false;

	for (size_t i = 0; i < search->rule_count && !found; i++) {
		const char *equals = strchr(search->rules[i], '=');
		if (!equals)
			found = try_below(source, search->rules[i], absolute + 1);
		else
			found = try_substituted(source, search->rules[i], equals, name) ||
				(*name == '/' && try_substituted(source, search->rules[i], equals, absolute));
	}
	return found;
}

/* Tries a relative name beside the recording: its directory was made in the program's working directory, unless its
 * user wished otherwise. A snapshot lies in such a directory. */
static bool try_beside(struct source *source, const char *recording, const char *name)
{
	struct stat status;
	struct buffer path = {0};

	if (!recording || stat(recording, &status) < 0)
		return false;
	buffer_printf(&path, "%s/%s%s", recording, S_ISDIR(status.st_mode) ? "../" : "../../", name);
	if (!S_ISDIR(status.st_mode)) { /* FILE/../.. means nothing, so takes the parent of its folder */
		const char *slash = strrchr(recording, '/');
		path.length = 0;
		buffer_printf(&path, "%.*s/../%s", slash ? (int)(slash - recording) : 1, slash ? recording : ".", name);
	}
	const bool found = path_try(source, path.data);
	buffer_free(&path);
	return found;
}

static void source_search(struct source *source, const struct source_search *search, const char *name)
{
	struct buffer absolute = {0};

	buffer_append_byte(&absolute, '/');
	struct buffer plain = {0};
	name_normalize(&plain, name);
	buffer_append_text(&absolute, plain.data ? plain.data : "");
	source->is_missing = true;
	snprintf(source->fault, sizeof source->fault, "the file is not here");
	if (!try_rules(source, search, name, absolute.data) &&
	    !(*name != '/' && try_beside(source, search->recording, name)))
		path_try(source, name);
	buffer_free(&absolute);
	buffer_free(&plain);
}

/* Asks the servers. A build of which they have nothing is not asked for again and again. */
static void source_fetch(struct sources *sources, struct source *source, const char *name, struct source_build build)
{
	struct buffer said = {0};
	struct error error;
	uint64_t *misses = map_put(sources->misses, hash_bytes(hash_secret(), build.id, build.bytes), NULL);

	if (*misses >= BUDGET_SERVER_MISSES && *misses < SERVED)
		return;
	if (sources->asked++ >= BUDGET_SERVER_SOURCES)
		return;
	const int descriptor = debuginfod_fetch_source(build.id, build.bytes, name, SOURCE_FILE_BYTES, &said);
	if (descriptor < 0) {
		++*misses;
		if (said.length)
			snprintf(source->fault, sizeof source->fault, "the file is not here; %.120s", said.data);
	} else {
		*misses |= SERVED;
		source->is_missing = false;
		source->fault[0] = '\0';
		if (!source_file_take(&source->file, descriptor, name, &error))
			snprintf(source->fault, sizeof source->fault, "not read: %.140s", error.text);
	}
	buffer_free(&said);
}

const struct source *sources_find(struct sources *sources, const char *name, struct source_build build)
{
	uint64_t *slot = map_put(sources->by_name, hash_bytes(hash_secret(), name, strlen(name)), NULL);

	if (*slot)
		return sources->files[*slot - 1];
	struct source *source = memory_allocate(1, sizeof *source);
	ARRAY_RESERVE(sources->files, sources->count, sources->capacity);
	sources->files[sources->count++] = source;
	*slot = sources->count;
	if (sources->count > FILES_MOST || sources->bytes > BYTES_MOST) {
		snprintf(source->fault, sizeof source->fault, "not read: too many files");
		return source;
	}
	source_search(source, &sources->search, name);
	if (source->is_missing && *name == '/' && build.bytes && path_is_source(name))
		source_fetch(sources, source, name, build);
	sources->bytes += source->file.bytes + source->file.line_count * sizeof *source->file.starts;
	if (!*source->fault && source->file.line_count == 0)
		snprintf(source->fault, sizeof source->fault, "the file is empty");
	return source;
}

bool source_is_newer(const struct source_file *file, const char *module, uint64_t start_unix_ns)
{
	struct stat status;

	if (start_unix_ns && file->modified_ns > (int64_t)start_unix_ns)
		return true;
	return *module && stat(module, &status) == 0 && S_ISREG(status.st_mode) &&
	       file->modified_ns > (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
}
