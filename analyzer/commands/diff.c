/* SPDX-License-Identifier: Apache-2.0 */
/* `seep diff BEFORE AFTER`, `seep diff RECORDING`: what grew, how sure that is, and what churns. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "options/argument.h"
#include "document/document.h"
#include "files/path.h"
#include "options/command.h"
#include "render/text/alike.h"
#include "compare/comparison.h"
#include "compare/samples.h"
#include "profile/profile.h"
#include "reader/snapshot_reader.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "target/last_ledger.h"

enum { OPTION_BY = 256, OPTION_TOP, OPTION_JSON, OPTION_SUM };

/* The request that the command line makes. */
struct request {
	struct document_request document;
	struct targets targets;
	struct service_request service;
	struct service_targets of_service;
	bool sum;
	enum group_by by;
	uint32_t top;
	bool json;
};

#define FIELD(name) offsetof(struct request, name)
#define SERVICE_FIELD(name) offsetof(struct request, service.name)

static const struct command_option options[] = {
    {OPTION_BY, "by", "GROUP", "place, stack (--json), function, line, module, label", &option_word, FIELD(by),
     group_by_names},
    {OPTION_TOP, "top", "N", "rows of each table (10 or fewer; with --json all)", &option_count, FIELD(top), NULL},
    {OPTION_JSON, "json", NULL, "JSON, schema seep.diff/1", NULL, FIELD(json), NULL},
    {OPTION_SUM, "sum", NULL, "add up RECORDINGs: the processes of a service", NULL, FIELD(sum), NULL},
    SERVICE_OPTIONS(SERVICE_FIELD),
    WRAPPER_OPTION(FIELD(document.wrappers)),
    MAPPINGS_OPTION(FIELD(document.mappings)),
    LAST_OPTION(FIELD(document.last)),
    SYMBOLS_OPTION(FIELD(document.symbols.directory)),
    {0},
};

static int request_parse(struct request *request, int argc, char **argv)
{
	command_take_options(&command_diff, argc, argv, request);
	if (!command_was_given(&command_diff, OPTION_BY) && !request->json)
		request->by = GROUP_BY_PLACE;
	request->of_service = command_service_targets(&command_diff, argc, argv, &request->service);
	request->targets = request->of_service.now;
	request->document.snapshots = request->of_service.now;
	request->document.bases = request->of_service.before;
	request->document.same_processes = request->of_service.same_processes;
	const struct targets *targets = &request->targets;
	if (request->service.name)
		return COMMAND_FINE;
	if (targets->count > 2 && !request->sum)
		return command_usage(&command_diff,
				     "two operands are expected, '%s' is one too many; --sum adds recordings up",
				     targets->paths[2]);
	/* Opening a directory that is not a recording, or a path that does not exist, will report it as bad input. */
	for (size_t i = 0; (request->sum || targets->count == 1) && i < targets->count; i++)
		if (!path_is_recording(targets->paths[i]) && !path_is_directory(targets->paths[i]) &&
		    access(targets->paths[i], R_OK) == 0)
			return command_usage(&command_diff, "'%s' alone is not a recording: a difference needs two %s",
					     argv[optind + (int)i],
					     path_has_moments(targets->paths[i]) ? "moments, FILE#1m FILE"
										 : "snapshots");
	return COMMAND_FINE;
}

/* The snapshot at a quarter of the recording's time, with which `now`, its last useful snapshot, is compared. */
static struct profile *open_before(const char *directory, const struct profile *now, uint64_t time_ns,
				   struct error *error)
{
	struct profile counted = *now, *before;
	struct recording recording;
	bool found;

	if (!recording_list(directory, &recording, error))
		return NULL;
	if (time_ns && time_ns < now->time_ns - now->start_ns)
		counted.start_ns = now->time_ns - time_ns;
	before = recording_open_before(&recording, &counted, &found, error);
	if (!found)
		error_set(error, "%s: holds one snapshot only; a difference needs two", directory);
	recording_free(&recording);
	if (!before || profiles_are_same_process(before, now))
		return before;
	profile_free(before);
	error_set(error, "%s: holds snapshots of different processes", directory);
	return NULL;
}

/* How long the youngest of the processes ran; 0: unknown. */
static uint64_t common_time_ns(struct profile *const *nows, size_t count)
{
	uint64_t time_ns = UINT64_MAX;

	for (size_t i = 0; i < count; i++) {
		const uint64_t age_ns = nows[i]->time_ns - nows[i]->start_ns;
		time_ns = age_ns < time_ns ? age_ns : time_ns;
	}
	return time_ns;
}

/* Opens each recording at two moments: the time in which all of them ran decides which. The growth
 * of several is added up; a single recording has its own time. */
static bool open_recordings(const struct request *request, struct snapshot_pair *pair, struct error *error)
{
	const struct targets *targets = &request->targets;
	const size_t count = targets->count;
	struct profile **nows = memory_allocate(count, sizeof *nows), **bases = memory_allocate(count, sizeof *bases);
	bool fine = true;

	for (size_t i = 0; i < count && fine; i++)
		fine = (nows[i] = document_open(&request->document, targets->paths[i], error)) != NULL;
	const uint64_t time_ns = fine && count > 1 ? common_time_ns(nows, count) : 0;
	for (size_t i = 0; i < count && fine; i++)
		fine = (bases[i] = open_before(request->of_service.recordings[i], nows[i], time_ns, error)) != NULL;
	if (fine && count == 1) {
		ledger_borrow(nows[0], targets->paths[0]);
		ledger_borrow(bases[0], targets->paths[0]);
	}
	if (fine)
		fine = document_add_up(nows, bases, count, pair, error);
	else
		for (size_t i = 0; i < count; i++) {
			profile_free(nows[i]);
			profile_free(bases[i]);
		}
	free(nows);
	free(bases);
	return fine;
}

static bool open_both(const struct request *request, struct snapshot_pair *pair, struct error *error)
{
	const struct targets *targets = &request->targets;

	if (request->document.bases.count)
		return document_open_pair(&request->document, pair, error);
	if (request->sum || targets->count == 1 || request->service.name)
		return open_recordings(request, pair, error);
	pair->base = document_open(&request->document, targets->paths[0], error);
	if (pair->base)
		pair->now = document_open(&request->document, targets->paths[1], error);
	return pair->base && pair->now;
}

static void document_write(struct buffer *out, const struct snapshot_pair *pair,
			   const struct document_request *document)
{
	const struct request *request = (const struct request *)document;
	struct text_page page = text_page_for(out, STDOUT_FILENO);
	struct comparison comparison;

	comparison_build(&comparison, pair->base, pair->now, request->by);
	comparison_find_spreads(&comparison);
	if (request->json) {
		diff_json_render(out, &comparison, request->top ? request->top : UINT32_MAX);
	} else {
		rows_tell_apart(&comparison.groups);
		diff_text_render(&page, &comparison, request->top);
	}
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
	snapshot_show_mappings(request.document.mappings);
	profile_share_stacks(true);
	const bool is_open = open_both(&request, &pair, &error);
	profile_share_stacks(false);
	if (!is_open)
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
    .operands = "BEFORE AFTER | RECORDING | --sum RECORDING...",
    .summary = "show which sites grew between two snapshots, and what churns",
    .notes = "BEFORE and AFTER are snapshots, or recordings (then their last snapshot).\n"
	     "RECORDING alone: from a quarter of its time on to its last snapshot. --sum adds\n"
	     "up the processes of a service, over the time of the youngest.\n"
	     "Intervals are 95 %: docs/SAMPLING.md says what every number means.",
    .options = options,
    .reads = true,
    .run = run,
};
