/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and help for every subcommand, both derived from its option table; and the two ways in which a command gives
 * up: usage and failure. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/message.h"
#include "options/command.h"
#include "target/target.h"

enum {
	OPTIONS_MAX = 32,
	OPTION_HELP = 'h',
	HELP_COLUMN = 28, /* where the options' explanations begin */
};

/* The tables of getopt_long, made from a command's. */
struct getopt_tables {
	struct option longs[OPTIONS_MAX + 2];
	char shorts[3 * OPTIONS_MAX + 4];
};

static void getopt_tables_fill(struct getopt_tables *tables, const struct command *command)
{
	size_t longs = 0, shorts = 0;

	memset(tables, 0, sizeof *tables);
	if (command->stop_at_operand)
		tables->shorts[shorts++] = '+';
	tables->shorts[shorts++] = ':';
	tables->shorts[shorts++] = OPTION_HELP;
	tables->longs[longs++] = (struct option){.name = "help", .val = OPTION_HELP};
	for (const struct command_option *option = command->options; option && option->letter && longs <= OPTIONS_MAX;
	     option++) {
		if (option->name)
			tables->longs[longs++] = (struct option){
			    .name = option->name,
			    .has_arg = option->argument ? required_argument : no_argument,
			    .val = option->letter,
			};
		if (option->letter < 256) {
			tables->shorts[shorts++] = (char)option->letter;
			if (option->argument)
				tables->shorts[shorts++] = ':';
		}
	}
}

static uint64_t given; /* one bit for each option that the command line has, by its index in the command's table */

static const struct command_option *option_find(const struct command *command, int letter)
{
	for (const struct command_option *option = command->options; option && option->letter; option++)
		if (option->letter == letter)
			return option;
	return NULL;
}

bool command_was_given(const struct command *command, int letter)
{
	const struct command_option *option = option_find(command, letter);

	return option && (given >> (option - command->options) & 1);
}

/* The next option's letter, its argument in `optarg`; -1: there is none. */
static int next_letter(const struct command *command, int argc, char **argv)
{
	struct getopt_tables tables;

	getopt_tables_fill(&tables, command);
	opterr = 0;
	int before = optind;
	int letter = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
	if (letter != '?' && letter != ':')
		return letter;

	/* getopt_long names a bad short option in optopt; a bad long one is the word that it has just passed. */
	const char *word = argv[optind > before ? optind - 1 : optind];
	bool is_long = strncmp(word, "--", 2) == 0;
	const char *fault = letter == ':'       ? "needs a value"
			    : optopt && is_long ? "takes no value"
						: "is not an option of this command";
	if (is_long)
		exit(command_usage(command, "%s %s", word, fault));
	exit(command_usage(command, "-%c %s", optopt, fault));
}

/* "site, function, line or module" */
static void words_append(struct buffer *out, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		buffer_printf(out, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
}

static int value_refuse(const struct command *command, const struct command_option *option, const char *value,
			const struct error *error)
{
	struct buffer text = {0};

	if (*error->text) {
		buffer_printf(&text, "=%s: %s", value, error->text);
	} else {
		buffer_printf(&text, "=%s is not ", value);
		if (option->type->valid)
			buffer_append_text(&text, option->type->valid);
		else
			words_append(&text, option->words);
	}
	const int status = command_usage(command, "--%s%s", option->name, text.data);
	buffer_free(&text);
	return status;
}

void command_take_options(const struct command *command, int argc, char **argv, void *request)
{
	int letter;

	given = 0;
	while ((letter = next_letter(command, argc, argv)) != -1) {
		const struct command_option *option = option_find(command, letter);
		struct error error = {.text = ""};
		if (!option) { /* --help, which every command has */
			command_print_help(command);
			exit(command_end(COMMAND_FINE));
		}
		void *field = (char *)request + option->field;
		given |= UINT64_C(1) << (option - command->options);
		if (!option->type)
			*(bool *)field = true;
		else if (!option->type->take(option, field, optarg, &error))
			exit(value_refuse(command, option, optarg, &error));
	}
}

const char *command_target(const char *operand)
{
	static char **kept; /* for as long as the command runs, wherever its request is */
	static size_t count, capacity;
	char path[PATH_MAX];
	struct error error;

	if (!target_resolve(operand, path, sizeof path, &error))
		exit(command_fail(&error));
	ARRAY_RESERVE(kept, count, capacity);
	return kept[count++] = memory_copy_text(path);
}

struct targets command_operands(const struct command *command, int argc, char **argv)
{
	static struct targets targets; /* likewise */

	if (optind == argc)
		exit(command_usage(command, "%s is missing", command->operands));
	targets.paths = memory_allocate((size_t)(argc - optind), sizeof *targets.paths);
	for (int i = optind; i < argc; i++) {
		if (!*argv[i])
			exit(command_usage(command, "the operand is empty: %s is expected", command->operands));
		targets.paths[targets.count++] = command_target(argv[i]);
	}
	return targets;
}

const char *command_only_operand(const struct command *command, int argc, char **argv)
{
	if (optind + 1 < argc)
		exit(command_usage(command, "one operand is expected, '%s' is one too many", argv[optind + 1]));
	return command_operands(command, argc, argv).paths[0];
}

/* `there` is the output's status, which is a regular file's. */
static bool output_is_read(const char *output, const struct stat *there, const char *input)
{
	struct stat read, parent;

	if (!input || stat(input, &read) < 0)
		return false;
	if (!S_ISDIR(read.st_mode))
		return read.st_dev == there->st_dev && read.st_ino == there->st_ino;
	char *place = realpath(output, NULL), *slash = place ? strrchr(place, '/') : NULL;
	if (slash)
		slash[slash == place] = '\0';
	const bool inside =
	    slash && stat(place, &parent) == 0 && parent.st_dev == read.st_dev && parent.st_ino == read.st_ino;
	free(place);
	return inside;
}

/* Fails before the work is done if the output can't be written there. */
static bool output_has_place(const char *output, struct error *error)
{
	char *directory = memory_copy_text(output), *slash = strrchr(directory, '/');
	struct stat status;

	if (slash)
		slash[slash == directory] = '\0';
	const bool is_there = !slash || (stat(directory, &status) == 0 && S_ISDIR(status.st_mode));
	if (!is_there)
		error_set(error, "%s: cannot write: there is no directory %s", output, directory);
	free(directory);
	return is_there;
}

int command_check_output(const struct command *command, const char *output, struct targets inputs, const char *base)
{
	struct stat there;
	struct error error;

	if (!output)
		return COMMAND_FINE;
	if (!*output)
		return command_usage(command, "-o: the name is empty; a file's is expected");
	if (!output_has_place(output, &error))
		return command_fail(&error);
	if (strcmp(output, "-") == 0 || stat(output, &there) < 0 || !S_ISREG(there.st_mode))
		return COMMAND_FINE;
	bool is_read = output_is_read(output, &there, base);
	for (size_t i = 0; i < inputs.count; i++)
		is_read |= output_is_read(output, &there, inputs.paths[i]);
	if (is_read)
		return command_usage(command, "-o %s is part of the input; give the output another name", output);
	return COMMAND_FINE;
}

int command_usage(const struct command *command, const char *format, ...)
{
	struct buffer text = {0};
	va_list arguments;

	va_start(arguments, format);
	buffer_vprintf(&text, format, arguments);
	va_end(arguments);
	message_of(command->name, "%s (see 'seep %s --help')", text.data, command->name);
	buffer_free(&text);
	return COMMAND_USAGE;
}

int command_fail(const struct error *error)
{
	message("%s", error->text);
	return COMMAND_BAD_INPUT;
}

/* The system may report a full disk only when the stream is closed; an earlier failure has left its mark on the
 * stream. */
int command_end(int status)
{
	errno = 0;
	const bool failed = ferror(stdout) || fflush(stdout) != 0 || (close(STDOUT_FILENO) < 0 && errno != EBADF);
	const int fault = errno ? errno : EIO;

	if (!failed || status != COMMAND_FINE)
		return status;
	if (fault != EPIPE)
		message("standard output: %s", strerror(fault));
	return COMMAND_BAD_INPUT;
}

/* Two options that follow each other in a table with the same help share a line: "--before/--after=TIME". */
static const struct command_option *option_partner(const struct command_option *option)
{
	return option->name && option->letter >= 256 && option[1].letter && option[1].help == option->help ? option + 1
													   : NULL;
}

static void option_print(const struct command_option *option, const struct command_option *partner)
{
	char left[80] = "";
	size_t used = 0;

	if (option->letter < 256)
		used += (size_t)snprintf(left, sizeof left, "-%c%s", option->letter, option->name ? ", " : "");
	else
		used += (size_t)snprintf(left, sizeof left, "    ");
	if (option->name)
		used += (size_t)snprintf(left + used, sizeof left - used, "--%s", option->name);
	if (partner)
		used += (size_t)snprintf(left + used, sizeof left - used, "/--%s", partner->name);
	if (option->argument)
		snprintf(left + used, sizeof left - used, "%s%s", option->name ? "=" : " ", option->argument);
	printf("  %-*s %s\n", HELP_COLUMN - 3, left, option->help);
}

void command_print_help(const struct command *command)
{
	printf("usage: seep %s%s%s%s\n\n%s\n\n", command->name, command->options ? " [OPTION...]" : "",
	       *command->operands ? " " : "", command->operands, command->summary);
	for (const struct command_option *option = command->options; option && option->letter; option++) {
		const struct command_option *partner = option_partner(option);
		option_print(option, partner);
		option += partner != NULL;
	}
	option_print(&(struct command_option){.letter = OPTION_HELP, .name = "help", .help = "print this"}, NULL);
	if (command->notes)
		printf("\n%s\n", command->notes);
}
