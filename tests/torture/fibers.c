/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fibers: the stack pointer lies outside the thread's stack, on pages of its
 * own with guards around them, or in the middle of a malloc'ed block. They
 * allocate, switch, and their stacks vanish.
 */
#include <sys/mman.h>
#include <ucontext.h>

#include "torture.h"

#define FIBERS 8

static ucontext_t main_context, contexts[FIBERS];
static struct truth_site *site;
static int switches;

static SITE void site_fiber(void)
{
	torture_hold = malloc(60);
	truth_allocated(site, 60);
}

static void fiber(int number)
{
	for (int i = 0; i < 10; i++) {
		site_fiber();
		allocate_and_free(2);
		switches++;
		swapcontext(&contexts[number], &main_context);
	}
}

static void *run(void *unused)
{
	size_t page = 4096, bytes = 4 * page;
	char *maps[FIBERS];
	for (int i = 0; i < FIBERS; i++) {
		maps[i] = mmap(NULL, bytes + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (maps[i] == MAP_FAILED || mprotect(maps[i], page, PROT_NONE) ||
		    mprotect(maps[i] + page + bytes, page, PROT_NONE))
			abort();
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = i % 2 ? malloc(bytes) : maps[i] + page;
		contexts[i].uc_stack.ss_size = bytes;
		contexts[i].uc_link = &main_context;
		makecontext(&contexts[i], (void (*)(void))fiber, 1, i);
	}
	for (int turn = 0; turn < 11; turn++)
		for (int i = 0; i < FIBERS; i++)
			swapcontext(&main_context, &contexts[i]);
	for (int i = 0; i < FIBERS; i++) {
		munmap(maps[i], bytes + 2 * page);
		if (i % 2)
			free(contexts[i].uc_stack.ss_sp);
	}
	return unused;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_fiber");
	run(NULL);
	allocate_and_free(50);
	pthread_join(start(run, NULL), NULL);
	truth_write("end");
	printf("%d switches\n", switches);
	return 0;
}
