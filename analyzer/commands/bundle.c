/* SPDX-License-Identifier: Apache-2.0 */
/* seep bundle: a recording and the names of its addresses in one file, to be read on another machine. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/message.h"
#include "files/output.h"
#include "files/path.h"
#include "options/argument.h"
#include "options/command.h"
#include "profile/bundle.h"
#include "render/words/quantity.h"

struct request {
	const char *output; /* NULL: not given */
	struct symbol_search symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {'o', "output", "FILE", "the bundle, or its directory [./RECORDING.bundle]", &option_text, FIELD(output), NULL},
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

/* The recording's name without its directories, with ".bundle", in `directory`; NULL: in the current one. */
static char *output_name(const char *recording, const char *directory)
{
	struct buffer name = {0}, output = {0};
	size_t length = strlen(recording);

	while (length > 1 && recording[length - 1] == '/')
		length--;
	buffer_append(&name, recording, length);
	buffer_printf(&output, "%s%s%s.bundle", directory ? directory : "", directory ? "/" : "",
		      path_base_name(name.data));
	buffer_free(&name);
	return output.data;
}

/* Each recording becomes a bundle of its own: commands would read one bundle of several as their sum. */
static int outputs_choose(char **outputs, const struct targets *recordings, const char *wanted)
{
	struct stat status;
	const bool is_directory = wanted && stat(wanted, &status) == 0 && S_ISDIR(status.st_mode);

	if (wanted && !is_directory && recordings->count > 1)
		return command_usage(&command_bundle, "each recording becomes a bundle of its own: -o must be a "
						      "directory then");
	for (size_t i = 0; i < recordings->count; i++) {
		outputs[i] = wanted && !is_directory ? memory_copy_text(wanted)
						     : output_name(recordings->paths[i], is_directory ? wanted : NULL);
		for (size_t k = 0; k < i; k++)
			if (strcmp(outputs[k], outputs[i]) == 0)
				return command_usage(&command_bundle, "'%s' and '%s' would both become %s",
						     recordings->paths[k], recordings->paths[i], outputs[i]);
		const int fault = command_check_output(&command_bundle, outputs[i], *recordings, NULL);
		if (fault != COMMAND_FINE)
			return fault;
	}
	return COMMAND_FINE;
}

static bool bundle_make(const char *recording, const char *output, const struct symbol_search *symbols,
			struct error *error)
{
	struct bundle_summary summary = {0};
	struct buffer out = {0};
	const bool written =
	    bundle_write(&out, recording, symbols, &summary, error) && output_write_buffer(&out, output, error);

	if (written && strcmp(output, "-") != 0)
		message("wrote %s (%s: %u snapshots, names of %u addresses in %u modules)", output,
			quantity_bytes((double)out.length).text, summary.snapshots, summary.addresses, summary.modules);
	buffer_free(&out);
	return written;
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct error error;

	command_take_options(&command_bundle, argc, argv, &request);
	const struct targets recordings = command_operands(&command_bundle, argc, argv);
	char **outputs = memory_allocate(recordings.count, sizeof *outputs);
	int status = outputs_choose(outputs, &recordings, request.output);
	for (size_t i = 0; status == COMMAND_FINE && i < recordings.count; i++)
		if (!bundle_make(recordings.paths[i], outputs[i], &request.symbols, &error))
			status = command_fail(&error);
	for (size_t i = 0; i < recordings.count; i++)
		free(outputs[i]);
	free(outputs);
	return status;
}

const struct command command_bundle = {
    .name = "bundle",
    .operands = "RECORDING...",
    .summary = "put a recording and its symbols into one file, for another machine",
    .notes = "Every command reads the file as it reads the recording, without the programs\n"
	     "and libraries that ran: names, files, lines are in it. FILE#3 is its snapshot 3.\n"
	     "Each of several RECORDINGs becomes a bundle of its own.",
    .options = options,
    .reads = true,
    .run = run,
};
