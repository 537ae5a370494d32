/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocates 4 MiB, in words of its command line before that:
 *	drop     becomes another user first (after fork, each child does)
 *	forks    forks three children that do the same
 *	message  only says how large a message to a session's host is
 * Exit status 7.
 */
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seep/host.h>

static void *volatile hold;

static void work(bool drops)
{
	if (drops && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
		abort();
	for (int i = 0; i < 64; i++) {
		hold = malloc(64 << 10);
		memset(hold, i, 64 << 10);
	}
}

int main(int argc, char **argv)
{
	bool drops = false, forks = false;

	for (int i = 1; i < argc; i++) {
		drops |= strcmp(argv[i], "drop") == 0;
		forks |= strcmp(argv[i], "forks") == 0;
		if (strcmp(argv[i], "message") == 0)
			printf("message %zu\n", sizeof(struct seep_host_message));
	}
	for (int i = 0; forks && i < 3; i++) {
		pid_t child = fork();
		if (child == 0) {
			work(drops);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	work(drops);
	return 7;
}
