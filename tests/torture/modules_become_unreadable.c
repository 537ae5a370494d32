/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program takes away what a walk of its stacks reads: the headers of a library, its unwind tables, a page of the stack above
 * where it runs, which its own handler gives back at the first touch.
 *
 * torture: plugins=plain
 * torture: recordings=13
 */
#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "torture.h"

#define PAGE 4096ul

enum { STACKS = 4, CALLS = 6, WAYS = 12 };

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static uintptr_t headers, tables; /* of the plugin */
static char *hole;
static volatile int touches;

static int find_plugin(struct dl_phdr_info *info, size_t bytes, void *unused)
{
	(void)bytes;
	(void)unused;
	if (!strstr(info->dlpi_name, "plain.so"))
		return 0;
	headers = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
			tables = (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr) & ~(PAGE - 1);
	return 1;
}

static void touched(int signal)
{
	(void)signal;
	touches++;
	mprotect(hole, PAGE, PROT_READ | PROT_WRITE);
}

static __attribute__((noinline)) int descend(int levels)
{
	char frame[3000];
	memset(frame, levels, sizeof frame);
	torture_hold = frame;
	if (levels > 0)
		return descend(levels - 1) + frame[7] - levels;
	hole = (char *)(((uintptr_t)frame + 6 * PAGE) & ~(PAGE - 1));
	EXPECT(mprotect(hole, PAGE, PROT_NONE) == 0);
	allocate_and_free(30);
	return touches; /* the program has not touched it */
}

static void *thread_with_a_hole(void *unused)
{
	char *stack = malloc(65536);
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 65536}, NULL);
	printf("touched by us: %d\n", descend(12));
	sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
	free(stack);
	return unused;
}

/* By calls whose names are others, or none. */
static long take_away_otherwise(int way)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS, fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
	void *target = (void *)headers, *other = mmap(NULL, PAGE, PROT_NONE, flags, -1, 0);
	switch (way) {
	case CALLS:
		return pkey_mprotect(target, PAGE, PROT_NONE, -1);
	case CALLS + 1: /* a young call */
		return madvise(target, PAGE, MADV_GUARD_INSTALL) ? munmap(target, PAGE) : 0;
	case CALLS + 2:
		return syscall(SYS_mprotect, target, PAGE, PROT_NONE);
	case CALLS + 3:
		return syscall(SYS_munmap, target, PAGE);
	case CALLS + 4:
		return syscall(SYS_mmap, target, PAGE, PROT_NONE, flags | MAP_FIXED, -1, 0) != (long)target;
	default:
		return mremap(other, PAGE, PAGE, fixed, target) != target;
	}
}

static void take_away(int way)
{
	struct sigaction action = {.sa_handler = touched, .sa_flags = SA_ONSTACK};
	switch (way) {
	case 0:
		EXPECT(mprotect((void *)headers, PAGE, PROT_NONE) == 0);
		return;
	case 1:
		EXPECT(munmap((void *)headers, PAGE) == 0);
		return;
	case 2:
		EXPECT(mprotect((void *)tables, PAGE, PROT_NONE) == 0);
		return;
	case 3:
		EXPECT(mmap((void *)tables, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		       (void *)tables);
		return;
	case STACKS:
	case STACKS + 1:
		sigaction(SIGSEGV, &action, NULL);
		if (way == STACKS)
			thread_with_a_hole(NULL);
		else
			pthread_join(start(thread_with_a_hole, NULL), NULL);
		return;
	default:
		EXPECT(take_away_otherwise(way) == 0);
	}
}

int main(void)
{
	void *plugin = dlopen("./plain.so", RTLD_NOW);
	EXPECT(plugin && dl_iterate_phdr(find_plugin, NULL) == 1);
	void *(*allocate)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_allocate");
	free(malloc(10));
	for (int way = 0; way < WAYS; way++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			take_away(way);
			for (int i = 0; i < 20; i++)
				free(allocate(100));
			fflush(stdout);
			_exit(3);
		}
		wait_for(child, "child");
	}
	return 0;
}
