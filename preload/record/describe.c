/* SPDX-License-Identifier: Apache-2.0 */
/* Description of the process for the heap file's header: see describe.h. */
#include "record/describe.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "base/syscall.h"
#include "base/text.h"

size_t describe_read_file(const char *path, char *text, size_t bytes)
{
	size_t length = 0;
	int descriptor = system_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (descriptor >= 0) {
		long got;
		while (length + 1 < bytes && (got = system_read(descriptor, text + length, bytes - 1 - length)) > 0)
			length += (size_t)got;
		system_close(descriptor);
	}
	text[length] = 0;
	return length;
}

/* Field 22 of /proc/self/stat; the command in field 2 may hold blanks and parentheses, so count from the last one. */
static void read_stat(struct seep_heap_header *header)
{
	static char stat[1024]; /* one thread alone begins a recording; its stack may be small */
	describe_read_file("/proc/self/stat", stat, sizeof stat);
	const char *at = strrchr(stat, ')');
	for (int field = 2; at && *at && field < 22; field++) {
		at = strchr(at + 1, ' ');
		const char *number = at ? at + 1 : NULL;
		if (number && field + 1 == 4)
			text_take_unsigned(&number, &header->parent_pid);
		if (number && field + 1 == 22)
			text_take_unsigned(&number, &header->start_ticks);
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_boot_id(struct seep_heap_header *header)
{
	char text[64];
	describe_read_file("/proc/sys/kernel/random/boot_id", text, sizeof text);
	unsigned nibble = 0;
	for (const char *at = text; *at && nibble < 32; at++) {
		int digit = hex_digit(*at);
		if (digit >= 0) {
			header->boot_id[nibble / 2] |= (uint8_t)(digit << (nibble % 2 ? 0 : 4));
			nibble++;
		}
	}
}

void describe_process(struct seep_heap_header *header)
{
	header->pid = (uint64_t)system_getpid();
	read_stat(header);
	read_boot_id(header);
	header->start_ns = clock_read_ns(CLOCK_MONOTONIC);
	header->start_unix_ns = clock_read_ns(CLOCK_REALTIME);
	size_t length = describe_read_file("/proc/self/comm", header->command, sizeof header->command);
	if (length && header->command[length - 1] == '\n')
		header->command[length - 1] = 0;
	long target = system_read_link("/proc/self/exe", header->executable, sizeof header->executable - 1);
	header->executable[target > 0 ? target : 0] = 0;
	length = describe_read_file("/proc/self/cmdline", header->arguments, sizeof header->arguments);
	for (size_t i = 0; i + 1 < length; i++) {
		if (header->arguments[i] == 0)
			header->arguments[i] = ' ';
	}
	struct utsname host;
	if (system_call(SYS_uname, (long)&host, 0, 0, 0, 0, 0) == 0) {
		struct text text = text_begin(header->host, sizeof header->host);
		text_add(&text, host.nodename);
	}
}

uint64_t describe_address_space_left(void)
{
	struct rlimit limit;
	if (system_call(SYS_prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	char text[64];
	const char *at = text;
	uint64_t pages = 0;
	describe_read_file("/proc/self/statm", text, sizeof text);
	text_take_unsigned(&at, &pages);
	uint64_t used = pages * SEEP_HEAP_PAGE;
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}
