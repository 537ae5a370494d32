/* SPDX-License-Identifier: Apache-2.0 */
/* `seep leaks RECORDING`: judges which sites leak, from the whole series of snapshots; with --follow again and
 * again. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "files/output.h"
#include "files/path.h"
#include "options/command.h"
#include "options/service_options.h"
#include "render/text/alike.h"
#include "leaks/leaks.h"
#include "series/reading.h"
#include "series/series.h"
#include "leaks/spread.h"
#include "place/wrapper_names.h"
#include "reader/snapshot_reader.h"
#include "references/core.h"
#include "references/look.h"
#include "render/json/documents.h"
#include "render/metrics/leaks_metrics.h"
#include "render/screen/leaks_screen.h"
#include "render/terminal/live_screen.h"
#include "render/text/documents.h"

#define FOLLOW_NS UINT64_C(10000000000)
#define ROWS_MOST 10 /* rows of each verdict, unless --top says otherwise */

enum {
	OPTION_BY = 256,
	OPTION_TOP,
	OPTION_EVERY,
	OPTION_FAIL,
	OPTION_PROMETHEUS,
	OPTION_JSON,
	OPTION_REFERENCES,
	OPTION_CORE
};

/* The request that the command line makes. */
struct request {
	struct targets recordings;
	enum group_by by;
	uint32_t top;
	uint64_t every_ns;
	bool json, follow, verbose, fail, references, mappings;
	const char *prometheus, *wrappers, *core;
	struct service_request service;
	struct symbol_search symbols;
	struct wrapper_names names; /* the functions that --wrapper names */
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place, stack (--json), function, line, module, label", &option_word, FIELD(by),
     group_by_names},
    {OPTION_TOP, "top", "N", "rows of each verdict (10 or fewer; with --json all)", &option_count, FIELD(top), NULL},
    {'v', "verbose", NULL, "all verdicts with evidence and callers", NULL, FIELD(verbose), NULL},
    {'f', "follow", NULL, "repeat until the program ends", NULL, FIELD(follow), NULL},
    {OPTION_EVERY, "every", "TIME", "with --follow: the time between two (default 10s)", &option_time, FIELD(every_ns),
     NULL},
    {OPTION_FAIL, "fail", NULL, "exit with status 1 if something leaks", NULL, FIELD(fail), NULL},
    {OPTION_PROMETHEUS, "prometheus", "FILE", "also write metrics by place to FILE", &option_text, FIELD(prometheus),
     NULL},
    {OPTION_REFERENCES, "references", NULL, "first find the blocks that nobody refers to", NULL, FIELD(references),
     NULL},
    {OPTION_CORE, "core", "FILE", "the same from the ended process's core dump", &option_text, FIELD(core), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.leaks/2; with --follow repeatedly", NULL, FIELD(json), NULL},
    SERVICE_OPTIONS(SERVICE_FIELD),
    MAPPINGS_OPTION(FIELD(mappings)),
    WRAPPER_OPTION(FIELD(wrappers)),
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

/* If the operand is no series, says what it is. Opening a directory that is not a recording, or a path that does not
 * exist, will report it as bad input. */
static bool is_series(const char *path)
{
	if (access(path, R_OK) != 0 || path_is_recording(path) || path_is_directory(path))
		return true;
	if (path_has_moments(path))
		command_usage(&command_leaks,
			      "'%s' is heaptrack's file, which has no ages of blocks, so leaks can't be told; compare "
			      "two moments instead: seep diff FILE#1m FILE",
			      path);
	else
		command_usage(&command_leaks,
			      "'%s' is not a recording: leaks can only be found in a series of snapshots", path);
	return false;
}

static int request_parse(struct request *request, int argc, char **argv)
{
	struct error error;

	command_take_options(&command_leaks, argc, argv, request);
	if (!command_was_given(&command_leaks, OPTION_BY) && !request->json)
		request->by = GROUP_BY_PLACE;
	/* Other rows than places, or more rows, need the long form. */
	request->verbose |= request->top || command_was_given(&command_leaks, OPTION_BY);
	if (request->every_ns && !request->follow)
		return command_usage(&command_leaks, "--every goes with --follow only");
	request->recordings = command_series_targets(&command_leaks, argc, argv, &request->service, reading_limit);
	if (request->references && request->recordings.count != 1)
		return command_usage(&command_leaks, "--references looks at one running process");
	if (request->core && (request->recordings.count != 1 || request->references || request->follow))
		return command_usage(&command_leaks, "--core FILE is of one recording's process, as it ended");
	for (size_t i = 0; i < request->recordings.count; i++)
		if (!is_series(request->recordings.paths[i]))
			return COMMAND_USAGE;
	if (request->wrappers && !wrapper_names_parse(&request->names, request->wrappers, &error))
		return command_fail(&error);
	if (request->prometheus)
		return command_check_output(&command_leaks, request->prometheus, request->recordings, NULL);
	return COMMAND_FINE;
}

/* The operands as the user can type them again. */
static void names_join(struct buffer *names, const struct request *request)
{
	const struct service_request *service = &request->service;

	if (service->name) {
		buffer_append_text(names, "--service ");
		text_append_word(names, service->name);
	}
	if (service->before_ns)
		buffer_printf(names, " --before @%" PRIu64, service->before_ns / 1000000000u);
	if (service->after_ns && service->after_ns != SERVICE_NOW)
		buffer_printf(names, " --after @%" PRIu64, service->after_ns / 1000000000u);
	for (size_t i = 0; i < request->recordings.count && !service->name; i++) {
		buffer_append_text(names, i ? " " : "");
		text_append_word(names, request->recordings.paths[i]);
	}
}

static void text_render(struct text_page *page, const struct leaks *leaks, const struct series *series,
			const struct request *request, uint32_t top, const char *beside)
{
	struct buffer names = {0};

	names_join(&names, request);
	if (request->verbose)
		leaks_text_render(page, leaks, series, top);
	else
		leaks_screen_render(page, leaks, series, names.data, text_page_rows(STDOUT_FILENO), beside);
	buffer_free(&names);
}

/* The long form shows as many rows of each verdict as fit into the terminal. */
static void live_render(struct buffer *out, const struct leaks *leaks, const struct series *series,
			const struct request *request)
{
	const unsigned rows = text_page_rows(STDOUT_FILENO);
	struct buffer text = {0};
	struct text_page page = text_page_for(&text, STDOUT_FILENO);
	uint32_t top = request->top;

	text_render(&page, leaks, series, request, top, NULL);
	for (top = top ? top : ROWS_MOST; request->verbose && top > 1 && !live_screen_fits(&text, rows);) {
		text.length = 0;
		text_render(&page, leaks, series, request, --top, NULL);
	}
	live_screen_append(out, &text, rows);
	buffer_free(&text);
}

static void render(struct buffer *out, const struct leaks *leaks, const struct leaks *places,
		   const struct series *series, const struct request *request, const char *beside)
{
	struct text_page page = text_page_for(out, STDOUT_FILENO);

	if (request->json) {
		leaks_json_render(out, leaks, places, request->top ? request->top : UINT32_MAX);
	} else if (request->follow && isatty(STDOUT_FILENO)) {
		live_render(out, leaks, series, request);
	} else {
		text_render(&page, leaks, series, request, request->top, beside);
		if (request->follow)
			buffer_append_byte(out, '\n');
	}
}

static bool metrics_write(const struct leaks *places, const struct request *request, struct error *error)
{
	struct metrics metrics = {.labels = metric_labels_of(places->reference, request->recordings.paths[0])};
	struct buffer out = {0};

	leaks_metrics_fill(&metrics, places, METRICS_PLACES_MOST);
	metrics_render(&out, (const struct metrics *const[]){&metrics}, 1, METRICS_PROMETHEUS);
	metrics_free(&metrics);
	const bool is_written = output_write_buffer(&out, request->prometheus, error);
	buffer_free(&out);
	return is_written;
}

static void series_symbolize(const struct series *series, const struct request *request)
{
	struct profile *const shown[] = {series->reference, series->middle};

	for (size_t i = 0; i < 2; i++) {
		profile_use_wrappers(shown[i], request->names.names, request->names.count);
		profile_symbolize(shown[i], &request->symbols);
	}
}

/* The long form shows q, and the document everything. */
static enum leak_detail detail_of(const struct request *request)
{
	return request->json || request->verbose ? LEAK_WHOLE : LEAK_SORTED;
}

/* Judges the mappings by the same rules, for people who look at the heap only. Appends nothing where the recording has
 * no series of them. */
static void mappings_judge(struct buffer *out, const struct request *request, bool *leaking)
{
	struct text_page page = text_page_for(out, STDOUT_FILENO);
	struct buffer names = {0};
	struct series series;
	struct leaks leaks;
	struct error ignored;

	snapshot_show_mappings(true);
	if (series_open(&series, request->recordings.paths, request->recordings.count, &ignored)) {
		series_symbolize(&series, request);
		leaks_build(&leaks, &series, request->by, detail_of(request));
		rows_tell_apart(&leaks.groups);
		leaks_find_spreads(&leaks, &series);
		*leaking |= leaks_any(&leaks);
		names_join(&names, request);
		if (request->verbose)
			leaks_text_render(&page, &leaks, &series, request->top);
		else
			leaks_screen_append_beside(&page, &leaks, &series, names.data);
		buffer_free(&names);
		leaks_free(&leaks);
		series_free(&series);
	}
	snapshot_show_mappings(false);
}

/* Judges the series and prints the answer. `leaking`: whether something leaks. */
static bool print(const struct series *series, const struct request *request, bool *leaking, struct error *error)
{
	const bool is_long = request->verbose && !request->follow && !request->json;
	const bool by_place = request->by == GROUP_BY_PLACE;
	struct buffer out = {0}, beside = {0};
	struct leaks leaks, places = {0};

	series_symbolize(series, request);
	leaks_build(&leaks, series, request->by, detail_of(request));
	if (!request->json)
		rows_tell_apart(&leaks.groups);
	if (!by_place && (request->json || request->prometheus))
		leaks_build(&places, series, GROUP_BY_PLACE, LEAK_SORTED);
	leaks_find_spreads(by_place || !(request->json || request->prometheus) ? &leaks : &places, series);
	*leaking = leaks_any(&leaks) || leaks_any(&places);
	if (!request->json && !request->follow && series_mappings_grew(series))
		mappings_judge(&beside, request, leaking);
	render(&out, &leaks, by_place ? &leaks : &places, series, request, is_long ? NULL : beside.data);
	if (is_long && beside.length)
		buffer_printf(&out, "\n%s", beside.data);
	bool is_written = is_long ? output_page_buffer(&out, error) : output_write_buffer(&out, NULL, error);
	if (is_written && request->prometheus)
		is_written = metrics_write(by_place ? &leaks : &places, request, error);
	if (places.rows)
		leaks_free(&places);
	leaks_free(&leaks);
	buffer_free(&beside);
	buffer_free(&out);
	return is_written;
}

/* A terminal whose size changes is drawn anew at once. */
static volatile sig_atomic_t is_resized;

static void resized(int number)
{
	(void)number;
	is_resized = 1;
}

static void wait_for(uint64_t time_ns)
{
	struct timespec left = {(time_t)(time_ns / 1000000000u), (long)(time_ns % 1000000000u)};

	while (!is_resized && nanosleep(&left, &left) != 0)
		continue;
	is_resized = 0;
}

/* A core dump is compared with the blocks that were alive in the process's last state. */
static bool core_look(struct series *series, const struct request *request, struct error *error)
{
	struct profile *last = profile_open_now(request->recordings.paths[0], error);

	if (!last || !references_in_core(last, request->core, error)) {
		profile_free(last);
		return false;
	}
	profile_free(series->referenced);
	series->referenced = last;
	return true;
}

/* A recording whose process can't be seen: it runs in another container, or was killed together with its keeper. */
struct quiet {
	uint64_t last_ns; /* the time of its last snapshot */
	uint64_t for_ns;  /* how long no other has come */
};

/* Such a recording has ended when snapshots stop coming. */
static bool is_left(const struct series *series, uint64_t every_ns, struct quiet *quiet)
{
	const uint64_t last_ns = series->reference->time_ns;

	quiet->for_ns = series->goes_on || last_ns != quiet->last_ns ? 0 : quiet->for_ns + every_ns;
	quiet->last_ns = last_ns;
	return quiet->for_ns > 2 * series->reference->interval_ns;
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct series series;
	struct error error;
	bool ended = false, leaking = false;
	struct quiet quiet = {0};
	char name[32];

	int status = request_parse(&request, argc, argv);
	if (status != COMMAND_FINE)
		return status;
	const uint64_t every_ns = request.every_ns ? request.every_ns : FOLLOW_NS;
	if (request.follow && isatty(STDOUT_FILENO))
		sigaction(SIGWINCH, &(struct sigaction){.sa_handler = resized, .sa_flags = SA_RESTART}, NULL);
	if (request.references && !references_snapshot(request.recordings.paths[0], name, &error))
		return command_fail(&error);
	snapshot_show_mappings(request.mappings);
	while (!ended) {
		const bool opened = series_open(&series, request.recordings.paths, request.recordings.count, &error);
		/* A recording that has only just begun gets some time. */
		if (!opened && !(request.follow && path_is_recording(request.recordings.paths[0])))
			return command_fail(&error);
		if (opened && series.left_out)
			message("%zu of %zu snapshots are used, evenly spaced", series.history.count,
				series.history.count + series.left_out);
		if (opened) {
			ended = series.ended || !request.follow || is_left(&series, every_ns, &quiet);
			if (request.core && !core_look(&series, &request, &error))
				return command_fail(&error);
			const bool written = print(&series, &request, &leaking, &error);
			series_free(&series);
			if (!written)
				return command_fail(&error);
		}
		if (!ended)
			wait_for(every_ns);
	}
	wrapper_names_free(&request.names);
	return request.fail && leaking ? COMMAND_FOUND : COMMAND_FINE;
}

const struct command command_leaks = {
    .name = "leaks",
    .operands = "RECORDING...|--service NAME",
    .summary = "say which sites leak, and how fast, from a whole recording",
    .notes = "RECORDINGs and PIDs are added up over the time they share. Verdicts: leak (old\n"
	     "blocks are never freed, more keep coming; cautions follow), growing (a cache,\n"
	     "rising load, or too little seen), stopped, unknown (and why), steady, churn.",
    .options = options,
    .reads = true,
    .run = run,
};
