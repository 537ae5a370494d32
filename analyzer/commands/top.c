/* SPDX-License-Identifier: Apache-2.0 */
/* `seep top [PID|RECORDING|--service NAME]`: shows live what a running program has in use, what grows and what
 * leaks. */
#include <stdlib.h>

#include "base/memory.h"
#include "options/argument.h"
#include "options/command.h"
#include "options/service_options.h"
#include "target/target.h"
#include "place/wrapper_names.h"
#include "top/choose.h"
#include "top/terminal.h"
#include "top/top.h"

#define INTERVAL_NS UINT64_C(10000000000)
#define ROWS 15

enum { OPTION_BY = 256, OPTION_SORT, OPTION_TOP, OPTION_COUNT, OPTION_INTERVAL };

struct request {
	struct top_request top;
	const char *wrappers, *service;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place (default), function, module, label, thread", &option_word, FIELD(top.by),
     row_by_names},
    {OPTION_SORT, "sort", "KEY", "verdict (default), growth, in-use, churn", &option_word, FIELD(top.sort),
     row_sort_names},
    {OPTION_COUNT, "count", "N", "print N tables, even on a terminal, and leave", &option_count, FIELD(top.count),
     NULL},
    {OPTION_INTERVAL, "interval", "TIME", "time between two tables (default 10s)", &option_time, FIELD(top.interval_ns),
     NULL},
    {OPTION_TOP, "top", "N", "rows of a table (default 15)", &option_count, FIELD(top.rows), NULL},
    {OPTION_SERVICE, "service", "NAME", "a service's running process, or one of them", &option_service, FIELD(service),
     NULL},
    WRAPPER_OPTION(FIELD(wrappers)),
    SYMBOLS_OPTION(FIELD(top.study.symbols.directory)),
    {0},
};

/* The directory of the operand's recording, or of the one that the user chooses; to be freed. NULL: none. */
static bool directory_find(char **directory, const char *service, int argc, char **argv, struct error *error)
{
	struct targets within = {0};

	if (service)
		within = command_service_directories(&command_top, argc, argv, service, false);
	if (optind == argc)
		return choose_recording(directory, within.paths, within.count, error);
	*directory = memory_copy_text(command_only_operand(&command_top, argc, argv));
	return target_is_there(*directory, error);
}

static int run(int argc, char **argv)
{
	struct request request = {.top = {.interval_ns = INTERVAL_NS, .rows = ROWS}};
	struct wrapper_names wrappers = {0};
	struct error error;
	char *directory = NULL;

	command_take_options(&command_top, argc, argv, &request);
	bool is_fine = (!request.wrappers || wrapper_names_parse(&wrappers, request.wrappers, &error)) &&
		       directory_find(&directory, request.service, argc, argv, &error);
	request.top.study.directory = directory;
	request.top.study.wrappers = wrappers.names;
	request.top.study.wrapper_count = wrappers.count;
	passed_over_keep_quiet();
	if (is_fine && directory)
		is_fine = !request.top.count && !command_was_given(&command_top, OPTION_INTERVAL) && terminal_is_there()
			      ? top_show(&request.top, &error)
			      : top_print(&request.top, &error);
	free(directory);
	wrapper_names_free(&wrappers);
	return is_fine ? COMMAND_FINE : command_fail(&error);
}

const struct command command_top = {
    .name = "top",
    .operands = "[PID|RECORDING|--service NAME]",
    .summary = "show live what a running program has in use, what grows and leaks",
    .notes = "The program is not stopped: its recording is read twice a second, or less often\n"
	     "where that would take more than 1 % of a core. Without an operand: the recording\n"
	     "that runs, or one of a list.\n"
	     "'?' shows the keys. Where there is no terminal, or with --count or --interval,\n"
	     "it prints a table again and again, until the program ends. Verdicts are those of\n"
	     "'seep leaks'; growth is that of the last minute.",
    .options = options,
    .run = run,
};
