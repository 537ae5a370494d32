/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a process is alive, from /proc: see process.h. */
#include "keeper/program/process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/epoch.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

#include <seep/process.h>

#define PID_LIMIT (UINT64_C(1) << 31)
#define STATE_FIELD 3 /* as proc(5) counts */
#define PARENT_FIELD 4
#define THREADS_FIELD 20
#define START_FIELD 22
#define STACK_FIELD 28
#define EXIT_FIELD 52

void process_path(char *path, size_t size, uint64_t pid, const char *name)
{
	struct text text = text_begin(path, size);
	text_add(&text, "/proc/");
	text_add_unsigned(&text, pid);
	text_add(&text, "/");
	text_add(&text, name);
}

long seep_process_read(uint64_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	process_path(path, sizeof path, pid, name);
	return file_read_text(path, text, size);
}

/* /proc adds what the reader's time namespace adds to the time since boot. All tools that make time namespaces use
 * whole seconds. */
#define TICK_NS 10000000
static uint64_t machine_ticks(uint64_t ticks)
{
	return ticks - (uint64_t)(epoch_boottime_ns() / TICK_NS);
}

/* Takes a field by its number. A line that is cut short may lack the last ones. */
static void field_take(struct seep_process_stat *stat, int field, const char *at)
{
	uint64_t *const fields[EXIT_FIELD + 1] = {[PARENT_FIELD] = &stat->parent_pid,
						  [THREADS_FIELD] = &stat->threads,
						  [START_FIELD] = &stat->start_ticks,
						  [STACK_FIELD] = &stat->stack,
						  [EXIT_FIELD] = &stat->exit_code};
	if (fields[field])
		text_take_unsigned(&at, fields[field]);
}

/* "PID (NAME) STATE PARENT ..."; the name may itself hold blanks and parentheses: its end is the last one. */
static bool stat_parse(const char *line, struct seep_process_stat *stat)
{
	const char *name = strchr(line, '('), *at = strrchr(line, ')');
	if (!name || !at || at < name || at[1] != ' ' || !at[2])
		return false;
	*stat = (struct seep_process_stat){.state = at[2]};
	struct text text = text_begin(stat->name, sizeof stat->name);
	text_add_bounded(&text, name + 1, (size_t)(at - name - 1));
	at += 2;
	int field = STATE_FIELD;
	for (; at && field <= EXIT_FIELD; field++) {
		field_take(stat, field, at);
		const char *blank = strchr(at, ' ');
		at = blank ? blank + 1 : NULL;
	}
	return field > STACK_FIELD;
}

static long stat_read_at(const char *path, struct seep_process_stat *stat)
{
	char line[1024];
	long got = file_read_text(path, line, sizeof line);
	if (got < 0)
		return got;
	if (!stat_parse(line, stat))
		return -EINVAL;
	stat->start_ticks = machine_ticks(stat->start_ticks);
	return 0;
}

/* 0, or -errno: -ENOENT where there is no such process (or no /proc). */
static long stat_read(uint64_t pid, struct seep_process_stat *stat)
{
	char path[48];
	process_path(path, sizeof path, pid, "stat");
	return stat_read_at(path, stat);
}

bool seep_process_stat(uint64_t pid, struct seep_process_stat *stat)
{
	return stat_read(pid, stat) == 0;
}

struct thread_search {
	uint64_t pid, found;
	char *state;
};

/* A thread that has not ended. */
static bool thread_visit(const char *name, unsigned char type, void *context)
{
	struct thread_search *search = context;
	struct seep_process_stat stat;
	char path[64];
	(void)type;
	struct text text = text_begin(path, sizeof path);
	text_add(&text, "/proc/");
	text_add_unsigned(&text, search->pid);
	text_add(&text, "/task/");
	text_add(&text, name);
	text_add(&text, "/stat");
	if (*name == '.' || text.cut || stat_read_at(path, &stat) != 0 || stat.state == 'Z' || stat.state == 'X')
		return true;
	*search->state = stat.state;
	return !text_take_unsigned(&name, &search->found);
}

uint64_t seep_process_shown_as(uint64_t pid, char *state)
{
	struct seep_process_stat stat;
	struct thread_search search = {.pid = pid, .state = state};
	char path[48];
	*state = seep_process_stat(pid, &stat) ? stat.state : 0;
	if (*state != 'Z')
		return pid;
	process_path(path, sizeof path, pid, "task");
	int threads = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (threads >= 0) {
		file_visit_names(threads, thread_visit, &search);
		system_close(threads);
	}
	return search.found ? search.found : pid;
}

bool seep_process_ids(uint64_t pid, const char *field, uint32_t ids[static 4])
{
	char status[PROCESS_STATUS_BYTES];
	const char *at = seep_process_read(pid, "status", status, sizeof status) > 0 ? strstr(status, field) : NULL;
	if (!at || (at != status && at[-1] != '\n'))
		return false;
	at += strlen(field);
	for (int i = 0; i < 4; i++) {
		uint64_t id;
		at += strspn(at, " \t");
		if (!text_take_unsigned(&at, &id) || id > UINT32_MAX)
			return false;
		ids[i] = (uint32_t)id;
	}
	return true;
}

int process_watch(uint64_t pid, uint64_t start_ticks)
{
	int descriptor = (int)system_call(SYS_pidfd_open, (long)pid, 0, 0, 0, 0, 0);
	if (descriptor < 0)
		return -1;
	if (process_exists(pid, start_ticks)) /* and not another process that has its number now */
		return descriptor;
	system_close(descriptor);
	return -1;
}

bool process_has_ended(int descriptor)
{
	struct pollfd poll = {.fd = descriptor, .events = POLLIN};
	struct timespec none = {0};
	return system_call(SYS_ppoll, (long)&poll, 1, (long)&none, 0, 0, 0) > 0;
}

bool process_is_alone(_Atomic int *status)
{
	struct seep_process_stat stat; /* "self" and no number, because /proc may be of another namespace */
	if (stat_read_at("/proc/self/stat", &stat) != 0 || stat.state != 'Z')
		return false;
	const bool alone = stat.threads == 2;
	int unknown = -1; /* another that ends last, by the C library, ends with 0 */
	atomic_compare_exchange_strong(status, &unknown, alone ? (int)(stat.exit_code >> 8 & 0xff) : 0);
	return alone;
}

uint64_t process_stack(uint64_t pid)
{
	struct seep_process_stat stat;
	return stat_read(pid, &stat) == 0 ? stat.stack : 0;
}

bool process_is_left_over(uint64_t pid, const char *name)
{
	struct seep_process_stat stat;
	return stat_read(pid, &stat) == 0 && stat.state == 'Z' && strcmp(stat.name, name) == 0;
}

static uint64_t namespace_inode(const char *path)
{
	struct stat status;
	int descriptor = file_open(AT_FDCWD, path, O_RDONLY, 0);
	if (descriptor < 0)
		return 0;
	int failed = system_stat_descriptor(descriptor, &status);
	system_close(descriptor);
	return failed ? 0 : status.st_ino;
}

uint64_t process_namespace(void)
{
	return namespace_inode("/proc/self/ns/pid");
}

uint64_t process_mount_namespace(void)
{
	return namespace_inode("/proc/self/ns/mnt");
}

bool process_boot_id(uint8_t boot_id[static 16])
{
	char line[64];
	if (file_read_text("/proc/sys/kernel/random/boot_id", line, sizeof line) < 0)
		return false;
	unsigned digits = 0;
	uint8_t id[16] = {0};
	for (const char *at = line; *at && digits < 32; at++) {
		int digit = text_hex_digit(*at);
		if (digit >= 0) {
			id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | digit);
			digits++;
		}
	}
	memcpy(boot_id, id, sizeof id);
	return digits == 32;
}

bool process_boot_is(const uint8_t boot_id[static 16])
{
	uint8_t ours[16];
	return process_boot_id(ours) && memcmp(ours, boot_id, sizeof ours) == 0;
}

bool process_identify(uint64_t pid, uint64_t *parent_pid, uint64_t *start_ticks)
{
	struct seep_process_stat stat = {0};
	bool found = stat_read(pid, &stat) == 0;
	*parent_pid = stat.parent_pid;
	*start_ticks = stat.start_ticks;
	return found;
}

static bool stat_shows(const struct seep_process_stat *stat, uint64_t start_ticks)
{
	/* the first thread may have ended (Z) while others go on */
	if ((stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1)
		return false;
	return start_ticks == 0 || stat->start_ticks == start_ticks;
}

/* If /proc does not say, the number is all that we can ask for. */
static bool number_exists(uint64_t pid)
{
	return system_kill((int)pid, 0) != -ESRCH;
}

bool process_is_seen(uint64_t pid, uint64_t start_ticks)
{
	struct seep_process_stat stat;
	if (pid == 0 || pid >= PID_LIMIT)
		return false;
	if (stat_read(pid, &stat) == 0)
		return stat_shows(&stat, start_ticks);
	return stat_read((uint64_t)system_getpid(), &stat) != 0 && number_exists(pid); /* no /proc */
}

bool process_exists(uint64_t pid, uint64_t start_ticks)
{
	struct seep_process_stat stat;
	if (pid == 0 || pid >= PID_LIMIT)
		return false;
	return stat_read(pid, &stat) == 0 ? stat_shows(&stat, start_ticks) : number_exists(pid);
}
