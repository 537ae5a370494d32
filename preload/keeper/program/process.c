/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a process is alive, from /proc: see process.h. */
#include "keeper/program/process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/epoch.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

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

long process_read(uint64_t pid, const char *name, char *text, size_t size)
{
	char path[48];
	process_path(path, sizeof path, pid, name);
	return file_read_text(path, text, size);
}

struct process_stat {
	char state;
	uint64_t parent_pid, threads, start_ticks, stack, exit_code;
};

/* /proc adds what the reader's time namespace adds to the time since boot: whole seconds, by all that make them. */
#define TICK_NS 10000000
static uint64_t machine_ticks(uint64_t ticks)
{
	return ticks - (uint64_t)(epoch_boottime_ns() / TICK_NS);
}

/* The fields behind the command, which may itself hold blanks and parentheses: its end is the last one. */
static bool stat_parse(const char *line, struct process_stat *stat)
{
	const char *at = strrchr(line, ')');
	if (!at || at[1] != ' ' || !at[2])
		return false;
	at += 2;
	*stat = (struct process_stat){.state = *at};
	for (int field = STATE_FIELD; field <= EXIT_FIELD; field++) {
		uint64_t value;
		const char *number = at;
		if (field == PARENT_FIELD && text_take_unsigned(&number, &value))
			stat->parent_pid = value;
		if (field == THREADS_FIELD && text_take_unsigned(&number, &value))
			stat->threads = value;
		if (field == START_FIELD && !text_take_unsigned(&number, &stat->start_ticks))
			return false;
		if (field == STACK_FIELD && !text_take_unsigned(&number, &stat->stack))
			return false;
		if (field == EXIT_FIELD)
			text_take_unsigned(&number, &stat->exit_code);
		at = strchr(at, ' ');
		if (!at) /* a line cut short has what matters, or not */
			return field >= STACK_FIELD;
		at++;
	}
	return true;
}

static long stat_read_at(const char *path, struct process_stat *stat)
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
static long stat_read(uint64_t pid, struct process_stat *stat)
{
	char path[48];
	process_path(path, sizeof path, pid, "stat");
	return stat_read_at(path, stat);
}

int process_watch(uint64_t pid, uint64_t start_ticks)
{
	int descriptor = (int)system_call(SYS_pidfd_open, (long)pid, 0, 0, 0, 0, 0);
	if (descriptor < 0)
		return -1;
	if (process_exists(pid, start_ticks)) /* not another that has its number now */
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

bool process_is_alone(int *status)
{
	struct process_stat stat; /* not by number: /proc may be of another namespace */
	if (stat_read_at("/proc/self/stat", &stat) != 0 || stat.state != 'Z')
		return false;
	if (stat.threads != 2) {
		*status = 0; /* another ends last, by the C library */
		return false;
	}
	if (*status < 0)
		*status = (int)(stat.exit_code >> 8 & 0xff);
	return true;
}

uint64_t process_stack(uint64_t pid)
{
	struct process_stat stat;
	return stat_read(pid, &stat) == 0 ? stat.stack : 0;
}

bool process_is_left_over(uint64_t pid, const char *name)
{
	char line[1024];
	if (process_read(pid, "stat", line, sizeof line) <= 0)
		return false;
	size_t length = strlen(name);
	const char *open = strchr(line, '(');
	return open && strncmp(open + 1, name, length) == 0 && strncmp(open + 1 + length, ") Z", 3) == 0;
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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool process_boot_id(uint8_t boot_id[static 16])
{
	char line[64];
	if (file_read_text("/proc/sys/kernel/random/boot_id", line, sizeof line) < 0)
		return false;
	unsigned digits = 0;
	uint8_t id[16] = {0};
	for (const char *at = line; *at && digits < 32; at++) {
		int digit = hex_digit(*at);
		if (digit >= 0) {
			id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | digit);
			digits++;
		}
	}
	memcpy(boot_id, id, sizeof id);
	return digits == 32;
}

bool process_identify(uint64_t pid, uint64_t *parent_pid, uint64_t *start_ticks)
{
	struct process_stat stat = {0};
	bool found = stat_read(pid, &stat) == 0;
	*parent_pid = stat.parent_pid;
	*start_ticks = stat.start_ticks;
	return found;
}

static bool stat_shows(const struct process_stat *stat, uint64_t start_ticks)
{
	/* the first thread may have ended (Z) while others go on */
	if ((stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1)
		return false;
	return start_ticks == 0 || stat->start_ticks == start_ticks;
}

/* Where /proc does not say: its number is all that can be asked for. */
static bool number_exists(uint64_t pid)
{
	return system_kill((int)pid, 0) != -ESRCH;
}

bool process_is_seen(uint64_t pid, uint64_t start_ticks)
{
	struct process_stat stat;
	if (pid == 0 || pid >= PID_LIMIT)
		return false;
	if (stat_read(pid, &stat) == 0)
		return stat_shows(&stat, start_ticks);
	return stat_read((uint64_t)system_getpid(), &stat) != 0 && number_exists(pid); /* no /proc */
}

bool process_exists(uint64_t pid, uint64_t start_ticks)
{
	struct process_stat stat;
	if (pid == 0 || pid >= PID_LIMIT)
		return false;
	return stat_read(pid, &stat) == 0 ? stat_shows(&stat, start_ticks) : number_exists(pid);
}
