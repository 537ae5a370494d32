/* SPDX-License-Identifier: Apache-2.0 */
#include "target/running.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "process/inspect.h"
#include "process/locate.h"

static bool is_listed(const struct running_list *list, uint64_t pid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->each[i].pid == pid)
			return true;
	return false;
}

/* A keeper, and whoever reads a recording, map its heap file, too: the file itself says whose it is. */
static void process_look(struct running_list *list, pid_t pid)
{
	char directory[PATH_MAX];
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault;
	struct process_facts facts;
	struct error error;

	if (!recording_locate(pid, directory, sizeof directory, &error) ||
	    !seep_heap_open(&heap, directory, false, &fault))
		return;
	seep_heap_state(&heap, &state);
	const bool is_alive = seep_heap_alive(&heap);
	seep_heap_close(&heap);
	if (!is_alive || is_listed(list, state.pid) ||
	    !(process_inspect((pid_t)state.pid, &facts, &error) || process_inspect(pid, &facts, &error)))
		return;
	struct running running = {.pid = state.pid, .directory = memory_copy_text(directory)};
	snprintf(running.name, sizeof running.name, "%s", facts.name);
	ARRAY_RESERVE(list->each, list->count, list->capacity);
	list->each[list->count++] = running;
}

static int running_compare(const void *left, const void *right)
{
	const struct running *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

void running_find(struct running_list *list)
{
	DIR *stream = opendir("/proc");

	*list = (struct running_list){0};
	for (struct dirent *found = stream ? readdir(stream) : NULL; found; found = readdir(stream)) {
		const int pid = atoi(found->d_name);
		if (pid > 0)
			process_look(list, pid);
	}
	if (stream)
		closedir(stream);
	qsort(list->each, list->count, sizeof *list->each, running_compare);
}

void running_free(struct running_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->each[i].directory);
	free(list->each);
	*list = (struct running_list){0};
}
