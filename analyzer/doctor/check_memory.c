/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the memory that heap files lie in: is there any, and what did programs leave there that were killed together
 * with their keepers? */
#include <dirent.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <seep/host.h>
#include <seep/keeper.h>

#include "doctor/check.h"

enum { ROOM_WANTED_MB = 64, BLOCK_BYTES = 512 };

static void check_space(struct findings *findings)
{
	static const char advice[] = "nothing is lost; a disk that writes back may slow single stores";
	struct statfs system;

	if (statfs(SEEP_HEAP_MEMORY_DIRECTORY, &system) != 0 || system.f_type != TMPFS_MAGIC) {
		finding_add(findings, FINDING_NOTE, "memory", advice, "%s is not a tmpfs: heap files will be on disk",
			    SEEP_HEAP_MEMORY_DIRECTORY);
		return;
	}
	unsigned long long free_mb = (unsigned long long)system.f_bavail * (unsigned long long)system.f_bsize >> 20;
	if (system.f_blocks != 0 && free_mb < ROOM_WANTED_MB)
		finding_add(findings, FINDING_NOTE, "memory", advice,
			    "%s has only %llu MB free: heap files will be on disk", SEEP_HEAP_MEMORY_DIRECTORY,
			    free_mb);
	else
		finding_add(findings, FINDING_FINE, "memory", NULL, "heap files can be in memory, in %s",
			    SEEP_HEAP_MEMORY_DIRECTORY);
}

enum remains { IN_USE, DEAD, HOMELESS };

/* Finds out whose a heap file in memory is: a living program's, a dead one's, or nobody's, because its recording is
 * gone. */
static enum remains remains_of(const char *path, char *directory, size_t size)
{
	char link[PATH_MAX + 8], target[PATH_MAX];
	struct seep_heap_view heap = {0};
	struct seep_fault fault;

	if (!seep_heap_recording_of(path, directory, size))
		return IN_USE; /* somebody is just making it, or it has another version */
	snprintf(link, sizeof link, "%s/%s", directory, SEEP_HEAP_NAME);
	ssize_t length = readlink(link, target, sizeof target - 1);
	if (length < 0 || (size_t)length != strlen(path) || memcmp(target, path, (size_t)length) != 0)
		return HOMELESS;
	if (!seep_heap_open(&heap, directory, false, &fault))
		return IN_USE;
	bool alive = seep_heap_alive(&heap);
	seep_heap_close(&heap);
	return alive ? IN_USE : DEAD;
}

static void check_remains(struct findings *findings)
{
	const char *prefix = strrchr(SEEP_HEAP_MEMORY, '/') + 1;
	char path[PATH_MAX], directory[PATH_MAX], advice[PATH_MAX + 64] = "";
	unsigned long long bytes = 0;
	size_t count = 0;
	struct stat status;
	DIR *entries = opendir(SEEP_HEAP_MEMORY_DIRECTORY);

	for (struct dirent *entry; entries && (entry = readdir(entries));) {
		snprintf(path, sizeof path, "%s/%s", SEEP_HEAP_MEMORY_DIRECTORY, entry->d_name);
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || lstat(path, &status) != 0 ||
		    !S_ISREG(status.st_mode) || status.st_uid != geteuid())
			continue;
		enum remains remains = remains_of(path, directory, sizeof directory);
		if (remains == IN_USE)
			continue;
		if (count++ == 0)
			snprintf(advice, sizeof advice,
				 remains == DEAD ? "seep snapshot %s" : "its recording is gone: rm %s",
				 remains == DEAD ? directory : path);
		bytes += (unsigned long long)status.st_blocks * BLOCK_BYTES;
	}
	if (entries)
		closedir(entries);
	if (count)
		finding_add(findings, FINDING_NOTE, "remains", advice,
			    "%zu heap file%s of programs that were killed together with seep hold%s %llu KiB of memory",
			    count, count == 1 ? "" : "s", count == 1 ? "s" : "", bytes >> 10);
}

/* Programs that are started here have the same limit, and less of it. */
void check_addresses(struct findings *findings)
{
	const unsigned long long least_mib = seep_address_space_least() >> 20;
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur >> 20 < least_mib)
		finding_add(findings, FINDING_FAULT, "address-space", "raise it: ulimit -v unlimited",
			    "the limit of address space is %llu MiB, and a recording asks for %llu MiB",
			    (unsigned long long)limit.rlim_cur >> 20, least_mib);
}

void check_memory(struct findings *findings)
{
	check_space(findings);
	check_addresses(findings);
	check_remains(findings);
}
