/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc read with plain descriptors and bounded buffers. A process may end
 * between any two reads; what then can't be read stays unknown.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/memory.h"
#include "process/inspect.h"
#include "process/state.h"

enum { ENVIRONMENT_MAX_BYTES = 4 << 20 };

/* Of the process as a whole; its first thread may have ended. Only stat is always the process's own. */
static void proc_path(char path[64], pid_t pid, const char *file)
{
	snprintf(path, 64, "/proc/%d/%s", (int)(strcmp(file, "stat") == 0 ? pid : process_shown_as(pid)), file);
}

/* Reads up to size - 1 bytes and ends them with NUL; -1 where it can't be read. */
static ssize_t proc_read(pid_t pid, const char *file, char *data, size_t size)
{
	char path[64];

	proc_path(path, pid, file);
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return -1;
	size_t used = 0;
	while (used < size - 1) {
		ssize_t got = read(descriptor, data + used, size - 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && used == 0) {
			close(descriptor);
			return -1;
		}
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	close(descriptor);
	data[used] = 0;
	return (ssize_t)used;
}

/* /proc/PID/stat: "pid (comm) state ppid ... starttime"; comm may hold blanks and parentheses. */
static bool stat_read(pid_t pid, struct process_facts *facts)
{
	char text[1024];
	int parent;
	unsigned long long start;

	if (proc_read(pid, "stat", text, sizeof text) <= 0)
		return false;
	char *open_parenthesis = strchr(text, '('), *close_parenthesis = strrchr(text, ')');
	if (!open_parenthesis || !close_parenthesis || close_parenthesis < open_parenthesis)
		return false;
	if (sscanf(close_parenthesis + 1,
		   " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &facts->state,
		   &parent, &start) != 3)
		return false;
	facts->pid = pid;
	facts->parent_pid = parent;
	facts->start_ticks = start;
	size_t length = 0;
	for (const char *c = open_parenthesis + 1; c < close_parenthesis && length < sizeof facts->name - 1; c++)
		facts->name[length++] = isprint((unsigned char)*c) ? *c : '?';
	facts->name[length] = 0;
	return true;
}

static bool user_read(pid_t pid, uid_t *user)
{
	char text[4096];
	unsigned effective;

	if (proc_read(pid, "status", text, sizeof text) <= 0)
		return false;
	const char *line = strstr(text, "\nUid:");
	if (!line || sscanf(line, "\nUid: %*u %u", &effective) != 1)
		return false;
	*user = effective;
	return true;
}

static bool secure_read(pid_t pid)
{
	_Alignas(8) char data[8192];
	ssize_t bytes = proc_read(pid, "auxv", data, sizeof data);

	for (ssize_t at = 0; at + 16 <= bytes; at += 16) {
		uint64_t pair[2];
		memcpy(pair, data + at, sizeof pair);
		if (pair[0] == AT_SECURE)
			return pair[1] != 0;
	}
	return false;
}

static bool shim_find(const struct process_mapping *mapping, void *context)
{
	const char *base = strrchr(mapping->path, '/');
	bool *found = context;

	*found = strcmp(base ? base + 1 : mapping->path, "libseep.so") == 0;
	return !*found;
}

bool process_inspect(pid_t pid, struct process_facts *facts, struct error *error)
{
	char path[64], preload[4096];
	struct stat status;

	memset(facts, 0, sizeof *facts);
	if (pid <= 0 || !stat_read(pid, facts))
		return error_set(error, "%d: there is no such process", (int)pid);
	facts->state = process_state(pid);
	facts->user = (uid_t)-1;
	user_read(pid, &facts->user);
	proc_path(path, pid, "exe");
	ssize_t length = readlink(path, facts->executable, sizeof facts->executable - 1);
	facts->executable[length > 0 ? length : 0] = 0;
	/* A process that is not dumpable has its /proc files given to root. */
	proc_path(path, pid, "environ");
	facts->dumpable = stat(path, &status) == 0 && status.st_uid == facts->user;
	facts->memory_readable = process_visit_mappings(pid, shim_find, &facts->shim_mapped);
	facts->secure_mode = secure_read(pid);
	facts->environment_readable = access(path, R_OK) == 0;
	facts->shim_asked_for =
	    process_environment(pid, "LD_PRELOAD", preload, sizeof preload) && strstr(preload, "libseep.so") != NULL;
	return true;
}

bool process_descends_from(pid_t pid, pid_t ancestor)
{
	struct process_facts facts;

	/* No tree is deeper than the bound; it ends the walk should the links ever be inconsistent. */
	for (int steps = 0; pid > 0 && steps < 4096; steps++) {
		if (pid == ancestor)
			return true;
		if (!stat_read(pid, &facts))
			return false;
		pid = facts.parent_pid;
	}
	return false;
}

/* The kernel writes a newline and a backslash in a path as an octal escape. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in;) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' &&
		    in[3] <= '7') {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = 0;
}

static bool mapping_parse(char *line, struct process_mapping *mapping)
{
	static const char deleted[] = " (deleted)";
	unsigned long long start, end, inode;
	unsigned device_major, device_minor;
	int path_at = 0;

	if (sscanf(line, "%llx-%llx %*4s %*x %x:%x %llu %n", &start, &end, &device_major, &device_minor, &inode,
		   &path_at) != 5 ||
	    !path_at || line[path_at] != '/')
		return false;
	char *path = line + path_at;
	size_t length = strcspn(path, "\n");
	path[length] = 0;
	mapping->deleted = length > sizeof deleted && strcmp(path + length - (sizeof deleted - 1), deleted) == 0;
	if (mapping->deleted)
		path[length - (sizeof deleted - 1)] = 0;
	unescape(path);
	snprintf(mapping->path, sizeof mapping->path, "%s", path);
	mapping->start = start;
	mapping->end = end;
	mapping->device = makedev(device_major, device_minor);
	mapping->inode = inode;
	return true;
}

bool process_visit_mappings(pid_t pid, bool (*visit)(const struct process_mapping *mapping, void *context),
			    void *context)
{
	char path[64], *line = NULL;
	size_t capacity = 0;
	struct process_mapping mapping;

	proc_path(path, pid, "maps");
	FILE *maps = fopen(path, "re");
	if (!maps)
		return false;
	errno = 0;
	while (getline(&line, &capacity, maps) > 0)
		if (mapping_parse(line, &mapping) && !visit(&mapping, context))
			break;
	int fault = ferror(maps) ? errno : 0;
	free(line);
	fclose(maps);
	errno = fault;
	return fault == 0;
}

bool process_environment(pid_t pid, const char *name, char *value, size_t size)
{
	char *data = memory_allocate(1, ENVIRONMENT_MAX_BYTES);
	ssize_t bytes = proc_read(pid, "environ", data, ENVIRONMENT_MAX_BYTES);
	size_t length = strlen(name);
	bool found = false;

	for (ssize_t at = 0; at < bytes && !found; at += (ssize_t)strlen(data + at) + 1) {
		found = strncmp(data + at, name, length) == 0 && data[at + (ssize_t)length] == '=';
		if (found)
			snprintf(value, size, "%s", data + at + length + 1);
	}
	free(data);
	return found;
}
