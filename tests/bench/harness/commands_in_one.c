/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into `seep` under callgrind: the process runs the commands that it reads, a line each with tabs between the
 * words, in a child each. Valgrind then starts once, which takes as long as a small command. harness/counted.py reads on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

typedef int program(int, char **, char **);

static program *seep;

static void run_command(char *name, char *line)
{
	char *words[64] = {name};
	int count = 1;

	for (char *word = strtok(line, "\t\n"); word && count < 63; word = strtok(NULL, "\t\n"))
		words[count++] = word;
	int nothing = open("/dev/null", O_RDWR);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	close(nothing);
	CALLGRIND_ZERO_STATS;
	exit(seep(count, words, environ));
}

static int serve(int argc, char **argv, char **environment)
{
	char line[65536];

	(void)argc, (void)environment;
	while (fgets(line, sizeof line, stdin)) {
		int status = -1;
		pid_t child = fork();
		if (child == 0)
			run_command(argv[0], line);
		waitpid(child, &status, 0);
		fprintf(stderr, "command ended: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
	_exit(0);
}

/* Valgrind's own programs get it, too. */
int __libc_start_main(program *entry, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	__typeof__(__libc_start_main) *next = (__typeof__(next))dlsym(RTLD_NEXT, "__libc_start_main");

	if (strcmp(program_invocation_short_name, "seep") == 0) {
		seep = entry;
		entry = serve;
	}
	return next(entry, argc, argv, init, fini, rtld_fini, stack_end);
}
