/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap files in memory that nobody will finish: seep_memory_reclaim() of <seep/keeper.h>. When program and keeper are
 * killed together (with a job's whole group, or a container), the heap file stays in memory. The next `seep run` moves
 * it into its recording.
 *
 * It touches a file only if that bears our name and our header, belongs to this user, was held by its program
 * (keeper/files/life.h), and is held by nobody any more: the write lock, which one process alone can have, says so, and
 * stays until we are done. A file whose `seep run` lives is left to that `seep run`. A file to which its recording does
 * not point belongs to nobody.
 */
#include <errno.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/loop/postmortem.h"
#include "keeper/files/life.h"
#include "keeper/program/namespace.h"
#include "keeper/files/heap_location.h"
#include "keeper/program/process.h"

#include <seep/heap.h>
#include <seep/keeper.h>

#define RECLAIM_NS UINT64_C(2000000000) /* at most this long, because the program waits */
#define NAME_NUMBERS 3
#define STRANGE_NS UINT64_C(3600000000000) /* see is_lost() */

/* seep.PID.START.NUMBER */
static bool name_is_ours(const char *name)
{
	const char *prefix = strrchr(SEEP_HEAP_MEMORY, '/') + 1;
	size_t length = strlen(prefix);
	uint64_t ignored;
	if (strncmp(name, prefix, length) != 0)
		return false;
	name += length;
	for (int numbers = 1; numbers <= NAME_NUMBERS; numbers++) {
		if (!text_take_unsigned(&name, &ignored) || *name != (numbers < NAME_NUMBERS ? '.' : 0))
			return false;
		name += numbers < NAME_NUMBERS;
	}
	return true;
}

static bool file_is_ours(int descriptor, struct seep_heap_header *header)
{
	struct stat status;
	return system_stat_descriptor(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	       status.st_uid == system_effective_user() && (status.st_mode & 0777) == 0600 &&
	       file_read_at(descriptor, header, sizeof *header, 0) == (long)sizeof *header &&
	       memcmp(header->magic, SEEP_HEAP_MAGIC, sizeof header->magic) == 0 &&
	       header->version == SEEP_HEAP_VERSION && header->header_bytes == sizeof *header &&
	       header->file_bytes == (uint64_t)status.st_size && header->held == 1 && header->directory[0] == '/' &&
	       memchr(header->directory, 0, sizeof header->directory);
}

/* Does that recording refer to this very file? */
static bool recording_has(int recording, int descriptor)
{
	struct heap_location location;
	struct stat theirs, ours;
	int file = location_open(recording, O_RDONLY, &location);
	if (file < 0)
		return false;
	bool same = location.path[0] && system_stat_descriptor(file, &theirs) == 0 &&
		    system_stat_descriptor(descriptor, &ours) == 0 && theirs.st_dev == ours.st_dev &&
		    theirs.st_ino == ours.st_ino;
	system_close(file);
	return same;
}

/* No recording of that name points to the file. In another mount namespace the name may mean another directory than
 * here, so processes of that namespace get time to reclaim the file first. */
static bool is_lost(const struct seep_heap_header *header, int error)
{
	if (error != 0 && error != -ENOENT && error != -ENOTDIR)
		return false;
	uint64_t seen_ns = load_relaxed(&header->alive_ns), now_ns = clock_read_ns(CLOCK_MONOTONIC);
	seen_ns = seen_ns > header->start_ns ? seen_ns : header->start_ns;
	return header->mount_namespace == process_mount_namespace() || seen_ns > now_ns ||
	       now_ns - seen_ns > STRANGE_NS;
}

/* Nothing was recorded yet, so there is nothing to read. A directory that is not empty stays. */
static void beginning_remove(int memory, const char *name, int recording, const char *path)
{
	system_unlink_at(recording, SEEP_HEAP_NAME, 0);
	system_unlink_at(memory, name, 0);
	system_unlink_at(AT_FDCWD, path, AT_REMOVEDIR);
}

/* We are alone with the file. */
static void file_reclaim(int memory, const char *name, int descriptor, const struct seep_heap_header *header)
{
	char snapshot[32];
	struct seep_fault ignored;
	int recording = file_open(AT_FDCWD, header->directory, O_RDONLY | O_DIRECTORY, 0);
	if (recording >= 0 && recording_has(recording, descriptor)) {
		if (load_relaxed(&header->phase) == SEEP_HEAP_BUILDING)
			beginning_remove(memory, name, recording, header->directory);
		else
			postmortem_finish(recording, true, SEEP_TRIGGER_POSTMORTEM, snapshot, &ignored);
	} else if (is_lost(header, recording < 0 ? recording : 0)) {
		system_unlink_at(memory, name, 0);
	}
	if (recording >= 0)
		system_close(recording);
}

/* Another process may have reclaimed the file before we had it, and the name may belong to another file by now. */
static bool name_is_still_its(int memory, const char *name, int descriptor)
{
	struct stat named, ours;
	return system_call(SYS_newfstatat, memory, (long)name, (long)&named, AT_SYMLINK_NOFOLLOW, 0, 0) == 0 &&
	       system_stat_descriptor(descriptor, &ours) == 0 && named.st_ino == ours.st_ino && ours.st_nlink == 1;
}

static void name_reclaim(int memory, const char *name)
{
	struct seep_heap_header header;
	int descriptor = file_open(memory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
	if (descriptor < 0)
		return;
	if (file_is_ours(descriptor, &header) && life_claim(descriptor) &&
	    name_is_still_its(memory, name, descriptor) && file_is_ours(descriptor, &header) &&
	    !life_goes_on(&header, true) && !life_runner_goes_on(&header))
		file_reclaim(memory, name, descriptor, &header);
	system_close(descriptor);
}

struct visit {
	int memory;
	uint64_t start_ns;
};

static bool name_visit(const char *name, unsigned char type, void *context)
{
	const struct visit *visit = context;
	(void)type;
	if (clock_read_ns(CLOCK_MONOTONIC) - visit->start_ns >= RECLAIM_NS)
		return false;
	if (name_is_ours(name))
		name_reclaim(visit->memory, name);
	return true;
}

void seep_memory_reclaim(void)
{
	int memory = file_open(AT_FDCWD, SEEP_HEAP_MEMORY_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (memory < 0)
		return;
	file_visit_names(memory, name_visit, &(struct visit){memory, clock_read_ns(CLOCK_MONOTONIC)});
	system_close(memory);
}
