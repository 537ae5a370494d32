/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer's handler jumps out of mlockall, again and again: where the shim had put the heap file's room aside for that
 * call, it never gave it back, and the table of what is alive was full after 4,096 blocks. Afterwards, all that is
 * allocated must be there to the byte.
 */
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "torture.h"

#define JUMPS 60
#define BLOCKS 12000

static sigjmp_buf out;
static struct truth_site *site;

static void jump(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

static SITE void site_after_the_jumps(void)
{
	torture_hold = malloc(16);
	truth_allocated(site, 16);
}

int main(void)
{
	const struct itimerval soon = {.it_value.tv_usec = 300};
	truth_directory = ".";
	site = truth_add("site_after_the_jumps");
	free(malloc(1)); /* the recording begins */
	signal(SIGALRM, jump);
	for (volatile int jumps = 0; jumps < JUMPS; jumps++) {
		if (sigsetjmp(out, 1))
			continue;
		setitimer(ITIMER_REAL, &soon, NULL);
		for (;;)
			mlockall(MCL_CURRENT); /* refused or not */
	}
	munlockall();
	for (int i = 0; i < BLOCKS; i++)
		site_after_the_jumps();
	truth_write("end");
	puts("done");
	return 0;
}
