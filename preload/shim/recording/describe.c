/* SPDX-License-Identifier: Apache-2.0 */
/* Description of the process for the heap file's header: see describe.h. */
#include "shim/recording/describe.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/clock.h"
#include "keeper/base/epoch.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/process.h"
#include "keeper/program/process_arguments.h"

/* The kernel's name for the process: that of its first thread. Where there is no /proc, it is what the kernel made of the path that
 * was executed; a thread that asks gets its own name alone. */
static void describe_command(char *command, size_t bytes)
{
	enum { NAME_BYTES = 16 };
	long length = file_read_text("/proc/self/comm", command, bytes);
	if (length > 0) {
		if (command[length - 1] == '\n')
			command[length - 1] = 0;
		return;
	}
	const char *path = (const char *)getauxval(AT_EXECFN), *slash = path ? strrchr(path, '/') : NULL;
	struct text text = text_begin(command, bytes < NAME_BYTES ? bytes : NAME_BYTES);
	text_add(&text, slash ? slash + 1 : path ? path : "");
}

void describe_process(struct seep_heap_header *header)
{
	header->pid = (uint64_t)system_getpid();
	epoch_find();
	process_identify(header->pid, &header->parent_pid, &header->start_ticks);
	header->program_stack = process_stack(header->pid);
	process_boot_id(header->boot_id);
	header->mount_namespace = process_mount_namespace();
	store_relaxed(&header->pid_namespace, process_namespace());
	header->start_ns = clock_read_ns(CLOCK_MONOTONIC);
	header->start_unix_ns = clock_read_ns(CLOCK_REALTIME);
	describe_command(header->command, sizeof header->command);
	long target = system_read_link("/proc/self/exe", header->executable, sizeof header->executable - 1);
	header->executable[target > 0 ? target : 0] = 0;
	long length = file_read_text("/proc/self/cmdline", header->arguments, sizeof header->arguments);
	arguments_tidy(header->arguments, length);
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
	file_read_text("/proc/self/statm", text, sizeof text);
	text_take_unsigned(&at, &pages);
	uint64_t used = pages * SEEP_HEAP_PAGE;
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}
