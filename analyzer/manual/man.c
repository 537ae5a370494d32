/* SPDX-License-Identifier: Apache-2.0 */
/* Man pages, in the macros of man(7). */
#include <ctype.h>
#include <string.h>

#include <seep/entry_points.h>

#include "manual/manual.h"

/* A line of text. Characters that troff would take for a request or an escape are escaped, and `words` in backquotes
 * become bold. */
static void text_append(struct buffer *out, const char *text)
{
	bool bold = false;

	if (*text == '.' || *text == '\'')
		buffer_append_text(out, "\\&");
	for (; *text; text++) {
		if (*text == '`') {
			bold = !bold;
			buffer_append_text(out, bold ? "\\fB" : "\\fR");
		} else if (*text == '\\') {
			buffer_append_text(out, "\\e");
		} else if (*text == '-') {
			buffer_append_text(out, "\\-");
		} else {
			buffer_append_byte(out, *text);
		}
	}
	buffer_append_byte(out, '\n');
}

/* Lines that troff must not fill. */
static void lines_append(struct buffer *out, const char *text)
{
	buffer_append_text(out, ".nf\n");
	while (*text) {
		char line[200];
		const size_t length = strcspn(text, "\n"), cut = length < sizeof line ? length : sizeof line - 1;

		memcpy(line, text, cut);
		line[cut] = '\0';
		text_append(out, line);
		text += length + (text[length] == '\n');
	}
	buffer_append_text(out, ".fi\n");
}

static void head_append(struct buffer *out, const char *name, int section, const char *summary)
{
	buffer_append_text(out, ".TH ");
	for (const char *at = name; *at; at++)
		buffer_append_byte(out, (char)toupper((unsigned char)*at));
	buffer_printf(out, " %d \"\" \"seep " SEEP_VERSION "\" \"seep\"\n.SH NAME\n", section);
	buffer_printf(out, "%s \\- ", name);
	text_append(out, summary);
}

static void option_append(struct buffer *out, int letter, const char *name, const char *argument, const char *help)
{
	buffer_append_text(out, ".TP\n");
	if (letter < 256)
		buffer_printf(out, "\\fB\\-%c\\fR%s", letter, name ? ", " : "");
	if (name)
		buffer_printf(out, "\\fB\\-\\-%s\\fR", name);
	if (argument)
		buffer_printf(out, "%s\\fI%s\\fR", name ? "=" : " ", argument);
	buffer_append_byte(out, '\n');
	text_append(out, help);
}

static void exit_statuses_append(struct buffer *out)
{
	buffer_append_text(out, ".SH EXIT STATUS\n");
	for (const struct exit_status *status = exit_statuses; status->text; status++) {
		buffer_printf(out, ".TP\n%d\n", status->status);
		text_append(out, status->text);
	}
}

static void variables_append(struct buffer *out, const struct environment_group *group)
{
	if (*group->text)
		text_append(out, group->text);
	for (const struct environment_variable *variable = group->variables; variable->name; variable++) {
		buffer_printf(out, ".TP\n\\fB%s\\fR=\\fI%s\\fR", variable->name, variable->value);
		if (variable->preset)
			buffer_printf(out, " [%s]", variable->preset);
		buffer_append_byte(out, '\n');
		text_append(out, variable->text);
	}
}

void manual_append_command_page(struct buffer *out, const struct command *command)
{
	struct buffer name = {0};

	buffer_printf(&name, "seep-%s", command->name);
	head_append(out, name.data, 1, command->summary);
	buffer_free(&name);
	buffer_printf(out, ".SH SYNOPSIS\n\\fBseep %s\\fR%s ", command->name,
		      command->options ? " [\\fIOPTION\\fR...]" : "");
	text_append(out, command->operands);
	if (command->notes) {
		buffer_append_text(out, ".SH DESCRIPTION\n");
		lines_append(out, command->notes);
	}
	buffer_append_text(out, ".SH OPTIONS\n");
	for (const struct command_option *option = command->options; option && option->letter; option++)
		option_append(out, option->letter, option->name, option->argument, option->help);
	option_append(out, 'h', "help", NULL, "Print a summary of this page.");
	exit_statuses_append(out);
	buffer_append_text(out, ".SH SEE ALSO\n\\fBseep\\fR(1), \\fBlibseep\\fR(7)\n");
}

void manual_append_page(struct buffer *out)
{
	head_append(out, "seep", 1, "find slow leaks of memory in running programs");
	buffer_append_text(
	    out,
	    ".SH SYNOPSIS\n\\fBseep\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]\n.SH DESCRIPTION\n");
	text_append(
	    out,
	    "seep samples a program's heap while it runs, takes snapshots, compares them, and names the places that "
	    "leak, with the evidence. `seep run -- ./server` records a program; `seep leaks RECORDING` judges the "
	    "recording.");
	buffer_append_text(out, ".SH COMMANDS\n");
	for (const struct command *const *command = command_all; *command; command++) {
		buffer_printf(out, ".TP\n\\fBseep\\-%s\\fR(1)\n", (*command)->name);
		text_append(out, (*command)->summary);
	}
	exit_statuses_append(out);
	buffer_append_text(out, ".SH ENVIRONMENT\n");
	for (const struct environment_group *group = environment_groups; group->title; group++)
		if (!*group->text)
			variables_append(out, group);
	buffer_append_text(out, ".SH SEE ALSO\n\\fBlibseep\\fR(7)");
	for (const struct command *const *command = command_all; *command; command++)
		buffer_printf(out, ", \\fBseep\\-%s\\fR(1)", (*command)->name);
	buffer_append_byte(out, '\n');
}

#define NAMED(name, ...) ", " #name
static const struct {
	const char *title, *names;
} function_groups[] = {{"C", SEEP_ENTRY_POINTS_OF_C(NAMED)},
		       {"C++", ", operator new and operator delete in all their forms"},
#define GROUP(title, rows) {title, rows(NAMED)},
		       SEEP_ALLOCATOR_APIS(GROUP)};

static void functions_append(struct buffer *out)
{
	buffer_append_text(out, ".SH FUNCTIONS\n");
	text_append(out, "libseep.so stands in front of these functions and counts each block once:");
	for (size_t i = 0; i < sizeof function_groups / sizeof *function_groups; i++) {
		buffer_printf(out, ".TP\n\\fB%s\\fR\n", function_groups[i].title);
		text_append(out, function_groups[i].names + 2);
	}
}

static void calls_append(struct buffer *out)
{
	static const char *const calls[][2] = {
	    {"int seep_snapshot(void)", "asks for a snapshot, and returns at once."},
	    {"int seep_account(void)", "asks the allocator for its own account."},
	    {"void seep_work(unsigned long long units)",
	     "counts requests, files or tests, for the budgets of `seep check`."},
	    {"const char *seep_label(const char *text)",
	     "names what the thread works on, for `--by=label`, and returns the name before (docs/LABELS.md)."},
	};

	buffer_append_text(out, ".SH CALLS FOR PROGRAMS\n");
	text_append(out,
		    "<seep/seep.h> declares these. Without libseep.so they are null pointers; a program asks before it "
		    "calls one: `if (seep_work) seep_work(1);`.");
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		buffer_printf(out, ".TP\n\\fB%s\\fR\n", calls[i][0]);
		text_append(out, calls[i][1]);
	}
}

void manual_append_library_page(struct buffer *out)
{
	head_append(out, "libseep", 7, "the library that records a program's heap");
	buffer_append_text(
	    out, ".SH SYNOPSIS\n\\fBLD_PRELOAD=\\fR\\fIPREFIX\\fR\\fB/lib/seep/libseep.so\\fR \\fIPROGRAM\\fR\n"
		 ".SH DESCRIPTION\n");
	text_append(
	    out,
	    "libseep.so stands in front of the program's allocator and samples what it gives out. It prints nothing "
	    "but one warning where its options are wrong, and changes no result. `seep run` preloads it; a program "
	    "that is started in another way names it in LD_PRELOAD.");
	for (const struct environment_group *group = environment_groups; group->title; group++) {
		if (!*group->text)
			continue;
		buffer_append_text(out, ".SH ");
		for (const char *at = group->title; *at; at++)
			buffer_append_byte(out, (char)toupper((unsigned char)*at));
		buffer_append_byte(out, '\n');
		variables_append(out, group);
	}
	calls_append(out);
	functions_append(out);
	buffer_append_text(out, ".SH SEE ALSO\n\\fBseep\\fR(1), \\fBseep\\-run\\fR(1)\n");
}
