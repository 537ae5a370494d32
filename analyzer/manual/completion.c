/* SPDX-License-Identifier: Apache-2.0 */
/* Completions for bash, zsh and fish. The form of an option's argument says what may follow: words between bars, a
 * directory, or, for everything else, a file. */
#include <string.h>

#include "manual/manual.h"

static bool takes_words(const struct command_option *option)
{
	return option->words != NULL;
}

static bool takes_directory(const struct command_option *option)
{
	return option->argument && strcmp(option->argument, "DIR") == 0;
}

/* The words between the bars, separated by blanks. */
static void words_append(struct buffer *out, const struct command_option *option)
{
	for (const char *const *word = option->words; *word; word++)
		buffer_printf(out, "%s%s", word == option->words ? "" : " ", *word);
}

static void commands_append(struct buffer *out)
{
	for (const struct command *const *command = command_all; *command; command++)
		buffer_printf(out, "%s%s", command == command_all ? "" : " ", (*command)->name);
}

/* Text between single quotes of a shell. */
static void quoted_append(struct buffer *out, const char *text, const char *also_escaped)
{
	for (; *text; text++) {
		if (*text == '\'')
			buffer_append_text(out, "'\\''");
		else if (strchr(also_escaped, *text))
			buffer_printf(out, "\\%c", *text);
		else
			buffer_append_byte(out, *text);
	}
}

static void bash_options_append(struct buffer *out, const struct command *command)
{
	buffer_printf(out, "\t%s)\n\t\toptions='--help", command->name);
	for (const struct command_option *option = command->options; option && option->letter; option++) {
		if (option->letter < 256)
			buffer_printf(out, " -%c", option->letter);
		if (option->name)
			buffer_printf(out, " --%s%s", option->name, option->argument ? "=" : "");
	}
	buffer_append_text(out, "'\n\t\tcase $previous in\n");
	for (const struct command_option *option = command->options; option && option->letter; option++) {
		if (!takes_words(option) && !takes_directory(option))
			continue;
		buffer_append_text(out, "\t\t");
		if (option->letter < 256)
			buffer_printf(out, "-%c%s", option->letter, option->name ? " | " : "");
		if (option->name)
			buffer_printf(out, "--%s", option->name);
		buffer_append_text(out, takes_words(option) ? ") words='" : ") files=-d");
		if (takes_words(option))
			words_append(out, option);
		buffer_append_text(out, takes_words(option) ? "' ;;\n" : " ;;\n");
	}
	buffer_append_text(out, "\t\tesac\n\t\t;;\n");
}

void manual_append_bash(struct buffer *out)
{
	buffer_append_text(out, "# bash completion for seep, made from the program's own tables\n"
				"_seep() {\n"
				"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} "
				"options='' words='' files=-f\n"
				"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
				"\t\tmapfile -t COMPREPLY < <(compgen -W '");
	commands_append(out);
	buffer_append_text(out, " help --help --version' -- \"$current\")\n"
				"\t\treturn\n"
				"\tfi\n"
				"\t[ \"$current\" != = ] || current=''\n"
				"\t[ \"$previous\" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
				"\tcase ${COMP_WORDS[1]} in\n"
				"\thelp) words='");
	commands_append(out);
	buffer_append_text(out, "' ;;\n");
	for (const struct command *const *command = command_all; *command; command++)
		bash_options_append(out, *command);
	buffer_append_text(out, "\tesac\n"
				"\tif [ -n \"$words\" ]; then\n"
				"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
				"\telif [[ $current == -* ]]; then\n"
				"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
				"\t\t[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
				"\telse\n"
				"\t\tmapfile -t COMPREPLY < <(compgen \"$files\" -- \"$current\")\n"
				"\t\tcompopt -o filenames\n"
				"\tfi\n"
				"}\n"
				"complete -F _seep seep\n");
}

static void zsh_argument_append(struct buffer *out, const struct command_option *option)
{
	if (!option->argument)
		return;
	buffer_append_byte(out, ':');
	quoted_append(out, option->argument, ":[]");
	buffer_append_byte(out, ':');
	if (takes_words(option)) {
		buffer_append_byte(out, '(');
		words_append(out, option);
		buffer_append_byte(out, ')');
	} else {
		buffer_append_text(out, takes_directory(option) ? "_files -/" : "_files");
	}
}

static void zsh_option_append(struct buffer *out, const struct command_option *option)
{
	if (option->letter < 256) {
		buffer_printf(out, " \\\n\t\t\t'-%c[", option->letter);
		quoted_append(out, option->help, "[]");
		buffer_append_byte(out, ']');
		zsh_argument_append(out, option);
		buffer_append_byte(out, '\'');
	}
	if (option->name) {
		buffer_printf(out, " \\\n\t\t\t'--%s%s[", option->name, option->argument ? "=" : "");
		quoted_append(out, option->help, "[]");
		buffer_append_byte(out, ']');
		zsh_argument_append(out, option);
		buffer_append_byte(out, '\'');
	}
}

void manual_append_zsh(struct buffer *out)
{
	buffer_append_text(out, "#compdef seep\n# zsh completion for seep, made from the program's own tables\n"
				"if (( CURRENT == 2 )); then\n\tlocal -a commands=(\n");
	for (const struct command *const *command = command_all; *command; command++) {
		buffer_printf(out, "\t\t'%s:", (*command)->name);
		quoted_append(out, (*command)->summary, ":");
		buffer_append_text(out, "'\n");
	}
	buffer_append_text(out, "\t)\n\t_describe command commands\nelse\n\tlocal command=$words[2]\n\tshift words\n"
				"\t(( CURRENT-- ))\n\tcase $command in\n");
	for (const struct command *const *command = command_all; *command; command++) {
		buffer_printf(out, "\t%s)\n\t\t_arguments '--help[print its options]'", (*command)->name);
		for (const struct command_option *option = (*command)->options; option && option->letter; option++)
			zsh_option_append(out, option);
		buffer_append_text(out, (*command)->stop_at_operand ? " '*::program:_normal'\n\t\t;;\n"
								    : " '*:file:_files'\n\t\t;;\n");
	}
	buffer_append_text(out, "\tesac\nfi\n");
}

void manual_append_fish(struct buffer *out)
{
	buffer_append_text(out, "# fish completion for seep, made from the program's own tables\n");
	for (const struct command *const *command = command_all; *command; command++) {
		buffer_printf(out, "complete -c seep -n __fish_use_subcommand -f -a %s -d '", (*command)->name);
		quoted_append(out, (*command)->summary, "");
		buffer_append_text(out, "'\n");
		for (const struct command_option *option = (*command)->options; option && option->letter; option++) {
			buffer_printf(out, "complete -c seep -n '__fish_seen_subcommand_from %s'", (*command)->name);
			if (option->letter < 256)
				buffer_printf(out, " -s %c", option->letter);
			if (option->name)
				buffer_printf(out, " -l %s", option->name);
			if (takes_words(option)) {
				buffer_append_text(out, " -x -a '");
				words_append(out, option);
				buffer_append_byte(out, '\'');
			} else if (takes_directory(option)) {
				buffer_append_text(out, " -x -a '(__fish_complete_directories)'");
			} else if (option->argument) {
				buffer_append_text(out, " -r");
			}
			buffer_append_text(out, " -d '");
			quoted_append(out, option->help, "");
			buffer_append_text(out, "'\n");
		}
	}
}
