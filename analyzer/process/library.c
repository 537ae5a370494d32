/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for libraries by path before the program starts, since the loader only warns about a preloaded library that it
 * can't find, and runs the program without it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "files/path.h"
#include "process/library.h"

/* Characters at which the loader ends an entry. */
#define PRELOAD_SEPARATORS " :"

struct allocator {
	const char *name;
	const char *package;
	const char *files[3]; /* in order of preference */
};

static const struct allocator allocators[] = {
    {"jemalloc", "libjemalloc2", {"libjemalloc.so.2"}},
    {"tcmalloc", "libtcmalloc-minimal4", {"libtcmalloc_minimal.so.4", "libtcmalloc.so.4"}},
    {"mimalloc", "libmimalloc2.0", {"libmimalloc.so.2.0", "libmimalloc.so.2"}},
};

static const char *const directories[] = {
    "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
};

/* The canonical path, if the library can be read and LD_PRELOAD can name it. */
static bool library_accept(const char *candidate, char *path, size_t size, struct error *error)
{
	char canonical[PATH_MAX];

	if (!realpath(candidate, canonical) || access(canonical, R_OK) != 0)
		return error_set(error, "%s: %s", candidate, strerror(errno));
	if (strpbrk(canonical, PRELOAD_SEPARATORS) || strchr(canonical, '$'))
		return error_set(error,
				 "%s: LD_PRELOAD can't name a path with a blank, a colon or $; move it, or name a "
				 "copy in SEEP_LIBRARY",
				 canonical);
	if ((size_t)snprintf(path, size, "%s", canonical) >= size)
		return error_set(error, "%s: the path is too long", candidate);
	return true;
}

bool library_find_shim(char *path, size_t size, struct error *error)
{
	static const char *const places[] = {"", "/../lib/seep", "/../lib"};
	char program[PATH_MAX], candidate[PATH_MAX + 64];
	const char *given = getenv("SEEP_LIBRARY");

	if (given && *given)
		return library_accept(given, path, size, error);
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length < 0)
		return error_set(error, "/proc/self/exe: %s; name libseep.so in SEEP_LIBRARY", strerror(errno));
	program[length] = 0;
	*strrchr(program, '/') = 0;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(candidate, sizeof candidate, "%s%s/" SHIM_NAME, program, places[i]);
		if (access(candidate, F_OK) == 0)
			return library_accept(candidate, path, size, error);
	}
	return error_set(error, "libseep.so is neither in %s nor in ../lib/seep of it; name it in SEEP_LIBRARY",
			 program);
}

bool library_find_allocator(const char *name, char *path, size_t size, struct error *error)
{
	char candidate[PATH_MAX];

	if (strchr(name, '/'))
		return library_accept(name, path, size, error);
	for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++) {
		const struct allocator *allocator = &allocators[i];
		if (strcmp(name, allocator->name) != 0)
			continue;
		for (const char *const *file = allocator->files; *file; file++) {
			for (size_t d = 0; d < sizeof directories / sizeof directories[0]; d++) {
				snprintf(candidate, sizeof candidate, "%s/%s", directories[d], *file);
				if (access(candidate, R_OK) == 0)
					return library_accept(candidate, path, size, error);
			}
		}
		return error_set(error, "%s is not installed (package %s); install it, or give the path of its library",
				 name, allocator->package);
	}
	return error_set(error, "the allocator '%s' is not known: give jemalloc, tcmalloc, mimalloc or a path", name);
}

static void preload_append(struct buffer *list, const char *path)
{
	buffer_printf(list, "%s%s", list->length ? ":" : "LD_PRELOAD=", path);
}

char *library_join_preload(const char *shim, const char *allocator, const char *before)
{
	struct buffer list = {0};

	if (shim)
		preload_append(&list, shim);
	if (allocator)
		preload_append(&list, allocator);
	char *copy = memory_copy_text(before ? before : ""), *rest = NULL;
	for (char *entry = strtok_r(copy, PRELOAD_SEPARATORS, &rest); entry;
	     entry = strtok_r(NULL, PRELOAD_SEPARATORS, &rest))
		if (strcmp(path_base_name(entry), SHIM_NAME) != 0)
			preload_append(&list, entry);
	free(copy);
	return list.data;
}

bool library_preload_has_shim(const char *list)
{
	char *copy = memory_copy_text(list ? list : ""), *rest = NULL;
	bool found = false;

	for (char *entry = strtok_r(copy, PRELOAD_SEPARATORS, &rest); entry && !found;
	     entry = strtok_r(NULL, PRELOAD_SEPARATORS, &rest))
		found = strcmp(path_base_name(entry), SHIM_NAME) == 0;
	free(copy);
	return found;
}
