/* SPDX-License-Identifier: Apache-2.0 */
/* Making of a recording directory and its heap file: see heap_file.h. */
#include "keeper/files/heap_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/files/heap_memory.h"
#include "keeper/files/output.h"
#include "keeper/heap/area_growth.h"

#include <seep/keeper.h>

#define NAMES_TRIED 10000

/* In the recording's directory, or in memory with a link from there. A descriptor, or -errno. */
static int file_make(struct heap_file *made, struct seep_heap_header *header, bool in_memory)
{
	area_plan_room(header, area_can_populate());
	int file = in_memory ? heap_memory_make(made->directory, header) : -ENOSPC;
	if (file >= 0 || file == -EEXIST)
		return file;
	file = file_open(made->directory, SEEP_HEAP_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (file < 0)
		return file;
	system_change_mode(file, 0600); /* whatever the umask */
	made->space_error = area_reserve_file(file, header);
	return file;
}

/* Makes the directory, or opens one that is there. A descriptor, or -errno; -EEXIST: the name is something else's. */
static int directory_open(const char *path, bool *is_new)
{
	int made = system_make_directory(path, 0700);
	*is_new = made == 0;
	if (made != 0 && made != -EEXIST)
		return made;
	if (*is_new)
		output_mode_set(path, 0700);
	int directory = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return directory == -ELOOP || directory == -ENOTDIR ? -EEXIST : directory;
}

/* May a recording begin in it? It is ours, nobody else may write to it, and there is no snapshot in it. */
static bool directory_is_free(int directory)
{
	struct stat status;
	return system_stat_descriptor(directory, &status) == 0 && status.st_uid == system_effective_user() &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH)) &&
	       system_call(SYS_faccessat, directory, (long)"000001.seep", F_OK, 0, 0, 0) == -ENOENT;
}

/* 0, or -errno; -EEXIST: the name is taken. Two processes may try one name; whoever makes the heap file has it. */
static int name_claim(struct heap_file *made, const char *path, struct seep_heap_header *header, bool in_memory)
{
	bool is_new;
	struct text text = text_begin(header->directory, sizeof header->directory);
	text_add(&text, path);
	*made = (struct heap_file){.directory = directory_open(path, &is_new)};
	/* the file system gave the new one to somebody else, and would do so under any name */
	made->file = is_new ? -EPERM : -EEXIST;
	if (made->directory >= 0 && directory_is_free(made->directory))
		made->file = file_make(made, header, in_memory);
	if (made->directory >= 0 && made->file >= 0)
		return 0;
	if (is_new) /* if it holds somebody else's files by now, it stays */
		system_unlink_at(AT_FDCWD, path, AT_REMOVEDIR);
	if (made->directory < 0)
		return made->directory;
	system_close(made->directory);
	return made->file;
}

static int next_claim(struct heap_file *made, char *directory, size_t bytes, struct seep_heap_header *header,
		      bool in_memory)
{
	struct text text = {.data = directory, .size = bytes, .length = strlen(directory)};
	size_t plain = text.length;
	int error = name_claim(made, directory, header, in_memory);
	for (uint64_t number = 2; error == -EEXIST && number < NAMES_TRIED; number++) {
		text.length = plain;
		text_add(&text, ".");
		text_add_unsigned(&text, number);
		if (text.cut)
			return -ENAMETOOLONG;
		error = name_claim(made, directory, header, in_memory);
	}
	return error;
}

int heap_file_make(struct heap_file *made, char *directory, size_t bytes, size_t parents_from,
		   struct seep_heap_header *header, bool in_memory)
{
	if (!output_make_absolute(directory, bytes))
		return -ENAMETOOLONG;
	int error = next_claim(made, directory, bytes, header, in_memory);
	if (error == -ENOENT && output_parents_make(directory, parents_from))
		error = next_claim(made, directory, bytes, header, in_memory);
	return error;
}

void *map_unlocked(size_t bytes, int flags, int file)
{
	void *map = system_map(NULL, bytes, PROT_NONE, flags, file, 0);
	if (system_failed(map))
		return map;
	system_unlock(map, bytes);
	int error = system_protect(map, bytes, PROT_READ | PROT_WRITE);
	if (error == 0)
		return map;
	system_unmap(map, bytes);
	return (void *)(long)error;
}

void *heap_file_map(int file, uint64_t bytes)
{
	void *map = map_unlocked(bytes, MAP_SHARED, file);
	/* no read-ahead: where the disk's is large (8 MiB is seen) the first touch of each area took 2 ms, and all that it
	 * reads stays in memory */
	if (!system_failed(map))
		system_advise(map, bytes, MADV_RANDOM);
	return map;
}

void heap_file_close(const struct heap_file *made)
{
	system_close(made->file);
	system_close(made->directory);
}

void heap_file_remove(int directory, const char *path)
{
	heap_memory_remove(directory);
	system_unlink_at(AT_FDCWD, path, AT_REMOVEDIR);
}
