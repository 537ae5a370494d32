/* SPDX-License-Identifier: Apache-2.0 */
/* From snapshots to a document; see the header. */
#include "document/document.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/memory.h"
#include "base/message.h"
#include "compare/samples.h"
#include "compare/teardown.h"
#include "files/output.h"
#include "place/wrapper_names.h"
#include "profile/merge.h"
#include "reader/snapshot_reader.h"
#include "render/words/notes.h"
#include "render/words/quantity.h"
#include "target/contents.h"
#include "target/last_ledger.h"

static bool value_is_there(const struct profile *profile, enum call_value value, struct error *error)
{
	return !profile || profile_has(profile, value) ||
	       error_set(error, "%s: has no %s", profile->source, call_value_name(value));
}

static bool value_choose(const struct snapshot_pair *pair, struct document_request *request, struct error *error)
{
	if (request->choice == VALUE_ALL)
		return true;
	if (request->choice == VALUE_PREFERRED)
		request->value =
		    call_value_instead(request->value, pair->now->lacks | (pair->base ? pair->base->lacks : 0));
	return value_is_there(pair->now, request->value, error) && value_is_there(pair->base, request->value, error);
}

struct call_tree *document_tree(const struct snapshot_pair *pair, enum call_value value, uint32_t most)
{
	struct call_tree *tree = call_tree_build_widest(pair->now, pair->base, value, most);

	if (tree->cut_stacks)
		message("the innermost frames of %" PRIu64
			" stacks are left out: the input is too small for a tree of more "
			"than %u nodes",
			tree->cut_stacks, tree->node_count);
	return tree;
}

void document_say_names(const struct profile *profile)
{
	struct buffer note = {0};

	names_note_append(&note, profile);
	if (note.length)
		message("note: %s", note.data);
	buffer_free(&note);
}

/* The steps of a command, named on the terminal if one takes longer than a second. */
enum step { STEP_READING = 1, STEP_NAMES, STEP_WRITING, STEPS = STEP_WRITING };

static void say_step(enum step step)
{
	static const char *const names[] = {NULL, "reading, step", "finding names, step", "adding up, step"};

	message_progress(names[step], step, STEPS);
}

/* The output may be as large as its inputs allow. */
static bool output_write(const struct snapshot_pair *pair, const struct document_request *request,
			 document_writer *write, struct output *output, struct error *error)
{
	const uint64_t input_bytes = pair->now->input_bytes + (pair->base ? pair->base->input_bytes : 0);

	if (!output_open(output, request->output, budget_document_bytes(input_bytes), error))
		return false;
	output_page(output);
	say_step(STEP_WRITING);
	write(&output->buffer, pair, request);
	if (!output_close(output, error))
		return false;
	if (output->path)
		message("wrote %s (%s)", output->path, quantity_bytes((double)output->written).text);
	return true;
}

static void wrappers_give(struct profile *profile, const struct wrapper_names *wrappers)
{
	if (!profile)
		return;
	profile_use_wrappers(profile, wrappers->names, wrappers->count);
}

/* Files of other tools have none. */
static bool mappings_are_there(const struct snapshot_pair *pair, const struct document_request *request,
			       struct error *error)
{
	const struct profile *without = pair->base && !pair->base->is_of_mappings ? pair->base : pair->now;

	return !request->mappings || without->is_of_mappings ||
	       error_set(error, "%s: does not say what was mapped", without->source);
}

static bool ledger_is_there(const struct snapshot_pair *pair, const struct document_request *request,
			    struct error *error)
{
	return !request->residency || pair->now->ledger_count ||
	       error_set(error, "%s: does not say what was in memory; 'seep snapshot' makes one that does",
			 pair->now->source);
}

int document_make(struct snapshot_pair *pair, struct document_request *request, document_writer *write)
{
	struct wrapper_names wrappers = {0};
	struct output output = {0};
	struct error error;

	bool is_written = mappings_are_there(pair, request, &error) && ledger_is_there(pair, request, &error) &&
			  value_choose(pair, request, &error) &&
			  (!request->wrappers || wrapper_names_parse(&wrappers, request->wrappers, &error));
	wrappers_give(pair->now, &wrappers);
	wrappers_give(pair->base, &wrappers);
	if (is_written) {
		say_step(STEP_NAMES);
		profile_symbolize(pair->now, &request->symbols);
		if (pair->base)
			profile_symbolize(pair->base, &request->symbols);
		is_written = output_write(pair, request, write, &output, &error);
	}
	message_progress_end();
	profile_free(pair->now);
	profile_free(pair->base);
	wrapper_names_free(&wrappers);
	if (is_written)
		return COMMAND_FINE;
	return output_is_unread(&output) ? COMMAND_BAD_INPUT : command_fail(&error);
}

struct profile *document_open(const struct document_request *request, const char *path, struct error *error)
{
	say_step(STEP_READING);
	if (request->contents)
		return contents_open(path, request->cold_ns, error);
	if (request->residency)
		return last_ledger_open(path, error);
	return request->last ? profile_open(path, error) : profile_open_useful(path, error);
}

/* False: those that were opened are freed. */
static bool open_each(const struct document_request *request, struct targets targets, struct profile **profiles,
		      struct error *error)
{
	size_t opened = 0;

	while (opened < targets.count && (profiles[opened] = document_open(request, targets.paths[opened], error)))
		opened++;
	if (opened == targets.count)
		return true;
	while (opened > 0)
		profile_free(profiles[--opened]);
	return false;
}

/* What to add to the times of each profile, so that all are of the last one's moment. */
static uint64_t *shifts_align(struct profile *const *profiles, size_t count)
{
	uint64_t *shifts_ns = memory_allocate(count, sizeof *shifts_ns), now_ns = 0;

	for (size_t i = 0; i < count; i++)
		now_ns = profiles[i]->time_ns > now_ns ? profiles[i]->time_ns : now_ns;
	for (size_t i = 0; i < count; i++)
		shifts_ns[i] = profiles[i]->time_ns ? now_ns - profiles[i]->time_ns : 0;
	return shifts_ns;
}

bool document_add_up(struct profile **nows, struct profile **bases, size_t count, struct snapshot_pair *pair,
		     struct error *error)
{
	if (count == 1) {
		pair->now = nows[0];
		if (bases)
			pair->base = bases[0];
		return true;
	}
	const bool fine = profiles_can_merge(nows, count, error);
	uint64_t *shifts_ns = shifts_align(nows, count);
	pair->now = fine ? profile_merge(nows, shifts_ns, count) : NULL;
	if (bases)
		pair->base = fine ? profile_merge(bases, shifts_ns, count) : NULL;
	free(shifts_ns);
	for (size_t i = 0; i < count; i++) {
		profile_free(nows[i]);
		if (bases)
			profile_free(bases[i]);
	}
	return fine;
}

static struct profile *open_all(const struct document_request *request, struct targets targets, struct error *error)
{
	struct profile **profiles = memory_allocate(targets.count, sizeof *profiles);
	struct snapshot_pair sum = {0};

	if (open_each(request, targets, profiles, error))
		document_add_up(profiles, NULL, targets.count, &sum, error);
	free(profiles);
	return sum.now;
}

/* Blocks that are in use at both moments are the same in both sums. */
static bool open_pairs(const struct document_request *request, struct snapshot_pair *pair, struct error *error)
{
	const size_t count = request->snapshots.count;
	struct profile **nows = memory_allocate(count, sizeof *nows), **bases = memory_allocate(count, sizeof *bases);

	bool fine = open_each(request, request->snapshots, nows, error);
	if (fine && !open_each(request, request->bases, bases, error)) {
		for (size_t i = 0; i < count; i++)
			profile_free(nows[i]);
		fine = false;
	}
	fine = fine && document_add_up(nows, bases, count, pair, error);
	free(nows);
	free(bases);
	return fine;
}

bool document_open_pair(const struct document_request *request, struct snapshot_pair *pair, struct error *error)
{
	if (request->same_processes)
		return open_pairs(request, pair, error);
	pair->now = open_all(request, request->snapshots, error);
	if (pair->now && request->bases.count)
		pair->base = open_all(request, request->bases, error);
	return pair->now && (pair->base || !request->bases.count);
}

void document_take_targets(const struct command *command, int argc, char **argv, const struct service_request *service,
			   struct document_request *request)
{
	if (!service->before_ns || !service->after_ns) {
		request->snapshots = command_moment_targets(command, argc, argv, service);
		return;
	}
	if (request->base)
		exit(command_usage(command, "--base and --before are two moments to compare with: give one"));
	const struct service_targets targets = command_service_targets(command, argc, argv, service);
	request->snapshots = targets.now;
	request->bases = targets.before;
	request->same_processes = targets.same_processes;
}

int document_run(const struct command *command, struct document_request *request, document_writer *write)
{
	struct snapshot_pair pair = {0};
	struct error error;

	snapshot_show_mappings(request->mappings);
	if (request->base) {
		request->base = command_target(request->base);
		request->bases = (struct targets){&request->base, 1};
	}
	int status = command_check_output(command, request->output, request->snapshots, request->base);
	if (status != COMMAND_FINE)
		return status;
	profile_share_stacks(request->bases.count > 0);
	const bool is_open = document_open_pair(request, &pair, &error);
	profile_share_stacks(false);
	if (!is_open)
		status = command_fail(&error);
	else if (pair.base && profiles_are_same_process(pair.base, pair.now) && pair.base->time_ns > pair.now->time_ns)
		status = command_usage(command, "%s is later than %s: --base takes the earlier one", pair.base->source,
				       pair.now->source);
	else
		return document_make(&pair, request, write);
	profile_free(pair.now);
	profile_free(pair.base);
	return status;
}
