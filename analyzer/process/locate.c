/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that records maps its heap file. So /proc/PID/maps names either the recording's directory or the heap file
 * in memory, which in turn names the directory. The heap file in that directory must be the mapped file (same device
 * and inode), and must be sound.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <seep/keeper.h>
#include <seep/process.h>

#include "process/inspect.h"
#include "process/locate.h"

struct search {
	pid_t pid;
	char directory[4200]; /* "": not found */
	char deleted[4096];   /* a mapped heap file whose name is gone */
};

/* Whether the directory's heap file is the mapped one and is sound. Some file systems (overlayfs, btrfs) show another
 * device in maps than in stat, so the inode decides, together with the heap file's own record of its process. */
static bool directory_matches(const char *directory, const struct seep_mapping *mapping)
{
	char path[4300];
	struct stat status;
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault;

	snprintf(path, sizeof path, "%s/%s", directory, SEEP_HEAP_NAME);
	if (stat(path, &status) != 0 || status.st_ino != mapping->inode)
		return false;
	if (!seep_heap_open(&heap, directory, false, &fault))
		return false;
	seep_heap_state(&heap, &state);
	seep_heap_close(&heap);
	return !state.complete; /* a complete one means that seep has left the process, which still maps it */
}

/* A heap file in memory says where its recording is. If the program is in a container, the path is below the program's
 * root. */
static bool memory_recording(pid_t pid, const char *heap, char *directory, size_t size)
{
	char path[4300];

	snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, heap);
	return seep_heap_recording_of(heap, directory, size) || seep_heap_recording_of(path, directory, size);
}

static bool heap_find(const struct seep_mapping *mapping, void *context)
{
	struct search *search = context;
	char parent[4096];
	size_t length = strlen(mapping->path);
	const size_t tail = sizeof SEEP_HEAP_NAME; /* counts the slash before it */

	bool in_memory = strncmp(mapping->path, SEEP_HEAP_MEMORY, strlen(SEEP_HEAP_MEMORY)) == 0;
	if (!in_memory && (length <= tail || strcmp(mapping->path + length - tail, "/" SEEP_HEAP_NAME) != 0))
		return true;
	if (mapping->deleted) {
		if (in_memory) /* it was moved when seep left the program */
			return true;
		snprintf(search->deleted, sizeof search->deleted, "%s", mapping->path);
		return true;
	}
	if (!in_memory)
		snprintf(parent, sizeof parent, "%.*s", (int)(length - tail), mapping->path);
	else if (!memory_recording(search->pid, mapping->path, parent, sizeof parent))
		return true;
	snprintf(search->directory, sizeof search->directory, "%s", parent);
	if (directory_matches(search->directory, mapping))
		return false;
	/* In a container or a changed root, the path means something else here. */
	snprintf(search->directory, sizeof search->directory, "/proc/%d/root%s", (int)search->pid, parent);
	if (directory_matches(search->directory, mapping))
		return false;
	search->directory[0] = 0;
	return true;
}

bool recording_locate(pid_t pid, char *directory, size_t size, struct error *error)
{
	struct process_facts facts;
	char ignored;
	struct search search = {.pid = (pid_t)seep_process_shown_as((uint64_t)pid, &ignored)};

	if (!process_inspect(pid, &facts, error))
		return false;
	if (facts.state == 'Z')
		return error_set(error, "%d (%s) has ended; give its recording directory instead", (int)pid,
				 facts.name);
	long unread = seep_process_visit_mappings((uint64_t)search.pid, heap_find, &search);
	if (unread != 0)
		return error_set(
		    error, "%d (%s): its mappings can't be read: %s%s", (int)pid, facts.name, strerror((int)-unread),
		    unread == -EACCES || unread == -EPERM ? "; that needs the same user or CAP_SYS_PTRACE" : "");
	if (search.directory[0]) {
		snprintf(directory, size, "%s", search.directory);
		return true;
	}
	if (facts.shim_joined)
		return error_set(error, "%d (%s) is no longer recorded: seep left it; 'seep attach %d' joins it again",
				 (int)pid, facts.name, (int)pid);
	if (search.deleted[0])
		return error_set(error, "%d (%s) records into %s, which was deleted", (int)pid, facts.name,
				 search.deleted);
	if (!facts.shim_mapped)
		return error_set(error, "%d (%s) is not recorded; 'seep attach %d' joins it", (int)pid, facts.name,
				 (int)pid);
	return error_set(
	    error,
	    "%d (%s) has libseep.so but no recording: nothing sampled yet, left by 'seep detach', not to be "
	    "followed, or no disk space ('seep doctor %d' says more)",
	    (int)pid, facts.name, (int)pid);
}
