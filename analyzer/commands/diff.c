/* SPDX-License-Identifier: Apache-2.0 */
/* `seep diff BEFORE AFTER`, `seep diff RECORDING`: what grew, how sure that is, and what churns. */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "commands/argument.h"
#include "commands/command.h"
#include "commands/document.h"
#include "compare/comparison.h"
#include "compare/samples.h"
#include "compare/teardown.h"
#include "profile/profile.h"
#include "render/json/documents.h"
#include "render/text/documents.h"

enum { OPTION_BY = 256, OPTION_TOP, OPTION_JSON };

/* The request that the command line makes. */
struct request {
	struct document_request document;
	const char *targets[2];
	int target_count;
	enum group_by by;
	uint32_t top;
	bool json;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place (--json: stack), stack, function, line, module", &option_word, FIELD(by),
     group_by_names},
    {OPTION_TOP, "top", "N", "rows of each table (10 or fewer; with --json all)", &option_count, FIELD(top), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.diff/1", NULL, FIELD(json), NULL},
    WRAPPER_OPTION(FIELD(document.wrappers)),
    LAST_OPTION(FIELD(document.last)),
    SYMBOLS_OPTION(FIELD(document.symbols.directory)),
    {0},
};

static int request_parse(struct request *request, int argc, char **argv)
{
	command_take_options(&command_diff, argc, argv, request);
	if (!command_was_given(&command_diff, OPTION_BY) && !request->json)
		request->by = GROUP_BY_PLACE;
	if (optind == argc)
		return command_usage(&command_diff, "%s is missing", command_diff.operands);
	if (optind + 2 < argc)
		return command_usage(&command_diff, "two operands are expected, '%s' is one too many",
				     argv[optind + 2]);
	for (int i = optind; i < argc; i++)
		request->targets[request->target_count++] = command_target(argv[i]);
	/* A path that does not exist is bad input: the attempt to open it says so. */
	if (request->target_count == 1 && !path_is_recording(request->targets[0]) &&
	    access(request->targets[0], R_OK) == 0)
		return command_usage(&command_diff, "'%s' alone is not a recording: a difference needs two %s",
				     argv[optind],
				     path_has_moments(request->targets[0]) ? "moments, FILE#1m FILE" : "snapshots");
	return COMMAND_FINE;
}

/* Opens the two snapshots of a recording that are to be compared. */
static bool open_recording(const struct request *request, struct snapshot_pair *pair, struct error *error)
{
	const char *directory = request->targets[0];
	struct recording recording;

	pair->now = document_open(&request->document, directory, error);
	if (!pair->now || !recording_list(directory, &recording, error))
		return false;
	const struct recording_entry *entry = recording_choose_before(&recording, pair->now);
	if (entry)
		pair->base = profile_open(entry->path, error);
	else
		error_set(error, "%s: holds one snapshot only; a difference needs two", directory);
	recording_free(&recording);
	if (pair->base && !profiles_are_same_process(pair->base, pair->now))
		return error_set(error, "%s: holds snapshots of different processes", directory);
	return pair->base != NULL;
}

static bool open_both(const struct request *request, struct snapshot_pair *pair, struct error *error)
{
	if (request->target_count == 1)
		return open_recording(request, pair, error);
	pair->base = document_open(&request->document, request->targets[0], error);
	if (pair->base)
		pair->now = document_open(&request->document, request->targets[1], error);
	return pair->base && pair->now;
}

static void document_write(struct buffer *out, const struct snapshot_pair *pair,
			   const struct document_request *document)
{
	const struct request *request = (const struct request *)document;
	struct text_page page = text_page_for(out, STDOUT_FILENO);
	struct comparison comparison;

	comparison_build(&comparison, pair->base, pair->now, request->by);
	if (request->json)
		diff_json_render(out, &comparison, request->top ? request->top : UINT32_MAX);
	else
		diff_text_render(&page, &comparison, request->top);
	comparison_free(&comparison);
}

static int run(int argc, char **argv)
{
	struct request request = {.document = {.value = CALL_INUSE_SPACE, .choice = VALUE_NAMED}};
	struct snapshot_pair pair = {0};
	struct error error;

	int status = request_parse(&request, argc, argv);
	if (status != COMMAND_FINE)
		return status;
	if (!open_both(&request, &pair, &error))
		status = command_fail(&error);
	else if (profiles_are_same_process(pair.base, pair.now) && pair.base->time_ns > pair.now->time_ns)
		status =
		    command_usage(&command_diff, "%s is the later one: give the earlier one first", pair.base->source);
	else
		return document_make(&pair, &request.document, document_write);
	profile_free(pair.base);
	profile_free(pair.now);
	return status;
}

const struct command command_diff = {
    .name = "diff",
    .operands = "BEFORE AFTER | RECORDING",
    .summary = "show which sites grew between two snapshots, and what churns",
    .notes = "BEFORE and AFTER are snapshots, or recordings (then their last snapshot).\n"
	     "RECORDING alone: from its snapshot at a quarter of its time to its last.\n"
	     "Intervals are 95 %: docs/SAMPLING.md says what every number means.",
    .options = options,
    .reads = true,
    .run = run,
};
