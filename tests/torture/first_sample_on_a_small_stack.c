/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first allocation of all is in a signal handler, on a stack that has hardly more than the kernel's frame needs, with
 * nothing below it. So is the first of a forked child.
 *
 * torture: recordings=2
 */
#include <sys/auxv.h>
#include <sys/mman.h>

#include "torture.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PAGE 4096
#define MALLOC_NEEDS 3584

static void handler(int signal)
{
	(void)signal;
	for (size_t i = 0; i < 20; i++)
		free(torture_hold = malloc(40 + i));
}

int main(void)
{
	size_t bytes = getauxval(AT_MINSIGSTKSZ) + MALLOC_NEEDS;
	char *area = (char *)mmap(NULL, bytes + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(area, PAGE, PROT_NONE);
	stack_t stack = {.ss_sp = area + PAGE, .ss_size = bytes};
	if (sigaltstack(&stack, NULL))
		return 9;
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	pid_t child = fork();
	if (child == 0) {
		raise(SIGUSR1);
		_exit(3);
	}
	wait_for(child, "child");
	return 0;
}
