/* SPDX-License-Identifier: Apache-2.0 */
/* seep bundle: a recording and the names of its addresses in one file, to be read on another machine. */
#include <string.h>

#include "base/message.h"
#include "files/output.h"
#include "files/path.h"
#include "options/argument.h"
#include "commands/all.h"
#include "profile/bundle.h"
#include "render/words/quantity.h"

struct request {
	const char *output; /* NULL: not given */
	struct symbol_search symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {'o', "output", "FILE", "write to FILE [RECORDING.bundle in this directory]", &option_text, FIELD(output), NULL},
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

/* The recording's last name with ".bundle", in the current directory. */
static void output_name(struct buffer *name, const char *recording)
{
	size_t length = strlen(recording);

	while (length > 1 && recording[length - 1] == '/')
		length--;
	buffer_append(name, recording, length);
	const char *base = path_base_name(name->data);
	memmove(name->data, base, strlen(base) + 1);
	name->length = strlen(name->data);
	buffer_append_text(name, ".bundle");
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct bundle_summary summary = {0};
	struct buffer out = {0}, name = {0};
	struct error error;

	command_take_options(&command_bundle, argc, argv, &request);
	const char *output = request.output;
	const char *recording = command_only_operand(&command_bundle, argc, argv);
	if (command_check_output(&command_bundle, output, (struct targets){&recording, 1}, NULL) != COMMAND_FINE)
		return COMMAND_USAGE;
	output_name(&name, recording);
	if (!output)
		output = name.data;
	const bool written = bundle_write(&out, recording, &request.symbols, &summary, &error) &&
			     output_write_buffer(&out, output, &error);
	if (written && strcmp(output, "-") != 0)
		message("wrote %s (%s: %u snapshots, names of %u addresses in %u modules)", output,
			quantity_bytes((double)out.length).text, summary.snapshots, summary.addresses, summary.modules);
	buffer_free(&out);
	buffer_free(&name);
	return written ? COMMAND_FINE : command_fail(&error);
}

const struct command command_bundle = {
    .name = "bundle",
    .operands = "RECORDING",
    .summary = "put a recording and its symbols into one file, for another machine",
    .notes = "Every command reads the file as it reads the recording, without the programs and\n"
	     "libraries that ran: names, files and lines are in it. FILE#3 is its snapshot 3.",
    .options = options,
    .reads = true,
    .run = run,
};
