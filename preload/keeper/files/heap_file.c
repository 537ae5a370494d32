/* SPDX-License-Identifier: Apache-2.0 */
/* Making of a recording directory and its heap file: see heap_file.h. */
#include "keeper/files/heap_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keeper/base/size_limit.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/heap/area_growth.h"
#include "keeper/files/heap_memory.h"
#include "keeper/files/output.h"

#include <seep/keeper.h>

#define NAMES_TRIED 10000

/* A new heap file in the directory, or in memory with a link from there. A descriptor, or -errno. */
static int file_make(int parent, struct seep_heap_header *header, bool *in_memory)
{
	room_plan(header, room_can_populate());
	if (*in_memory) {
		int file = heap_memory_make(parent, header);
		if (file >= 0 || file == -EEXIST)
			return file;
		*in_memory = false;
	}
	return system_open_at(parent, SEEP_HEAP_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* A directory that is there already is taken if it is ours, nobody else may write to it, and it holds no recording:
 * that its heap file must be new decides between two who try. */
static int claim(const char *directory, int *parent, struct seep_heap_header *header, bool *in_memory)
{
	int made = system_make_directory(directory, 0700);
	if (made != 0 && made != -EEXIST)
		return made;
	if (made == 0)
		output_mode_set(directory, 0700);
	*parent = system_open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat status;
	int result = -EEXIST;
	struct text text = text_begin(header->directory, sizeof header->directory);
	text_add(&text, directory);
	if (*parent < 0)
		result = *parent == -ELOOP || *parent == -ENOTDIR ? -EEXIST : *parent;
	else if (system_stat_descriptor(*parent, &status) == 0 && status.st_uid == system_effective_user() &&
		 !(status.st_mode & (S_IWGRP | S_IWOTH)) &&
		 system_call(SYS_faccessat, *parent, (long)"000001.seep", F_OK, 0, 0, 0) == -ENOENT)
		result = file_make(*parent, header, in_memory);
	if (result >= 0)
		system_change_mode(result, 0600); /* whatever the umask */
	if (result < 0) {
		if (*parent >= 0)
			system_close(*parent);
		if (made ==
		    0) /* nobody else can have put anything there that we would lose: rmdir takes empty ones alone */
			system_unlink_at(AT_FDCWD, directory, AT_REMOVEDIR);
	}
	return result;
}

static int claim_next(char *directory, size_t bytes, int *parent, struct seep_heap_header *header, bool *in_memory)
{
	struct text text = {.data = directory, .size = bytes, .length = strlen(directory)};
	size_t plain = text.length;
	int file = claim(directory, parent, header, in_memory);
	for (uint64_t number = 2; file == -EEXIST && number < NAMES_TRIED; number++) {
		text.length = plain;
		text_add(&text, ".");
		text_add_unsigned(&text, number);
		if (text.cut)
			return -ENAMETOOLONG;
		file = claim(directory, parent, header, in_memory);
	}
	return file;
}

static void file_remove(int parent, bool in_memory)
{
	if (in_memory)
		heap_memory_remove(parent);
	else
		system_unlink_at(parent, SEEP_HEAP_NAME, 0);
}

struct heap_file heap_file_make(char *directory, size_t bytes, size_t parents_from, struct seep_heap_header *header,
				bool in_memory)
{
	int parent = -1;
	uint64_t file_bytes = header->file_bytes;
	if (!output_make_absolute(directory, bytes))
		return (struct heap_file){.error = ENAMETOOLONG};
	int file = claim_next(directory, bytes, &parent, header, &in_memory);
	if (file == -ENOENT && output_parents_make(directory, parents_from))
		file = claim_next(directory, bytes, &parent, header, &in_memory);
	if (file < 0)
		return (struct heap_file){.error = -file};
	struct heap_file made = {.error = in_memory ? 0 : -room_reserve_file(file, header)};
	if (made.error) { /* mapping a file without space would end in SIGBUS */
		made.anonymous = true;
		room_plan(header, false);
		made.map = system_map(NULL, file_bytes, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		file_remove(parent, in_memory);
	} else {
		made.map = system_map(NULL, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		/* no read-ahead: where the disk's is large (8 MiB is seen) the first touch of each area took 2 ms, and
		 * all that it reads stays in memory */
		if (!system_failed(made.map))
			system_advise(made.map, file_bytes, MADV_RANDOM);
	}
	if (system_failed(made.map)) {
		made.error = -(int)(long)made.map;
		made.map = NULL;
		file_remove(parent, in_memory);
		system_unlink_at(AT_FDCWD, directory, AT_REMOVEDIR);
	}
	system_close(file);
	system_close(parent);
	return made;
}
