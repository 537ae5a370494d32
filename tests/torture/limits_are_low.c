/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits that the program sets on itself before its first sample: open files,
 * the size of files (with SIGXFSZ deadly), locked memory, processes. What the
 * shim cannot have it does without.
 *
 * torture: recordings=any
 * torture: because=a limit may forbid the file
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "torture.h"

static void limit(int what, rlim_t value)
{
	struct rlimit limit = {value, value};
	if (setrlimit(what, &limit))
		abort();
}

int main(void)
{
	fflush(stdout);
	for (int way = 0; way < 5; way++) {
		pid_t child = fork();
		if (child == 0) {
			if (way == 0) {
				limit(RLIMIT_NOFILE, 3);
			} else if (way == 1) {
				limit(RLIMIT_FSIZE, 4096);
			} else if (way == 2) {
				limit(RLIMIT_MEMLOCK, 0);
				limit(RLIMIT_NPROC, 1);
				limit(RLIMIT_CORE, 0);
			} else if (way == 3) {
				close(0); /* only a standard one can be had */
				limit(RLIMIT_NOFILE, 3);
			} else {
				limit(RLIMIT_NOFILE, 40);
				while (open("/dev/null", O_RDONLY) >= 0)
					;
			}
			allocate_and_free(300);
			torture_hold = malloc(1000);
			usleep(20000);
			exit(way + 30);
		}
		wait_for(child, "limited");
	}
	return 0;
}
