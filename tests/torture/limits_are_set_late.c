/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program sets itself limits when it is recorded already: of address space,
 * by every call that there is for it, and of the memory that it may lock, as a
 * user who may lock no more. It has the room that it has alone. At rate 4K a
 * recording maps half a gigabyte, most of it without pages.
 *
 * torture: allocators=glibc
 * torture: recordings=any
 * torture: because=children end by _exit(), and another user may not write to the recording
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "torture.h"

#define NOBODY 65534
#define MIB ((size_t)1 << 20)

static size_t mapped_bytes(void)
{
	char text[200];
	int file = open("/proc/self/statm", O_RDONLY);
	ssize_t length = read(file, text, sizeof text - 1);
	close(file);
	text[length > 0 ? length : 0] = 0;
	return strtoul(text, NULL, 10) * 4096;
}

static void set(int way, struct rlimit *limit)
{
	int failed = -1;
	if (way == 0)
		failed = setrlimit(RLIMIT_AS, limit);
	else if (way == 1)
		failed = prlimit(0, RLIMIT_AS, limit, limit);
	else if (way == 2)
		failed = (int)syscall(SYS_prlimit64, getpid(), RLIMIT_AS, limit, NULL);
	else
		failed = (int)syscall(SYS_setrlimit, RLIMIT_AS, limit);
	EXPECT(failed == 0);
}

/* In a child: the limit can't be raised again. 300 MiB of 400 are there for the program, also after another fork. */
static void limit_addresses(int way)
{
	allocate_and_free(3000);
	set(way, &(struct rlimit){400 * MIB, 400 * MIB});
	for (int i = 0; i < 300; i++)
		EXPECT((torture_hold = malloc(MIB)) != NULL);
	allocate_and_free(3000);
	EXPECT(mapped_bytes() < 400 * MIB);
	pid_t child = fork();
	if (child == 0) {
		allocate_and_free(3000);
		_exit(0);
	}
	wait_for(child, "a child of a child");
}

/* What a user may lock is enough for the program and five megabytes. */
static void limit_locks(void)
{
	allocate_and_free(3000);
	size_t most = 8 * MIB; /* the kernel's default, which no privilege is needed for */
	EXPECT(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){most, most}) == 0);
	EXPECT(geteuid() != 0 || setresuid(NOBODY, NOBODY, NOBODY) == 0);
	errno = 0;
	EXPECT(mlockall(MCL_CURRENT) == 0 && errno == 0);
	allocate_and_free(3000);
	EXPECT(munlockall() == 0);
	EXPECT(syscall(SYS_mlockall, MCL_CURRENT) == 0);
	allocate_and_free(3000);
}

int main(void)
{
	fflush(stdout);
	allocate_and_free(3000);
	for (int way = 0; way < 4; way++) {
		pid_t child = fork();
		if (child == 0) {
			limit_addresses(way);
			_exit(0);
		}
		wait_for(child, "a child");
	}
	limit_locks();
	allocate_and_free(300);
	puts("done");
	return 0;
}
