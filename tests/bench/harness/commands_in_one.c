/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into `seep` under cachegrind: it reads commands, one per line with tabs between the words, and runs each in
 * a child. Valgrind then starts once, which takes as long as a small command. So does it to translate what a command
 * runs: the child of a line that begins with a tab stays, and runs what follows, with what is translated and the
 * program's variables as they were. harness/counted.py reads on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int program(int, char **, char **);

static program *seep;
static char *seep_name;
static FILE *commands;
static char *variables, *kept; /* seep's, and as they are before the first command */
static size_t variables_bytes;

static void serve_on(int status, void *unused);

/* The program itself comes first. Its relocated data stay as they are: they are read-only. */
static int keep_variables(struct dl_phdr_info *info, size_t size, void *unused)
{
	char *constant_end = NULL;

	(void)size, (void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		char *end = (char *)info->dlpi_addr + part->p_vaddr + part->p_memsz;
		if (part->p_type == PT_GNU_RELRO)
			constant_end = end;
		else if (part->p_type == PT_LOAD && part->p_flags & PF_W)
			variables = end;
	}
	variables_bytes = (size_t)(variables - constant_end);
	variables = constant_end;
	kept = malloc(variables_bytes);
	memcpy(kept, variables, variables_bytes);
	return 1;
}

static void run_command(char *line)
{
	char *words[64] = {seep_name};
	int count = 1;

	if (line[0] == '\t')
		on_exit(serve_on, NULL);
	memcpy(variables, kept, variables_bytes);
	for (char *word = strtok(line, "\t\n"); word && count < 63; word = strtok(NULL, "\t\n"))
		words[count++] = word;
	int nothing = open("/dev/null", O_RDWR);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	if (nothing > STDOUT_FILENO)
		close(nothing);
	stdout = fdopen(STDOUT_FILENO, "w"); /* the command before has closed it */
	pid_t counted = fork();              /* tells how much was counted until here */
	if (counted == 0)
		_exit(0);
	waitpid(counted, NULL, 0);
	exit(seep(count, words, environ));
}

static void serve(void)
{
	char line[65536];

	while (fgets(line, sizeof line, commands)) {
		int status = -1;
		pid_t child = fork();
		if (child == 0)
			run_command(line);
		waitpid(child, &status, 0);
		fprintf(stderr, "command ended: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
	_exit(0);
}

/* Runs at the very end of a command, after everything else. */
static void serve_on(int status, void *unused)
{
	(void)unused;
	fprintf(stderr, "command ended: %d\n", status);
	serve();
}

static int begin(int argc, char **argv, char **environment)
{
	(void)argc, (void)environment;
	seep_name = argv[0];
	commands = fdopen(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), "r");
	dl_iterate_phdr(keep_variables, NULL);
	serve();
	return 1;
}

/* Valgrind's own programs get it, too. */
int __libc_start_main(program *entry, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	__typeof__(__libc_start_main) *next = (__typeof__(next))dlsym(RTLD_NEXT, "__libc_start_main");

	if (strcmp(program_invocation_short_name, "seep") == 0) {
		seep = entry;
		entry = begin;
	}
	return next(entry, argc, argv, init, fini, rtld_fini, stack_end);
}
