/* SPDX-License-Identifier: Apache-2.0 */
/* `seep html RECORDING`: the whole recording as one page. */
#include <string.h>

#include "base/message.h"
#include "options/argument.h"
#include "commands/all.h"
#include "files/output.h"
#include "page/recording_page.h"
#include "place/wrapper_names.h"
#include "render/words/quantity.h"

struct request {
	const char *output, *wrappers;
	struct symbol_search symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {'o', "output", "FILE", "the page; -: standard output [report.html]", &option_text, FIELD(output), NULL},
    WRAPPER_OPTION(FIELD(wrappers)),
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

static bool page_write(const struct request *request, const char *path, struct error *error)
{
	struct wrapper_names wrappers = {0};
	struct recording_page page;
	struct buffer out = {0};

	if (request->wrappers && !wrapper_names_parse(&wrappers, request->wrappers, error))
		return false;
	bool is_written = recording_page_open(&page, path, &request->symbols, wrappers.names, wrappers.count, error);
	if (is_written) {
		page_render(&out, &page.page);
		recording_page_close(&page);
		is_written = output_write_buffer(&out, request->output, error);
	}
	if (is_written && strcmp(request->output, "-") != 0)
		message("wrote %s (%s)", request->output, quantity_bytes((double)out.length).text);
	wrapper_names_free(&wrappers);
	buffer_free(&out);
	return is_written;
}

static int run(int argc, char **argv)
{
	struct request request = {.output = "report.html"};
	struct error error;

	command_take_options(&command_html, argc, argv, &request);
	const char *path = command_only_operand(&command_html, argc, argv);
	const int status = command_check_output(&command_html, request.output, (struct targets){&path, 1}, NULL);
	if (status != COMMAND_FINE)
		return status;
	return page_write(&request, path, &error) ? COMMAND_FINE : command_fail(&error);
}

const struct command command_html = {
    .name = "html",
    .operands = "RECORDING",
    .summary = "a page that shows what leaks, since when, and how sure that is",
    .notes = "One file: it opens offline in any browser, and asks no server for anything.\n"
	     "RECORDING may be a PID, a bundle or one snapshot, too.",
    .options = options,
    .reads = true,
    .run = run,
};
