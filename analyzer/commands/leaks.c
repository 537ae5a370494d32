/* SPDX-License-Identifier: Apache-2.0 */
/* `seep leaks RECORDING`: which sites leak, from the whole series of snapshots; with --follow again and again. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "files/output.h"
#include "commands/argument.h"
#include "commands/command.h"
#include "leaks/leaks.h"
#include "leaks/series.h"
#include "render/json/documents.h"
#include "render/screen/leaks_screen.h"
#include "render/text/leaks_text.h"

#define FOLLOW_NS UINT64_C(10000000000)

enum { OPTION_BY = 256, OPTION_TOP, OPTION_EVERY, OPTION_JSON };

/* What the command line asks for. */
struct request {
	const char *directory;
	enum group_by by;
	uint32_t top;
	uint64_t every_ns;
	bool json, follow, verbose;
	struct symbol_search symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place (--json: stack), stack, function, line, module", &option_word, FIELD(by),
     group_by_names},
    {OPTION_TOP, "top", "N", "rows of each verdict (10 or fewer; with --json all)", &option_count, FIELD(top), NULL},
    {'v', "verbose", NULL, "all verdicts with evidence and callers", NULL, FIELD(verbose), NULL},
    {'f', "follow", NULL, "again and again, until the program ends", NULL, FIELD(follow), NULL},
    {OPTION_EVERY, "every", "TIME", "the time between two, with --follow (default 10s)", &option_time, FIELD(every_ns),
     NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.leaks/2; one each time it follows", NULL, FIELD(json), NULL},
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

static int request_parse(struct request *request, int argc, char **argv)
{
	command_take_options(&command_leaks, argc, argv, request);
	if (!command_was_given(&command_leaks, OPTION_BY) && !request->json)
		request->by = GROUP_BY_PLACE;
	/* Other rows than places, or more of them, are the long form. */
	request->verbose |= request->top || command_was_given(&command_leaks, OPTION_BY);
	if (request->every_ns && !request->follow)
		return command_usage(&command_leaks, "--every goes with --follow only");
	request->directory = command_only_operand(&command_leaks, argc, argv);
	/* What is not there at all is bad input, and is told by whoever opens it. */
	if (access(request->directory, R_OK) == 0 && !path_is_recording(request->directory))
		return command_usage(&command_leaks, "'%s' is no recording: leaks are told from a series of snapshots",
				     request->directory);
	return COMMAND_FINE;
}

static bool print(const struct series *series, const struct request *request, struct error *error)
{
	struct buffer out = {0};
	struct leaks leaks;

	profile_symbolize(series->profiles[series->count - 1], &request->symbols);
	profile_symbolize(series->profiles[leaks_middle(series->profiles, series->count)], &request->symbols);
	leaks_build(&leaks, series->profiles, series->count, request->by);
	struct text_page page = text_page_for(&out, STDOUT_FILENO);
	if (request->follow && !request->json)
		buffer_append_text(&out, isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "");
	if (request->json)
		leaks_json_render(&out, &leaks, request->top ? request->top : UINT32_MAX);
	else if (request->verbose)
		leaks_text_render(&page, &leaks, request->top);
	else
		leaks_screen_render(&page, &leaks, series, request->directory, text_page_rows(STDOUT_FILENO));
	if (request->follow && !request->json && !isatty(STDOUT_FILENO))
		buffer_append_byte(&out, '\n');
	leaks_free(&leaks);
	const bool is_long = request->verbose && !request->follow;
	const bool written = is_long ? output_page_buffer(&out, error) : output_write_buffer(&out, NULL, error);
	buffer_free(&out);
	return written;
}

static void wait_for(uint64_t time_ns)
{
	struct timespec left = {(time_t)(time_ns / 1000000000u), (long)(time_ns % 1000000000u)};

	while (nanosleep(&left, &left) != 0)
		continue;
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct series series;
	struct error error;
	bool ended = false;

	int status = request_parse(&request, argc, argv);
	if (status != COMMAND_FINE)
		return status;
	while (!ended) {
		const bool opened = series_open(&series, request.directory, &error);
		/* A recording that has only begun gets its time. */
		if (!opened && !(request.follow && path_is_recording(request.directory)))
			return command_fail(&error);
		if (opened && series.left_out)
			message("of %zu snapshots %zu are looked at, evenly", series.count + series.left_out,
				series.count);
		if (opened) {
			ended = series.ended || !request.follow;
			const bool written = print(&series, &request, &error);
			series_free(&series);
			if (!written)
				return command_fail(&error);
		}
		if (!ended)
			wait_for(request.every_ns ? request.every_ns : FOLLOW_NS);
	}
	return COMMAND_FINE;
}

const struct command command_leaks = {
    .name = "leaks",
    .operands = "RECORDING",
    .summary = "say which sites leak, and how fast, from a whole recording",
    .notes = "RECORDING may be under way, or a PID. Verdicts, each with its evidence:\n"
	     "  leak     what gets old never dies, and it goes on; or what else it may be\n"
	     "  growing  grew: a cache, rising load, or too early to tell\n"
	     "  stopped  grew, and has come to an end\n"
	     "  unknown  can't be told, or not yet: with the reason, and when it can\n"
	     "  steady   level, filled at the start, or up and down\n"
	     "  churn    allocated and freed again, at least ten times what is in use\n"
	     "Intervals are 95 %: docs/SAMPLING.md says what every number means.",
    .options = options,
    .reads = true,
    .run = run,
};
