/* SPDX-License-Identifier: Apache-2.0 */
/* `seep list [DIRECTORY]`: the recordings that are there, and how their processes ended. */
#include <unistd.h>

#include "base/message.h"
#include "commands/all.h"
#include "files/output.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "target/listing.h"

enum { OPTION_JSON = 256 };

struct request {
	const char *directory;
	bool json;
};

static const struct command_option options[] = {
    {OPTION_JSON, "json", NULL, "JSON, schema seep.list/1", NULL, offsetof(struct request, json), NULL},
    {0},
};

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct listing listing;
	struct buffer out = {0};
	struct error error;

	command_take_options(&command_list, argc, argv, &request);
	if (optind + 1 < argc)
		return command_usage(&command_list, "one operand is expected, '%s' is one too many", argv[optind + 1]);
	if (!listing_read(&listing, optind < argc ? argv[optind] : ".", &error))
		return command_fail(&error);
	struct text_page page = text_page_for(&out, STDOUT_FILENO);
	if (request.json)
		listing_json_render(&out, &listing);
	else if (listing.count)
		listing_text_render(&page, &listing);
	else
		message("there is no recording in %s", optind < argc ? argv[optind] : "this directory");
	listing_free(&listing);
	const bool is_written = output_page_buffer(&out, &error);
	buffer_free(&out);
	return is_written ? COMMAND_FINE : command_fail(&error);
}

const struct command command_list = {
    .name = "list",
    .operands = "[DIRECTORY]",
    .summary = "list recordings, and how each process ended",
    .notes = "running: its process is there. ended: its last snapshot is from its end.\n"
	     "left: its process is gone without such a snapshot (killed with its keeper, or\n"
	     "on another machine). broken: it can't be read; the fault is shown.",
    .options = options,
    .reads = true,
    .run = run,
};
