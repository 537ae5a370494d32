/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual, made from the program's own tables: the commands with their options (options/command.h), and the
 * environment variables below. One description, four readers: docs/CLI.md, man pages, completions, and --help.
 *
 * Every function appends to a buffer and cannot fail.
 */
#ifndef SEEP_MANUAL_MANUAL_H
#define SEEP_MANUAL_MANUAL_H

#include "base/buffer.h"
#include "options/command.h"

struct environment_variable {
	const char *name;
	const char *value;  /* the form of its value: "BYTES", "none|all" */
	const char *preset; /* what seep does without it; NULL: nothing */
	const char *text;   /* one or more sentences */
};

/* Which part of seep reads a variable. */
struct environment_group {
	const char *title, *text;
	const struct environment_variable *variables; /* ends with an entry that is all zero */
};
extern const struct environment_group environment_groups[]; /* ends with an entry that is all zero */

struct exit_status {
	int status;
	const char *text;
};
extern const struct exit_status exit_statuses[]; /* ends with an entry without text */

struct json_schema {
	const char *name;    /* "seep.report/1" */
	const char *printer; /* the command that prints it */
	const char *file;    /* below docs/schema/ */
};
extern const struct json_schema json_schemas[]; /* ends with an entry that is all zero */

/* docs/CLI.md: every command, exit status, JSON schema and environment variable. */
void manual_append_markdown(struct buffer *out);

/* A page in man(7)'s macros: seep(1), seep-COMMAND(1), libseep(7). */
void manual_append_page(struct buffer *out);
void manual_append_command_page(struct buffer *out, const struct command *command);
void manual_append_library_page(struct buffer *out);

/* Completions of commands, options and the words that options take. */
void manual_append_bash(struct buffer *out);
void manual_append_zsh(struct buffer *out);
void manual_append_fish(struct buffer *out);

#endif
