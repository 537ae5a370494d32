/* SPDX-License-Identifier: Apache-2.0 */
/* See state.h. */
#include "process/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The letter behind the command's name, which may itself hold blanks and parentheses. */
static char state_read(const char *path)
{
	char line[256];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = descriptor >= 0 ? read(descriptor, line, sizeof line - 1) : -1;

	if (descriptor >= 0)
		close(descriptor);
	line[got > 0 ? got : 0] = 0;
	const char *end = strrchr(line, ')');
	return end && end[1] == ' ' ? end[2] : 0;
}

/* A thread that has not ended, and its state; 0: all have. */
static pid_t thread_find(pid_t pid, char *state)
{
	char tasks[40], path[320];
	struct dirent *entry;
	pid_t found = 0;

	snprintf(tasks, sizeof tasks, "/proc/%d/task", (int)pid);
	DIR *list = opendir(tasks);
	while (list && !found && (entry = readdir(list))) {
		snprintf(path, sizeof path, "%s/%s/stat", tasks, entry->d_name);
		*state = *entry->d_name == '.' ? 0 : state_read(path);
		if (*state && *state != 'Z' && *state != 'X')
			found = (pid_t)atoi(entry->d_name);
	}
	if (list)
		closedir(list);
	return found;
}

/* In *state that of the thread; see process_state(). */
static pid_t thread_shown(pid_t pid, char *state)
{
	char path[40];

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	*state = state_read(path);
	if (*state != 'Z')
		return pid;
	pid_t other = thread_find(pid, state);
	if (!other)
		*state = 'Z';
	return other ? other : pid;
}

char process_state(pid_t pid)
{
	char state;

	thread_shown(pid, &state);
	return state;
}

pid_t process_shown_as(pid_t pid)
{
	char state;

	return thread_shown(pid, &state);
}
