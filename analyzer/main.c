/* SPDX-License-Identifier: Apache-2.0 */
/* The `seep` command: finds the subcommand in the table and runs it. The help comes from the table. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/sigbus_guard.h"
#include "base/memory.h"
#include "base/message.h"
#include "options/command.h"
#include "process/own_stack.h"
#include "run/launch.h"
#include "symbols/cache.h"

enum { NAME_MAX_LENGTH = 31 }; /* a longer word is not taken for a mistyped command */

static const struct command *command_find(const char *name)
{
	for (const struct command *const *command = command_all; *command; command++)
		if (strcmp(name, (*command)->name) == 0)
			return *command;
	return NULL;
}

static void help_print(FILE *stream)
{
	fputs("usage: seep COMMAND [OPTION...] [OPERAND...]: finds slow leaks in programs\n", stream);
	for (const struct command *const *command = command_all; *command; command++)
		fprintf(stream, "  %-10s %s\n", (*command)->name, (*command)->summary);
	fputs("\n  seep COMMAND --help   its options (seep --version: the version)\n\n"
	      "To find a leak:       seep run -- ./server, then seep leaks RECORDING\n",
	      stream);
}

/* Levenshtein's distance of two short words. */
static size_t word_distance(const char *left, const char *right)
{
	size_t row[NAME_MAX_LENGTH + 1];
	size_t width = strlen(right);

	for (size_t i = 0; i <= width; i++)
		row[i] = i;
	for (size_t line = 1; left[line - 1]; line++) {
		size_t diagonal = row[0];
		row[0] = line;
		for (size_t i = 1; i <= width; i++) {
			size_t replaced = diagonal + (left[line - 1] != right[i - 1]);
			size_t shorter = row[i] < row[i - 1] ? row[i] + 1 : row[i - 1] + 1;
			diagonal = row[i];
			row[i] = replaced < shorter ? replaced : shorter;
		}
	}
	return row[width];
}

static int command_unknown(const char *word)
{
	const char *nearest = NULL;
	/* a word that is more than two letters off, or more than half of its letters, is another word */
	size_t nearest_distance = 3;

	for (size_t i = 0; command_all[i] && strlen(word) <= NAME_MAX_LENGTH; i++) {
		size_t distance = word_distance(command_all[i]->name, word);
		if (distance < nearest_distance && 2 * distance <= strlen(word)) {
			nearest_distance = distance;
			nearest = command_all[i]->name;
		}
	}
	if (nearest)
		message("there is no command '%s'; did you mean '%s'?", word, nearest);
	else
		message("there is no command '%s' (see 'seep --help')", word);
	return COMMAND_USAGE;
}

static int command_help(const char *name)
{
	const struct command *command = command_find(name);

	if (!command)
		return command_unknown(name);
	command_print_help(command);
	return COMMAND_FINE;
}

static int command_dispatch(int argc, char **argv)
{
	if (argc < 2) {
		help_print(stderr);
		return COMMAND_USAGE;
	}
	const char *word = argv[1];
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return argc > 2 ? command_help(argv[2]) : (help_print(stdout), COMMAND_FINE);
	if (strcmp(word, "--version") == 0) {
		puts("seep " SEEP_VERSION);
		return COMMAND_FINE;
	}
	const struct command *command = command_find(word);
	if (!command)
		return command_unknown(word);
	if (command->reads) {
		memory_bound_by_inputs();
		signal(SIGXFSZ, SIG_IGN); /* a file that may not be as long is a complaint like any other */
	}
	return command->run(argc - 1, argv + 1);
}

/* Our parent may have closed some of these descriptors. A file that we open would then get such a number, and our
 * messages would be written into it. So we open each in a way that nobody can use, as before, and close it again in the
 * program that we run. */
static void standard_descriptors_fill(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
		if (fcntl(descriptor, F_GETFD) < 0)
			open("/dev/null", (descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

static int seep(int argc, char **argv)
{
	char *cache = symbol_cache_default();

	memory_map_large();
	launch_leave_shim(argv);
	standard_descriptors_fill();
	sigbus_guard_install();
	symbol_cache_use(cache);
	free(cache);
	int status = command_dispatch(argc, argv);

	return command_end(status);
}

int main(int argc, char **argv)
{
	return own_stack_run(seep, argc, argv);
}
