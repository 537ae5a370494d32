/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture: loses=snapshots_thinned
 *
 * A handler that interrupted the shim forks, and the child comes back to where
 * it was: it wrote the rest of that sample to its parent's recording. The
 * parent's must be exact, and the children record what they do afterwards.
 */
#include "stepping.h"

static struct truth_site *parent_site, *stepped_site;
static volatile int in_child;

static SITE void site_of_the_parent(void)
{
	torture_hold = malloc(48);
	truth_allocated(parent_site, 48);
}

static void fork_here(void)
{
	pid_t child = fork();
	if (child == 0)
		in_child = 1;
	else
		waitpid(child, NULL, 0);
}

/* One block of the parent's: a child that continues the call here has not allocated it. */
static SITE void site_stepped(long step)
{
	step_begin(step);
	void *block = malloc(77);
	step_end();
	if (!in_child) {
		truth_allocated(stepped_site, 77);
		truth_freed(stepped_site, 77);
		step_begin(step);
	}
	free(block);
	step_end();
}

int main(void)
{
	truth_directory = ".";
	parent_site = truth_add("site_of_the_parent");
	stepped_site = truth_add("site_stepped");
	site_of_the_parent();
	step_prepare(fork_here);
	for (long step = 1; step < 500; step += step < 20 ? 2 : 31) {
		site_stepped(step);
		if (in_child) {
			free(malloc(5));
			_exit(0);
		}
		site_of_the_parent();
	}
	truth_write_own();
	puts("done");
	return 0;
}
