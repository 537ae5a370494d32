/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subcommand is one file of analyzer/commands/ with one const entry.
 *
 * The entry's option table is the only place where an option is declared: command_take_options() parses by it and
 * `--help` prints it, so the two can't differ. Commands print and return an exit status; everything below them fills a
 * struct error.
 */
#ifndef SEEP_OPTIONS_COMMAND_H
#define SEEP_OPTIONS_COMMAND_H

#include <getopt.h> /* optind, where command_take_options() leaves the first operand */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum command_status {
	COMMAND_FINE = 0,
	COMMAND_FOUND = 1, /* a gate found something */
	COMMAND_USAGE = 2,
	COMMAND_BAD_INPUT = 3, /* bad or unreadable input, or output that could not be written */
};

struct command_option;

/* How an option's value becomes a field of the command's request. */
struct option_type {
	/* False: the value is not valid. `error` may say why; otherwise the type's `valid` does. */
	bool (*take)(const struct command_option *option, void *field, const char *value, struct error *error);
	const char *valid; /* "a number from 1 up"; NULL: one of the option's words */
};

struct command_option {
	int letter;                     /* the short option; 256 or more: there is only the long one */
	const char *name;               /* without "--"; NULL: there is only the short one */
	const char *argument;           /* what it takes, for the help; NULL: nothing */
	const char *help;               /* one line */
	const struct option_type *type; /* NULL: a flag, whose field is a bool that becomes true */
	size_t field;                   /* its offset in the request */
	const char *const *words;       /* the words that it may be, ending with NULL; or NULL */
};

struct command {
	const char *name;
	const char *operands;                 /* the synopsis after the options: "SNAPSHOT" */
	const char *summary;                  /* one line */
	const char *notes;                    /* lines for the end of its help, or NULL */
	const struct command_option *options; /* ends with an entry that is all zero; NULL: none */
	bool reads;                        /* its inputs are untrusted: their size bounds the memory that it may take */
	bool stop_at_operand;              /* the words behind the first operand belong to another program */
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
};

/* Takes all options into the request; only operands are left, the first at argv[optind]. Prints the help and exits with 0
 * for --help, exits with COMMAND_USAGE for what the table does not have and for values that its types refuse. */
void command_take_options(const struct command *command, int argc, char **argv, void *request);

/* Whether the command line has this option. */
bool command_was_given(const struct command *command, int letter);

/* The inputs that a command's operands name. */
struct targets {
	const char **paths;
	size_t count;
};

/* The path that an operand means: a path, or the number of a process that is being recorded. Exits with
 * COMMAND_BAD_INPUT if it means none. */
const char *command_target(const char *operand);

/* The target of a command's only operand; exits with COMMAND_USAGE unless there is exactly one. */
const char *command_only_operand(const struct command *command, int argc, char **argv);

/* The targets of a command's operands; exits with COMMAND_USAGE if there are none. */
struct targets command_operands(const struct command *command, int argc, char **argv);

/* COMMAND_FINE if -o may name this file. A command that replaced its input, or a file of the recording that it reads,
 * would destroy what nobody can make again. NULL among the inputs is passed over. */
int command_check_output(const struct command *command, const char *output, struct targets inputs, const char *base);

/* Prints one line that also names the help; returns COMMAND_USAGE. */
int command_usage(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the error's line; returns COMMAND_BAD_INPUT. */
int command_fail(const struct error *error);

/* The exit status to end with. If the output could not be delivered, prints a message, and the status is not
 * COMMAND_FINE. */
int command_end(int status);

/* Prints the help of one command to stdout. */
void command_print_help(const struct command *command);

/* The entries. */
extern const struct command command_run;
extern const struct command command_attach;
extern const struct command command_detach;
extern const struct command command_snapshot;
extern const struct command command_report;
extern const struct command command_diff;
extern const struct command command_leaks;
extern const struct command command_memory;
extern const struct command command_check;
extern const struct command command_flame;
extern const struct command command_html;
extern const struct command command_serve;
extern const struct command command_push;
extern const struct command command_annotate;
extern const struct command command_export;
extern const struct command command_bundle;
extern const struct command command_list;
extern const struct command command_top;
extern const struct command command_doctor;

/* All of them, NULL at the end. */
extern const struct command *const command_all[];

#endif
