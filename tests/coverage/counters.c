/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into the builds that count coverage. All processes of a program count in one file, which they map over gcov's
 * counters (counters.ld has put these side by side) as soon as they begin. So nothing is lost of a process that is
 * killed, that executes another program, that ends by _exit(), or whose filter forbids it to write: it has nothing to
 * write. In the end one process of each, which finds COVERAGE_DUMP in its environment, writes what gcov reads.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/base/syscall.h"

#define HIDDEN __attribute__((visibility("hidden")))

extern HIDDEN uint64_t coverage_counters[], coverage_counters_end[];
extern HIDDEN __attribute__((weak)) void seep_keeper_entry(void); /* in libseep.so, and nowhere else */

/* The file is named like the program. */
static int counters_open(size_t bytes)
{
	char path[4096] = COUNTERS "/libseep.so", program[4096];
	if (!seep_keeper_entry) {
		const long length =
		    system_call(SYS_readlink, (long)"/proc/self/exe", (long)program, sizeof program - 1, 0, 0, 0);
		program[length > 0 ? length : 0] = 0;
		const char *name = strrchr(program, '/');
		if (!name)
			return -1;
		strncpy(path + strlen(COUNTERS), name, sizeof path - strlen(COUNTERS) - 1);
	}
	const int file = system_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (file >= 0) {
		system_call(SYS_fchmod, file, 0666, 0, 0, 0,
			    0); /* a process counts after it has become another user, too */
		system_call(SYS_ftruncate, file, (long)bytes, 0, 0, 0, 0);
	}
	return file;
}

/* Adds what has been counted until now. Without a file the process counts for itself, and is lost. */
static void counters_share(void)
{
	const size_t bytes = (size_t)((char *)coverage_counters_end - (char *)coverage_counters);
	const int file = counters_open(bytes);
	if (file < 0)
		return;
	uint64_t *shared = system_map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	system_close(file);
	if (system_failed(shared))
		return;
	for (size_t i = 0; i < bytes / sizeof *shared; i++)
		if (coverage_counters[i])
			__atomic_fetch_add(&shared[i], coverage_counters[i], __ATOMIC_RELAXED);
	system_call(SYS_mremap, (long)shared, (long)bytes, (long)bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
		    (long)coverage_counters, 0);
}

void __real___gcov_dump(void);

/* gcov's own constructors, of priority 100, have made the counters known to it. */
__attribute__((constructor(101))) static void coverage_begin(void)
{
	counters_share();
	const char *wanted = getenv("COVERAGE_DUMP");
	if (!wanted || !strcmp(wanted, "libseep.so") != !!seep_keeper_entry)
		return;
	__real___gcov_dump();
	system_call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

/* The keeper as a process is libseep.so as a program: no constructor runs in it. */
__attribute__((weak)) void __real_keeper_main(const long *stack);
void __wrap_keeper_main(const long *stack);

void __wrap_keeper_main(const long *stack)
{
	counters_share();
	__real_keeper_main(stack);
}

/* gcov itself would write the counts at exit and before execve(), and clear them in forked children. */
void __wrap___gcov_exit(void);
void __wrap___gcov_dump(void);
void __wrap___gcov_reset(void);
void __wrap___gcov_reset_int(void);

void __wrap___gcov_exit(void)
{
}

void __wrap___gcov_dump(void)
{
}

void __wrap___gcov_reset(void)
{
}

void __wrap___gcov_reset_int(void)
{
}
