/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits beyond which the kernel ends the program or gives it no memory,
 * and the room below them: those of its control group and of the groups above
 * it, and its own of address space and data.
 *
 * Where the limits are is read rarely (limits_find), since that takes a walk
 * over the groups. How much room they leave is read often (limits_look): one
 * small file for each group that has a limit, and /proc/PID/statm where the
 * program has one of its own; nothing at all where there is no limit. What a
 * group holds of files counts as room, since the kernel takes it back before
 * it kills anybody. That is in a larger file (memory.stat), which is read only
 * where the first look says that room is short.
 */
#ifndef SEEP_PROGRAM_LIMITS_H
#define SEEP_PROGRAM_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

#define LIMITS_PATH_BYTES 1024
#define LIMITS_GROUPS 4 /* the program's own group and those above it that have a limit; of more, the lowest */
#define LIMITS_NONE UINT64_MAX

struct limits {
	char path[LIMITS_PATH_BYTES]; /* of the memory group's directory */
	bool version1;
	uint32_t group_count;
	struct limits_group {
		uint32_t path_length; /* the group's directory is the first so many bytes of `path` */
		uint64_t bytes;
	} groups[LIMITS_GROUPS];
	uint64_t virtual_bytes, data_bytes; /* the program's own; LIMITS_NONE */
};

/* The room below the nearest limit: nearest by the part of its threshold that is left. */
struct headroom {
	enum seep_memory_key which; /* SEEP_MEMORY_LIMIT, _LIMIT_VIRTUAL or _LIMIT_DATA; 0: there is no limit */
	uint64_t limit_bytes;
	uint64_t left_bytes;
	uint64_t threshold_bytes; /* below this, room is short */
};

/* Reads where the limits are, and notes them in header->memory. `root` is where control groups are mounted. */
#define LIMITS_ROOT "/sys/fs/cgroup"
void limits_find(struct limits *limits, const struct heap *heap, const char *root);

/* Reads how much room they leave, and notes that of the nearest in header->memory. */
struct headroom limits_look(const struct limits *limits, const struct heap *heap);

/* The room below which a limit of this size is near, by the header's limit_headroom; 0: never. At most half of it. */
uint64_t limits_threshold(const struct seep_heap_header *header, uint64_t limit_bytes);

/* Puts the directory of the process's memory group into limits->path. Its length, and that of the root's, which is the group itself
 * in a container whose /sys shows nothing above it; 0: there is none. */
uint32_t limits_find_group(struct limits *limits, uint64_t pid, const char *root, uint32_t *top);

/* What may still be allocated below the nearest limit of a process's group and those above it, with what they hold of files;
 * LIMITS_NONE: there is no limit. */
uint64_t limits_groups_left(uint64_t pid, const char *root);

/* Reads a file of the group whose directory is the first `length` bytes of limits->path, as file_read_text() does. */
long limits_group_read(const struct limits *limits, uint32_t length, const char *name, char *text, size_t size);

/* Copies a group's path out of the text of /proc/PID/cgroup: that of v1's controller of this name, else of v2. */
bool limits_group_path(const char *cgroup, const char *controller, bool *version1, char *path, uint32_t size);

#endif
