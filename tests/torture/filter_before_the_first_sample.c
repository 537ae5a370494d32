/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program confines itself, on pain of death, before anything was sampled,
 * and so does a forked child, as the unprivileged half of a server does: making
 * the recording's files would kill them. The program is recorded, since seep
 * saw it coming; the child is not, nor what it forks.
 *
 * torture: recordings=1
 */
#define main main_of_filter
#include "strict_seccomp_filter.c"
#undef main

#ifndef FILTER_MAIN
#define FILTER_MAIN main
#endif

int FILTER_MAIN(void)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		forbid();
		allocate_and_free(500);
		_exit(13);
	}
	int status;
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 13)
		_exit(1);
	forbid();
	allocate_and_free(500);
	if (write(1, "alive\n", 6) != 6)
		abort();
	return 13;
}
