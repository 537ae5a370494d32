/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of kept names. A file is written under another name and renamed, so that a reader finds the old one or
 * the new one; of two writers, the later wins. When the directory is too large, the file that has been unused for
 * longest is removed. */
#include "symbols/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "base/memory.h"
#include "symbols/cache_file.h"

#define FILE_BYTES_MAX ((off_t)64 << 20)
#define DIRECTORY_BYTES_MAX ((uint64_t)256 << 20)
/* Reading a smaller debug file takes no longer than reading the cache. */
#define DEBUG_FILE_BYTES_LEAST ((uint64_t)1 << 20)
#define TEMPORARY_SECONDS_MAX 3600
#define SUFFIX ".names"

static char *cache_directory;

void symbol_cache_use(const char *directory)
{
	free(cache_directory);
	cache_directory = directory ? memory_copy_text(directory) : NULL;
}

char *symbol_cache_default(void)
{
	const char *choice = getenv("SEEP_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	struct buffer path = {0};

	if (choice && strcmp(choice, "off") == 0)
		return NULL;
	/* The specification says to ignore a path that is not absolute. */
	if (cache && *cache == '/')
		buffer_printf(&path, "%s/seep", cache);
	else if (home && *home == '/')
		buffer_printf(&path, "%s/.cache/seep", home);
	return path.data;
}

/* Makes the directory and those above it. */
static void directories_make(const char *path)
{
	char *copy = memory_copy_text(path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
	mkdir(copy, 0700);
	free(copy);
}

/* Opens the directory if only we may write to it; otherwise -1. */
static int directory_open(bool make)
{
	struct stat status;

	if (!cache_directory)
		return -1;
	if (make)
		directories_make(cache_directory);
	int directory = open(cache_directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory >= 0 &&
	    (fstat(directory, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))) {
		close(directory);
		directory = -1;
	}
	return directory;
}

/* The name of a build's file. Names that were found with the user's own directory have a separate file. */
static void name_append(struct buffer *name, const struct symbol_module *module, const struct symbol_search *search)
{
	buffer_append_hex(name, module->build_id, module->build_id_bytes);
	if (search->directory) {
		char *real = realpath(search->directory, NULL);
		const char *directory = real ? real : search->directory;
		buffer_printf(name, "-%016llx", (unsigned long long)hash_bytes(0, directory, strlen(directory)));
		free(real);
	}
	buffer_append_text(name, SUFFIX);
}

/* Reads the cache's file of the module. */
static bool content_read(struct cache_content *content, const struct symbol_module *module,
			 const struct symbol_search *search, struct string_pool *strings)
{
	struct buffer name = {0}, file = {0};
	int directory = directory_open(false);
	bool good = false;

	if (directory < 0)
		return false;
	name_append(&name, module, search);
	good = cache_file_read(directory, name.data, geteuid(), FILE_BYTES_MAX, &file) &&
	       cache_file_decode(content, &file, module, strings);
	if (good && !(content->module.has_lines && cache_file_is_fresh(&file, module->path))) {
		cache_content_free(content);
		good = false;
	}
	if (good)
		utimensat(directory, name.data, NULL, AT_SYMLINK_NOFOLLOW); /* marks it as used now */
	close(directory);
	buffer_free(&name);
	buffer_free(&file);
	return good;
}

static bool is_kept(const struct symbol_module *module)
{
	return cache_directory && module->build_id_bytes && module->build_id_bytes <= 32 && !module->is_vdso;
}

bool symbol_cache_load(struct symbol_module *module, const struct symbol_search *search, struct string_pool *strings,
		       struct symbol_lines *lines)
{
	struct cache_content content;
	bool complete = true;

	if (!is_kept(module) || !content_read(&content, module, search, strings))
		return false;
	for (size_t i = 0; complete && i < module->address_count; i++)
		complete = cache_address_find(&content.module, &module->addresses[i]) != NULL;
	for (size_t i = 0; complete && i < module->address_count; i++)
		cache_answer_copy(&module->addresses[i], cache_address_find(&content.module, &module->addresses[i]),
				  &content.lines, lines);
	if (complete) {
		module->source = content.module.source;
		module->debug_file = content.module.debug_file;
		module->has_lines = true;
	}
	cache_content_free(&content);
	return complete;
}

/* ---- keeping ---- */

static bool has_suffix(const char *name, const char *suffix)
{
	const size_t length = strlen(name), suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0;
}

/* Removes temporary files that writers left behind. Returns the bytes of all other files, and finds the one unused for
 * longest. */
static uint64_t directory_measure(int directory, char oldest[static 256])
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	struct timespec least = {0};
	uint64_t bytes = 0;

	*oldest = '\0';
	for (struct dirent *entry; listing && (entry = readdir(listing));) {
		struct stat status;
		const bool is_temporary = has_suffix(entry->d_name, CACHE_TEMPORARY_SUFFIX);
		if ((!is_temporary && !has_suffix(entry->d_name, SUFFIX)) ||
		    fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
			continue;
		if (is_temporary) {
			if (time(NULL) - status.st_mtim.tv_sec > TEMPORARY_SECONDS_MAX)
				unlinkat(directory, entry->d_name, 0);
			continue;
		}
		bytes += (uint64_t)status.st_size;
		if (!*oldest || status.st_mtim.tv_sec < least.tv_sec ||
		    (status.st_mtim.tv_sec == least.tv_sec && status.st_mtim.tv_nsec < least.tv_nsec)) {
			snprintf(oldest, 256, "%s", entry->d_name);
			least = status.st_mtim;
		}
	}
	if (listing)
		closedir(listing);
	else if (copy >= 0)
		close(copy);
	return bytes;
}

static void directory_bound(int directory)
{
	char oldest[256];

	while (directory_measure(directory, oldest) > DIRECTORY_BYTES_MAX)
		if (unlinkat(directory, oldest, 0) < 0)
			return;
}

/* Names from a server are always kept: it may be far away. */
static bool is_worth_keeping(const struct symbol_module *module, struct cache_witness *debug_file)
{
	*debug_file = (struct cache_witness){0};
	if (!is_kept(module) || !module->has_lines || !module->debug_file || module->address_count == 0 ||
	    module->address_count > CACHE_ADDRESSES_MAX)
		return false;
	return !*module->debug_file ||
	       (cache_witness_take(module->debug_file, debug_file) && debug_file->bytes >= DEBUG_FILE_BYTES_LEAST);
}

void symbol_cache_store(const struct symbol_module *module, const struct symbol_search *search,
			struct string_pool *strings, const struct symbol_lines *lines)
{
	struct cache_witness witness;
	struct cache_content kept = {0};
	struct buffer name = {0}, file = {0};

	if (!is_worth_keeping(module, &witness))
		return;
	int directory = directory_open(true);
	if (directory < 0)
		return;
	const bool has_kept = content_read(&kept, module, search, strings);
	struct cache_content joined = cache_content_join(module, lines, &kept);
	cache_file_encode(&file, &joined.module, &joined.lines, &witness);
	if ((off_t)file.length > FILE_BYTES_MAX) { /* then keeps only the new ones */
		cache_content_free(&joined);
		joined = cache_content_join(module, lines, &(struct cache_content){0});
		file.length = 0;
		cache_file_encode(&file, &joined.module, &joined.lines, &witness);
	}
	name_append(&name, module, search);
	if ((off_t)file.length <= FILE_BYTES_MAX)
		cache_file_write(directory, name.data, &file);
	directory_bound(directory);
	close(directory);
	cache_content_free(&joined);
	if (has_kept)
		cache_content_free(&kept);
	buffer_free(&name);
	buffer_free(&file);
}
