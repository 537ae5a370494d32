/* SPDX-License-Identifier: Apache-2.0 */
/* `seep check AFTER... --budget FILE [--base BEFORE...]`: holds recordings to budgets, for a gate. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "check/check.h"
#include "check/file/lsan.h"
#include "check/values/lost.h"
#include "check/values/sums.h"
#include "files/output.h"
#include "options/argument.h"
#include "options/command.h"
#include "place/wrapper_names.h"
#include "render/check/outputs.h"

enum {
	OPTION_BUDGET = 256,
	OPTION_BASE,
	OPTION_WORK,
	OPTION_BASE_WORK,
	OPTION_FORMAT,
	OPTION_UNDECIDED,
	OPTION_SINCE,
	OPTION_FLAME,
	OPTION_SUGGEST,
	OPTION_EACH,
	OPTION_ONLY,
	OPTION_LOST,
	OPTION_SUPPRESSIONS
};

enum undecided { UNDECIDED_WARN, UNDECIDED_PASS, UNDECIDED_FAIL };
static const char *const undecided_words[] = {"warn", "pass", "fail", NULL};

/* The request that the command line makes. */
struct request {
	struct targets after, base;
	struct targets after_all; /* with --each: all operands; `after` is one of them at a time */
	struct argument_list base_list;
	const char *budget, *suppressions, *only, *output, *wrappers;
	uint32_t work, base_work;
	bool suggest, each, lost;
	enum check_format format;
	enum undecided undecided;
	struct check_context context;
	struct symbol_search symbols;
	struct wrapper_names names; /* the functions that --wrapper names */
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BUDGET, "budget", "FILE", "what may be used: JSON, schema seep.budgets/1", &option_text, FIELD(budget),
     NULL},
    {OPTION_BASE, "base", "BEFORE", "what to compare with; may be repeated", &option_list, FIELD(base_list), NULL},
    {OPTION_WORK, "work", "N", "units of work of a run that does not count them", &option_count, FIELD(work), NULL},
    {OPTION_BASE_WORK, "base-work", "N", "the same of the base (as --work)", &option_count, FIELD(base_work), NULL},
    {OPTION_FORMAT, "format", "FORMAT", "text, json, junit, sarif, github, gitlab, markdown", &option_word,
     FIELD(format), check_format_names},
    {OPTION_UNDECIDED, "undecided", "WORD", "warn, pass (says nothing), fail (status 1)", &option_word,
     FIELD(undecided), undecided_words},
    {OPTION_SINCE, "since", "REVISION", "name this as the last revision that was fine", &option_text,
     FIELD(context.since), NULL},
    {OPTION_FLAME, "flame", "FILE.svg", "also draw the difference as a flame graph", &option_text, FIELD(context.flame),
     NULL},
    {OPTION_EACH, "each", NULL, "each AFTER is a process, held to it by itself", NULL, FIELD(each), NULL},
    {OPTION_ONLY, "only", "NAMES", "of --each, only programs of these names: a,b*,...", &option_text, FIELD(only),
     NULL},
    {OPTION_LOST, "lost", NULL, "nothing may be lost at the end of a process", NULL, FIELD(lost), NULL},
    {OPTION_SUPPRESSIONS, "suppressions", "FILE", "LeakSanitizer's (leak:PATTERN), besides the budgets'", &option_text,
     FIELD(suppressions), NULL},
    {OPTION_SUGGEST, "suggest", NULL, "write first budgets, from runs that are fine", NULL, FIELD(suggest), NULL},
    {'o', "output", "FILE", "write there instead of standard output", &option_text, FIELD(output), NULL},
    WRAPPER_OPTION(FIELD(wrappers)),
    SYMBOLS_OPTION(FIELD(symbols.directory)),
    {0},
};

/* No output may replace a run, or the budgets. */
static int outputs_check(const struct request *request, const char *output)
{
	if (!output)
		return COMMAND_FINE;
	const int status = command_check_output(&command_check, output, request->after, request->budget);
	return status == COMMAND_FINE ? command_check_output(&command_check, output, request->base, NULL) : status;
}

static int request_parse(struct request *request, int argc, char **argv)
{
	struct error error;

	command_take_options(&command_check, argc, argv, request);
	if (!request->budget && !request->suggest && !request->lost)
		return command_usage(&command_check, "--budget FILE is missing");
	if (request->suggest && (request->budget || request->base_list.count || request->lost))
		return command_usage(&command_check, "--suggest makes budgets from runs alone, without %s",
				     request->budget ? "--budget"
				     : request->lost ? "--lost"
						     : "--base");
	if (request->each && (request->suggest || request->context.flame || request->format > FORMAT_JSON))
		return command_usage(&command_check,
				     "--each goes with --format=text and json, without --flame and --suggest");
	if (request->only && !request->each)
		return command_usage(&command_check, "--only chooses among processes: it goes with --each");
	request->after = command_operands(&command_check, argc, argv);
	request->base = (struct targets){request->base_list.items, request->base_list.count};
	for (size_t i = 0; i < request->base.count; i++)
		request->base.paths[i] = command_target(request->base.paths[i]);
	if (request->wrappers && !wrapper_names_parse(&request->names, request->wrappers, &error))
		return command_fail(&error);
	const int status = outputs_check(request, request->output);
	return status == COMMAND_FINE ? outputs_check(request, request->context.flame) : status;
}

static bool runs_make(struct check_runs *runs, const struct request *request, const struct runs_need *need,
		      struct error *error)
{
	runs->work[SIDE_AFTER] = request->work;
	runs->work[SIDE_BASE] = request->base_work ? request->base_work : request->work;
	return runs_open(runs, SIDE_AFTER, request->after.paths, request->after.count, need, error) &&
	       runs_open(runs, SIDE_BASE, request->base.paths, request->base.count, need, error);
}

static void runs_name(struct check_runs *runs, const struct request *request)
{
	runs_symbolize(runs, &request->symbols, request->names.names, request->names.count);
}

static void result_append(struct buffer *out, const struct request *request, const struct check *check)
{
	struct text_page page = text_page_for(out, STDOUT_FILENO);

	switch (request->format) {
	case FORMAT_TEXT:
		check_text_render(&page, check, &request->context);
		break;
	case FORMAT_JSON:
		check_json_render(out, check, &request->context);
		break;
	case FORMAT_JUNIT:
		check_junit_render(out, check);
		break;
	case FORMAT_SARIF:
		check_sarif_render(out, check);
		break;
	case FORMAT_GITHUB:
		check_github_render(out, check);
		break;
	case FORMAT_GITLAB:
		check_gitlab_render(out, check);
		break;
	case FORMAT_MARKDOWN:
		check_markdown_render(out, check, &request->context);
		break;
	}
}

static bool flame_write(const struct request *request, const struct check *check, struct error *error)
{
	struct buffer out = {0};

	check_flame_render(&out, check);
	const bool is_written = output_write_buffer(&out, request->context.flame, error);
	buffer_free(&out);
	return is_written;
}

/* Budgets by result, of one check or of several together. */
struct tally {
	size_t results[CHECK_FAIL + 1], processes[CHECK_FAIL + 1];
	size_t unchecked; /* processes without a budget */
	size_t others;    /* processes of programs that --only does not name */
	size_t *held;     /* with --each: by budget, how many processes were held to it */
};

static int status_of(const struct request *request, const struct tally *tally)
{
	const size_t open = tally->results[CHECK_UNDECIDED];
	const bool fails = request->undecided == UNDECIDED_FAIL;

	if (tally->results[CHECK_FAIL])
		return COMMAND_FOUND;
	if (open && request->undecided != UNDECIDED_PASS)
		message("%zu of %zu budgets could not be decided; %s", open, open + tally->results[CHECK_PASS],
			fails ? "that is a failure by --undecided=fail" : "--undecided=fail would exit with 1");
	return open && fails ? COMMAND_FOUND : COMMAND_FINE;
}

/* A budget per unit of work is only for processes that count such units, and a budget of lost memory only for those
 * that seep looked at when they ended. */
static bool is_about(const struct budget *budget, const struct check_runs *runs)
{
	const struct check_run *run = &runs->items[SIDE_AFTER][0];

	if (budget->measure == CHECK_LOST)
		return run_profile(runs, run, MOMENT_LAST)->memory_known >> SEEP_MEMORY_REFERENCES_TIME & 1;
	return !budget->per_work || run_work(runs, SIDE_AFTER, run, budget->measure) > 0;
}

/* Those of all budgets that are for this process. */
static struct budgets budgets_of(const struct budgets *all, const struct check_runs *runs, struct budget *items,
				 struct tally *tally)
{
	struct budgets budgets = *all;

	budgets.items = items;
	budgets.count = 0;
	for (size_t i = 0; i < all->count; i++) {
		const bool is_held = is_about(&all->items[i], runs);
		if (is_held)
			items[budgets.count++] = all->items[i];
		tally->held[i] += is_held;
	}
	return budgets;
}

/* A budget that was for none of the processes is undecided. */
static void unheld_say(struct tally *tally, const struct budgets *budgets, const struct request *request)
{
	const size_t all = request->after_all.count - tally->others;

	if (all == 0) {
		message("no process was of a program that is called %s", request->only);
		tally->results[CHECK_UNDECIDED] += budgets->count;
		return;
	}
	for (size_t i = 0; i < budgets->count; i++) {
		const char *name = budgets->items[i].name;
		const size_t missed = all - tally->held[i];
		char which[64] = "no process was";

		tally->results[CHECK_UNDECIDED] += missed == all;
		if (missed < all)
			snprintf(which, sizeof which, "%zu of %zu processes %s not", missed, all,
				 missed == 1 ? "was" : "were");
		if (budgets->items[i].measure == CHECK_LOST && missed)
			message("%s: %s looked at when it ended: seep looks at one that calls exit() or whose main() "
				"returns",
				name, which);
		else if (missed == all)
			message("%s: no process counted its units of work, by seep_work() of <seep/seep.h>", name);
	}
}

/* Checks runs that are open. Of many processes, only those that do not pass are shown. */
static bool opened_check(struct buffer *out, const struct request *request, const struct budgets *all,
			 struct check_runs *runs, struct tally *tally, struct error *error)
{
	const double checks = request->each ? (double)request->after_all.count : 1;
	struct budget *items = memory_allocate(all->count, sizeof *items);
	struct budgets budgets = *all;
	struct check check;

	if (request->context.flame || lost_needs_names(all, runs))
		runs_name(runs, request);
	if (request->each)
		budgets = budgets_of(all, runs, items, tally);
	check_make(&check, &budgets, runs, CHECK_CHANCE / checks);
	if (!request->each || check.result != CHECK_PASS || request->format == FORMAT_JSON)
		result_append(out, request, &check);
	for (int i = 0; i <= CHECK_FAIL; i++)
		tally->results[i] += check.results[i];
	if (budgets.count)
		tally->processes[check.result]++;
	else
		tally->unchecked++;
	const bool fine = !request->context.flame || flame_write(request, &check, error);
	check_free(&check);
	free(items);
	return fine;
}

/* Checks some runs of one program. */
static bool runs_check(struct buffer *out, const struct request *request, const struct budgets *all,
		       struct tally *tally, struct error *error)
{
	const struct runs_need need = check_need(all);
	struct check_runs runs = {0};

	bool fine = runs_make(&runs, request, &need, error);
	if (fine && request->only && !runs_are_of_program(&runs, request->only))
		tally->others++;
	else if (fine)
		fine = opened_check(out, request, all, &runs, tally, error);
	runs_free(&runs);
	return fine;
}

static void processes_append(struct buffer *out, const struct tally *tally, const struct request *request)
{
	const size_t *counts = tally->processes, all = request->after_all.count;

	buffer_printf(out, "%zu process%s: %zu over budget, %zu undecided, %zu within", all, all == 1 ? "" : "es",
		      counts[CHECK_FAIL], counts[CHECK_UNDECIDED], counts[CHECK_PASS]);
	if (tally->unchecked)
		buffer_printf(out, ", %zu that no budget is for", tally->unchecked);
	if (tally->others)
		buffer_printf(out, ", %zu of other programs", tally->others);
	buffer_append_text(out, "\n");
	if (counts[CHECK_FAIL] && all > 1 && !request->only)
		buffer_append_text(out, "(--only NAMES holds processes of programs of these names alone)\n");
}

static int check_run(struct request *request, const struct budgets *budgets)
{
	struct tally tally = {.held = memory_allocate(budgets->count + 1, sizeof *tally.held)};
	struct buffer out = {0};
	struct error error;
	bool fine = true;

	request->after_all = request->after;
	for (size_t i = 0; fine && i < (request->each ? request->after_all.count : 1); i++) {
		if (request->each)
			request->after = (struct targets){request->after_all.paths + i, 1};
		fine = runs_check(&out, request, budgets, &tally, &error);
	}
	if (fine && request->each && request->format == FORMAT_TEXT)
		processes_append(&out, &tally, request);
	if (fine && request->each)
		unheld_say(&tally, budgets, request);
	free(tally.held);
	fine = fine && output_write_buffer(&out, request->output, &error);
	buffer_free(&out);
	return fine ? status_of(request, &tally) : command_fail(&error);
}

/* Writes a file of budgets that these runs pass. */
static int suggest(struct request *request)
{
	const struct runs_need need = suggest_need();
	struct suggestions suggestions;
	struct check_runs runs = {0};
	struct buffer out = {0};
	struct error error;
	int status = COMMAND_FINE;

	if (runs_make(&runs, request, &need, &error)) {
		runs_name(&runs, request);
		suggest_make(&suggestions, &runs);
		suggest_json_render(&out, &suggestions, runs.count[SIDE_AFTER]);
		if (!output_write_buffer(&out, request->output, &error))
			status = command_fail(&error);
	} else {
		status = command_fail(&error);
	}
	buffer_free(&out);
	runs_free(&runs);
	return status;
}

static bool budgets_make(struct budgets *budgets, const struct request *request, struct error *error)
{
	*budgets = (struct budgets){.source = "--lost"};
	if (request->budget && !budgets_read(budgets, request->budget, time(NULL), error))
		return false;
	if (request->lost)
		budgets_add_lost(budgets);
	if (!request->suppressions || lsan_suppressions_read(budgets, request->suppressions, error))
		return true;
	budgets_free(budgets);
	return false;
}

static int run(int argc, char **argv)
{
	static struct request request;
	struct budgets budgets;
	struct error error;

	int status = request_parse(&request, argc, argv);
	if (status == COMMAND_FINE && request.suggest) {
		status = suggest(&request);
	} else if (status == COMMAND_FINE && !budgets_make(&budgets, &request, &error)) {
		status = command_fail(&error);
	} else if (status == COMMAND_FINE) {
		status = check_run(&request, &budgets);
		budgets_free(&budgets);
	}
	wrapper_names_free(&request.names);
	return status;
}

const struct command command_check = {
    .name = "check",
    .operands = "AFTER... | --suggest RUN...",
    .summary = "hold recordings to budgets: fail where one is surely exceeded",
    .notes = "Several AFTER or --base are runs of the same: their spread counts. Status 1: a\n"
	     "budget surely fails, or by --undecided=fail is undecided. docs/CI.md: the rest.",
    .options = options,
    .reads = true,
    .run = run,
};
