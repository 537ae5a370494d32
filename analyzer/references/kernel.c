/* SPDX-License-Identifier: Apache-2.0 */
/* See kernel.h. */
#include "references/kernel.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 256 };

/* "tfd: 5 events: 1 data: 55d0c0ffee00 ..." */
static void epoll_take(struct marks *marks, pid_t pid, const char *number)
{
	char path[64], line[LINE_BYTES];

	snprintf(path, sizeof path, "/proc/%d/fdinfo/%.20s", (int)pid, number);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		const char *data = strstr(line, "data:");
		uint64_t word;
		if (data && sscanf(data, "data: %" SCNx64, &word) == 1)
			marks_see(marks, 0, word);
	}
	if (file)
		fclose(file);
}

static void descriptors_take(struct marks *marks, pid_t pid, bool *hidden)
{
	char path[64], name[64];
	const struct dirent *entry;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		const ssize_t length = readlinkat(dirfd(directory), entry->d_name, name, sizeof name - 1);
		name[length > 0 ? length : 0] = 0;
		if (strcmp(name, "anon_inode:[eventpoll]") == 0)
			epoll_take(marks, pid, entry->d_name);
		*hidden |= strcmp(name, "anon_inode:[io_uring]") == 0;
	}
	if (directory)
		closedir(directory);
}

/* "signal: 34/00005591a9d5d2a0" */
static void timers_take(struct marks *marks, pid_t pid)
{
	char path[64], line[LINE_BYTES];
	uint64_t word;

	snprintf(path, sizeof path, "/proc/%d/timers", (int)pid);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "signal: %*d/%" SCNx64, &word) == 1)
			marks_see(marks, 0, word);
	if (file)
		fclose(file);
}

void kernel_words_take(struct marks *marks, pid_t pid, bool *hidden)
{
	descriptors_take(marks, pid, hidden);
	timers_take(marks, pid);
}
