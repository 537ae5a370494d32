/* SPDX-License-Identifier: Apache-2.0 */
/* docs/CLI.md. */
#include "manual/manual.h"

/* Text in a table's cell. It escapes bars, which would end the cell. */
static void cell_append(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buffer_append_byte(out, '\\');
		buffer_append_byte(out, *text);
	}
}

static void option_append(struct buffer *out, const struct command_option *option)
{
	buffer_append_text(out, "| `");
	if (option->letter < 256)
		buffer_printf(out, "-%c%s", option->letter, option->name ? "`, `" : "");
	if (option->name)
		buffer_printf(out, "--%s", option->name);
	if (option->argument) {
		buffer_append_byte(out, option->name ? '=' : ' ');
		cell_append(out, option->argument);
	}
	buffer_append_text(out, "` | ");
	cell_append(out, option->help);
	buffer_append_text(out, " |\n");
}

static void command_append(struct buffer *out, const struct command *command)
{
	buffer_printf(out, "### seep %s\n`seep %s%s%s%s`: %s.\n\n", command->name, command->name,
		      command->options ? " [OPTION...]" : "", *command->operands ? " " : "", command->operands,
		      command->summary);
	if (command->options)
		buffer_append_text(out, "| option | |\n|---|---|\n");
	for (const struct command_option *option = command->options; option && option->letter; option++)
		option_append(out, option);
	if (command->notes)
		buffer_printf(out, "\n```\n%s\n```\n", command->notes);
	buffer_append_byte(out, '\n');
}

static void exit_statuses_append(struct buffer *out)
{
	buffer_append_text(out, "## Exit status\n| status | |\n|---|---|\n");
	for (const struct exit_status *status = exit_statuses; status->text; status++)
		buffer_printf(out, "| %d | %s |\n", status->status, status->text);
	buffer_append_text(
	    out, "\n`seep run` exits with the program's own status: 128 + N if signal N ended it, 127 if it was not "
		 "found, 126 if it could not be executed.\n\n");
}

static void schemas_append(struct buffer *out)
{
	buffer_append_text(
	    out, "## JSON\nEach document names its schema. Fields may be added to a schema; bytes and objects are "
		 "whole numbers; a value that is not known is `null`. The tests validate the commands' output.\n\n"
		 "| schema | printed by | JSON Schema |\n|---|---|---|\n");
	for (const struct json_schema *schema = json_schemas; schema->name; schema++)
		buffer_printf(out, "| `%s` | `%s` | [%s](schema/%s) |\n", schema->name, schema->printer, schema->file,
			      schema->file);
	buffer_append_byte(out, '\n');
}

static void environment_append(struct buffer *out)
{
	buffer_append_text(out, "## Environment\n");
	for (const struct environment_group *group = environment_groups; group->title; group++) {
		buffer_printf(out, "### %s\n%s%s| variable | value | default | |\n|---|---|---|---|\n", group->title,
			      group->text, *group->text ? "\n\n" : "");
		for (const struct environment_variable *variable = group->variables; variable->name; variable++) {
			buffer_printf(out, "| `%s` | `", variable->name);
			cell_append(out, variable->value);
			buffer_printf(out, "` | %s%s%s | ", variable->preset ? "`" : "",
				      variable->preset ? variable->preset : "", variable->preset ? "`" : "");
			cell_append(out, variable->text);
			buffer_append_text(out, " |\n");
		}
		buffer_append_byte(out, '\n');
	}
}

void manual_append_markdown(struct buffer *out)
{
	buffer_append_text(
	    out, "# The command line\n<!-- Made by `make docs` from the program's own tables: change those. -->\n\n"
		 "`seep COMMAND [OPTION...] [OPERAND...]`; `seep --help` lists the commands, `seep COMMAND --help` its "
		 "options, `seep --version` the version. The same is in the man pages seep(1), seep-COMMAND(1) and "
		 "libseep(7).\n\n## Commands\n");
	for (const struct command *const *command = command_all; *command; command++)
		command_append(out, *command);
	exit_statuses_append(out);
	schemas_append(out);
	environment_append(out);
	out->data[--out->length] = '\0'; /* drops the last empty line */
}
