/* SPDX-License-Identifier: Apache-2.0 */
/* `seep diff BEFORE AFTER`, `seep diff RECORDING`: what grew, how sure that is, and what churns. */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "commands/argument.h"
#include "commands/command.h"
#include "commands/snapshot_pair.h"
#include "compare/choose.h"
#include "compare/comparison.h"
#include "compare/samples.h"
#include "profile/profile.h"
#include "render/json/diff_json.h"
#include "render/text/diff_text.h"

enum { OPTION_BY = 256, OPTION_TOP, OPTION_JSON, OPTION_SYMBOLS };

/* What the command line asks for. */
struct request {
	const char *targets[2];
	int target_count;
	enum group_by by;
	uint64_t top;
	bool json;
	struct symbol_options symbols;
};

#define FIELD(name) offsetof(struct request, name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place (--json: stack), stack, function, line, module", &option_word, FIELD(by),
     group_by_names},
    {OPTION_TOP, "top", "N", "rows of each table (10 or fewer; with --json all)", &option_count, FIELD(top), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.diff/1", NULL, FIELD(json), NULL},
    {OPTION_SYMBOLS, "symbols", "DIR", "look for debug files there first", &option_text, FIELD(symbols.directory),
     NULL},
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
	/* What is not there at all is bad input, and is told by whoever opens it. */
	if (request->target_count == 1 && !path_is_recording(request->targets[0]) &&
	    access(request->targets[0], R_OK) == 0)
		return command_usage(&command_diff, "'%s' alone is no recording: a difference needs two snapshots",
				     argv[optind]);
	return COMMAND_FINE;
}

/* Opens the two snapshots of a recording that are to be compared. */
static bool open_recording(const char *directory, struct profile **before, struct profile **after, struct error *error)
{
	struct recording recording;

	*after = profile_open(directory, error);
	if (!*after || !recording_list(directory, &recording, error))
		return false;
	const struct recording_entry *entry = recording_choose_before(&recording, *after);
	if (entry)
		*before = profile_open(entry->path, error);
	else
		error_set(error, "%s: holds one snapshot only; a difference needs two", directory);
	recording_free(&recording);
	if (*before && !profiles_are_same_process(*before, *after))
		return error_set(error, "%s: holds snapshots of different processes", directory);
	return *before != NULL;
}

static bool open_both(const struct request *request, struct profile **before, struct profile **after,
		      struct error *error)
{
	if (request->target_count == 1)
		return open_recording(request->targets[0], before, after, error);
	*before = profile_open(request->targets[0], error);
	if (*before)
		*after = profile_open(request->targets[1], error);
	return *before && *after;
}

static int compare(const struct profile *before, const struct profile *after, const struct request *request)
{
	const uint32_t top = request->top < UINT32_MAX ? (uint32_t)request->top : UINT32_MAX;
	struct comparison comparison;
	struct output out;

	int status = document_open(&out, NULL, before, after);
	if (status != COMMAND_FINE)
		return status;
	comparison_build(&comparison, before, after, request->by);
	if (request->json) {
		diff_json_render(&out.buffer, &comparison, top ? top : UINT32_MAX);
	} else {
		struct text_page page = text_page_for(&out.buffer, STDOUT_FILENO);
		diff_text_render(&page, &comparison, top);
	}
	comparison_free(&comparison);
	return document_close(&out);
}

static int run(int argc, char **argv)
{
	struct request request = {0};
	struct profile *before = NULL;
	struct profile *after = NULL;
	struct error error;

	int status = request_parse(&request, argc, argv);
	if (status == COMMAND_FINE)
		status = command_check_symbols(&command_diff, request.symbols.directory);
	if (status != COMMAND_FINE)
		return status;
	if (!open_both(&request, &before, &after, &error)) {
		status = command_fail(&error);
	} else if (profiles_are_same_process(before, after) && before->time_ns > after->time_ns) {
		status =
		    command_usage(&command_diff, "%s is the later one: give the earlier one first", before->source);
	} else {
		enum call_value in_use = CALL_INUSE_SPACE;
		status = snapshot_pair_choose_value(&(struct snapshot_pair){after, before}, true, &in_use);
		if (status == COMMAND_FINE) {
			profile_symbolize(before, &request.symbols);
			profile_symbolize(after, &request.symbols);
			status = compare(before, after, &request);
		}
	}
	profile_free(before);
	profile_free(after);
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
