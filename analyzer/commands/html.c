/* SPDX-License-Identifier: Apache-2.0 */
/* `seep html RECORDING`: the whole recording as one page. */
#include <string.h>

#include "base/message.h"
#include "options/command.h"
#include "options/service_options.h"
#include "files/output.h"
#include "page/recording_page.h"
#include "place/wrapper_names.h"
#include "render/words/quantity.h"
#include "series/reading.h"

enum { OPTION_SOURCE = 256 };

enum { SOURCE_ON, SOURCE_OFF };
static const char *const source_names[] = {"on", "off", NULL};

struct request {
	const char *output, *wrappers;
	struct symbol_search symbols;
	struct argument_list source_path;
	struct service_request service;
	int source;
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {'o', "output", "FILE", "the page; -: standard output [report.html]", &option_text, FIELD(output), NULL},
    {OPTION_SOURCE, "source", "WHETHER", "on (default): with lines of source; off: without any", &option_word,
     FIELD(source), source_names},
    SOURCE_PATH_OPTION(FIELD(source_path)),
    SERVICE_OPTIONS(SERVICE_FIELD),
    WRAPPER_OPTION(FIELD(wrappers)),
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

/* Whoever mails a page must know that it contains lines of source. */
static void sources_add(struct recording_page *page, const struct request *request, const char *path)
{
	const struct source_search search = {request->source_path.items, request->source_path.count, path};
	uint32_t files = 0;

	recording_page_add_sources(page, &search);
	for (uint32_t i = 0; i < page->sources->count; i++)
		files += page->sources->files[i].count > 0;
	if (page->sources->lines)
		message("the page has %u lines of %u source file%s (--source=off withholds them)", page->sources->lines,
			files, files == 1 ? "" : "s");
}

static bool page_write(const struct request *request, const struct targets *targets, struct error *error)
{
	struct wrapper_names wrappers = {0};
	struct recording_page page;
	struct buffer out = {0};

	if (request->wrappers && !wrapper_names_parse(&wrappers, request->wrappers, error))
		return false;
	bool is_written = recording_page_open(&page, targets->paths, targets->count, &request->symbols, wrappers.names,
					      wrappers.count, error);
	if (is_written) {
		if (request->source == SOURCE_ON)
			sources_add(&page, request, targets->paths[0]);
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
	static struct request request = {.output = "report.html"};
	struct error error;

	command_take_options(&command_html, argc, argv, &request);
	const struct targets targets =
	    command_series_targets(&command_html, argc, argv, &request.service, reading_limit);
	const int status = command_check_output(&command_html, request.output, targets, NULL);
	if (status != COMMAND_FINE)
		return status;
	return page_write(&request, &targets, &error) ? COMMAND_FINE : command_fail(&error);
}

const struct command command_html = {
    .name = "html",
    .operands = "RECORDING...|--service NAME",
    .summary = "make a page that shows what leaks, since when, and how sure that is",
    .notes = "One file: it opens offline in any browser, and asks no server for anything.\n"
	     "RECORDING may be a PID, a bundle or one snapshot, too. Several recordings are\n"
	     "added up over the time they share, as by 'seep leaks'.",
    .options = options,
    .reads = true,
    .run = run,
};
