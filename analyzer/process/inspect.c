/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about a process, which the keeper's library reads from /proc: see inspect.h. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/join.h>
#include <seep/process.h>

#include "base/memory.h"
#include "files/path.h"
#include "process/inspect.h"

enum { ENVIRONMENT_MAX_BYTES = 4 << 20, SUMS_BYTES = 4096 };

/* The number that stands for the whole process, even if its first thread has ended. */
static uint64_t shown_as(pid_t pid)
{
	char ignored;

	return seep_process_shown_as((uint64_t)pid, &ignored);
}

/* Copies a name so that a terminal can show it. */
static void name_take(char name[static 64], const char *from)
{
	snprintf(name, 64, "%s", from);
	for (char *c = name; *c; c++)
		*c = isprint((unsigned char)*c) ? *c : '?';
}

/* The vector has pairs of words, of four bytes each in a 32-bit program. No key is so large that it fills eight
 * bytes. */
static bool secure_read(pid_t pid)
{
	_Alignas(8) char data[8192];
	const long bytes = seep_process_read(shown_as(pid), "auxv", data, sizeof data);
	uint32_t first[2] = {0};

	memcpy(first, data, bytes >= (long)sizeof first ? sizeof first : 0);
	const long word = first[1] ? 4 : 8;
	for (long at = 0; at + 2 * word <= bytes; at += 2 * word) {
		uint64_t key = 0, value = 0;
		memcpy(&key, data + at, (size_t)word);
		memcpy(&value, data + at + word, (size_t)word);
		if (key == AT_SECURE)
			return value != 0;
	}
	return false;
}

static bool shim_find(const struct seep_mapping *mapping, void *context)
{
	const char *base = strrchr(mapping->path, '/');
	const char *name = base ? base + 1 : mapping->path;
	struct process_facts *facts = context;

	facts->shim_joined =
	    strcmp(name, "memfd:libseep.so") == 0 || strncmp(name, SEEP_JOIN_FILE, strlen(SEEP_JOIN_FILE)) == 0;
	facts->shim_mapped = facts->shim_joined || strcmp(name, "libseep.so") == 0;
	return !facts->shim_mapped;
}

char process_state(pid_t pid)
{
	char state;

	seep_process_shown_as((uint64_t)pid, &state);
	return state;
}

bool process_inspect(pid_t pid, struct process_facts *facts, struct error *error)
{
	char path[64], preload[4096];
	struct seep_process_stat process;
	struct stat status;
	uint32_t users[4];

	memset(facts, 0, sizeof *facts);
	if (pid <= 0 || !seep_process_stat((uint64_t)pid, &process))
		return error_set(error, "%d: there is no such process", (int)pid);
	name_take(facts->name, process.name);
	const unsigned long long shown = seep_process_shown_as((uint64_t)pid, &facts->state);
	facts->user = seep_process_ids(shown, "Uid:", users) ? users[1] : (uid_t)-1;
	snprintf(path, sizeof path, "/proc/%llu/exe", shown);
	ssize_t length = readlink(path, facts->executable, sizeof facts->executable - 1);
	facts->executable[length > 0 ? length : 0] = 0;
	/* The /proc files of a process that is not dumpable belong to root. */
	snprintf(path, sizeof path, "/proc/%llu/environ", shown);
	facts->dumpable = stat(path, &status) == 0 && status.st_uid == facts->user;
	facts->memory_readable = seep_process_visit_mappings(shown, shim_find, facts) == 0;
	facts->secure_mode = secure_read(pid);
	facts->shim_asked_for =
	    process_environment(pid, "LD_PRELOAD", preload, sizeof preload) && strstr(preload, "libseep.so") != NULL;
	return true;
}

bool process_descends_from(pid_t pid, pid_t ancestor)
{
	struct seep_process_stat process;

	/* The bound is more than any real tree's depth; it ends the walk if the links contradict each other. */
	for (int steps = 0; pid > 0 && steps < 4096; steps++) {
		if (pid == ancestor)
			return true;
		if (!seep_process_stat((uint64_t)pid, &process))
			return false;
		pid = (pid_t)process.parent_pid;
	}
	return false;
}

bool process_environment(pid_t pid, const char *name, char *value, size_t size)
{
	char *data = memory_allocate(1, ENVIRONMENT_MAX_BYTES);
	long bytes = seep_process_read(shown_as(pid), "environ", data, ENVIRONMENT_MAX_BYTES);
	size_t length = strlen(name);
	bool found = false;

	for (long at = 0; at < bytes && !found; at += (long)strlen(data + at) + 1) {
		found = strncmp(data + at, name, length) == 0 && data[at + (long)length] == '=';
		if (found)
			snprintf(value, size, "%s", data + at + length + 1);
	}
	free(data);
	return found;
}

/* ---- Lists of processes ---- */

static bool has_name(uint64_t pid, const struct seep_process_stat *stat, const void *context)
{
	static const char deleted[] = " (deleted)";
	const char *name = context;
	char link[48], path[4096];

	if (strcmp(stat->name, name) == 0)
		return true;
	snprintf(link, sizeof link, "/proc/%llu/exe", (unsigned long long)pid);
	const ssize_t length = readlink(link, path, sizeof path - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	char *end = strstr(path, deleted);
	if (end && end[sizeof deleted - 1] == '\0')
		*end = '\0';
	return strcmp(path_base_name(path), name) == 0;
}

static bool is_forked(uint64_t pid, const struct seep_process_stat *stat, const void *context)
{
	const pid_t above = *(const pid_t *)context;
	struct process_facts facts;
	struct error ignored;

	return stat->parent_pid > 1 && pid != (uint64_t)above && process_descends_from((pid_t)pid, above) &&
	       process_inspect((pid_t)pid, &facts, &ignored) && facts.shim_joined;
}

static int number_compare(const void *left, const void *right)
{
	const struct process_number *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void list_fill(struct process_list *list,
		      bool (*wanted)(uint64_t pid, const struct seep_process_stat *stat, const void *context),
		      const void *context)
{
	DIR *stream = opendir("/proc");
	struct seep_process_stat stat;

	*list = (struct process_list){0};
	for (struct dirent *found = stream ? readdir(stream) : NULL; found; found = readdir(stream)) {
		const int pid = atoi(found->d_name);
		if (pid <= 0 || pid == getpid() || !seep_process_stat((uint64_t)pid, &stat) || stat.state == 'Z' ||
		    !wanted((uint64_t)pid, &stat, context))
			continue;
		ARRAY_RESERVE(list->each, list->count, list->capacity);
		list->each[list->count++] = (struct process_number){pid, stat.start_ticks};
	}
	if (stream)
		closedir(stream);
	if (list->count)
		qsort(list->each, list->count, sizeof *list->each, number_compare);
}

void process_list_named(struct process_list *list, const char *name)
{
	list_fill(list, has_name, name);
}

void process_list_forked(struct process_list *list, pid_t pid)
{
	list_fill(list, is_forked, &pid);
}

void process_list_free(struct process_list *list)
{
	free(list->each);
	*list = (struct process_list){0};
}

bool process_given_back(pid_t pid, uint64_t *bytes)
{
	static const char field[] = "\nLazyFree:";
	char sums[SUMS_BYTES];

	if (seep_process_read((uint64_t)pid, "smaps_rollup", sums, sizeof sums) <= 0)
		return false;
	const char *line = strstr(sums, field);
	if (!line)
		return false;
	*bytes = strtoull(line + sizeof field - 1, NULL, 10) * 1024;
	return true;
}
