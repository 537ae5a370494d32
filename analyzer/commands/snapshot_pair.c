/* SPDX-License-Identifier: Apache-2.0 */
/* One or two snapshots, opened and named; see the header. */
#include "commands/snapshot_pair.h"

#include <string.h>

#include "base/budget.h"
#include "base/message.h"
#include "compare/samples.h"
#include "render/words/quantity.h"
#include "tree/call_tree.h"

int snapshot_pair_open(struct snapshot_pair *pair, const struct command *command, const char *snapshot,
		       const char *base, const struct symbol_options *symbols)
{
	struct error error;
	int status = COMMAND_FINE;

	*pair = (struct snapshot_pair){.now = profile_open(snapshot, &error)};
	if (pair->now && base)
		pair->base = profile_open(base, &error);
	if (!pair->now || (base && !pair->base))
		status = command_fail(&error);
	else if (base && profiles_are_same_process(pair->base, pair->now) && pair->base->time_ns > pair->now->time_ns)
		status = command_usage(command, "%s is later than %s: --base is the earlier one", pair->base->source,
				       pair->now->source);
	if (status != COMMAND_FINE) {
		snapshot_pair_free(pair);
		return status;
	}
	profile_symbolize(pair->now, symbols);
	if (pair->base)
		profile_symbolize(pair->base, symbols);
	return COMMAND_FINE;
}

void snapshot_pair_free(struct snapshot_pair *pair)
{
	profile_free(pair->now);
	profile_free(pair->base);
	*pair = (struct snapshot_pair){0};
}

static bool profile_must_have(const struct profile *profile, enum call_value value, struct error *error)
{
	if (!profile || profile_has(profile, value))
		return true;
	error_set(error, "%s: has no %s", profile->source, call_value_name(value));
	return false;
}

int snapshot_pair_choose_value(const struct snapshot_pair *pair, bool by_name, enum call_value *value)
{
	struct error error;

	if (!by_name)
		*value = call_value_instead(*value, pair->now->lacks | (pair->base ? pair->base->lacks : 0));
	return profile_must_have(pair->now, *value, &error) && profile_must_have(pair->base, *value, &error)
		   ? COMMAND_FINE
		   : command_fail(&error);
}

void tree_cut_say(const struct call_tree *tree)
{
	if (tree->cut_stacks)
		message("the innermost frames of %llu stacks are left out: the input is too small for a tree of more "
			"than %u "
			"nodes",
			(unsigned long long)tree->cut_stacks, tree->node_count);
}

int document_open(struct output *output, const char *path, const struct profile *now, const struct profile *base)
{
	const uint64_t input_bytes = now->input_bytes + (base ? base->input_bytes : 0);
	struct error error;

	return output_open(output, path, budget_document_bytes(input_bytes), &error) ? COMMAND_FINE
										     : command_fail(&error);
}

int document_close(struct output *output)
{
	struct error error;

	if (!output_close(output, &error))
		return output_is_unread(output) ? COMMAND_BAD_INPUT : command_fail(&error);
	if (output->path)
		message("wrote %s (%s)", output->path, quantity_bytes((double)output->written).text);
	return COMMAND_FINE;
}
