/* SPDX-License-Identifier: Apache-2.0 */
/* Losses in words. Counters of events that lost nothing (events that a producer folded itself, snapshots that retention
 * removed) do not appear. */
#include <seep/snapshot.h>

#include "profile/lost.h"
#include "render/words/losses.h"
#include "render/words/quantity.h"

static const struct loss_text {
	enum seep_loss_key key;
	const char *one, *many;
} loss_texts[] = {
    {SEEP_LOSS_SAMPLES_SETUP, "sample dropped at start-up", "samples dropped at start-up"},
    {SEEP_LOSS_SAMPLES_REENTRY, "sample dropped inside the shim", "samples dropped inside the shim"},
    {SEEP_LOSS_LIVE_FULL, "sample not kept as live (table full)", "samples not kept as live (table full)"},
    {SEEP_LOSS_STACKS_FULL, "sample without a site (table full)", "samples without a site (table full)"},
    {SEEP_LOSS_MODULES_FULL, "frame without a module (table full)", "frames without a module (table full)"},
    {SEEP_LOSS_LIFETIMES_FULL, "lifetime not filed (table full)", "lifetimes not filed (table full)"},
    {SEEP_LOSS_STACKS_TRUNCATED, "stack without its outer callers", "stacks without their outer callers"},
    {SEEP_LOSS_STACKS_CUT, "stack cut to its leaf frames (table full)", "stacks cut to their leaf frames (table full)"},
    {SEEP_LOSS_LABELS_FULL, "sample without its label (table full)", "samples without their label (table full)"},
    {SEEP_LOSS_SITES_RETIRED, "site retired (table full)", "sites retired (table full)"},
    {SEEP_LOSS_STACKS_EMPTY, "stack that could not be walked", "stacks that could not be walked"},
    {SEEP_LOSS_RING_HOLES, "event cut off by a kill", "events cut off by a kill"},
    {SEEP_LOSS_RING_CORRUPT, "event that failed its check", "events that failed their check"},
    {SEEP_LOSS_LIVE_TORN, "live entry half-written at a kill", "live entries half-written at a kill"},
    {SEEP_LOSS_SNAPSHOTS_FAILED, "snapshot that could not be written", "snapshots that could not be written"},
    {SEEP_LOSS_MAPPINGS, "call that mapped memory dropped", "calls that mapped memory dropped"},
    {SEEP_LOSS_ARENAS_FREED, "arena freed as a whole (what it held may count as in use)",
     "arenas freed as a whole (what they held may count as in use)"},
    {SEEP_LOSS_EVENTS_DOUBTED, "event perhaps counted twice", "events perhaps counted twice"},
};

bool losses_append(struct buffer *out, const struct profile *profile)
{
	bool found = false;

	for (size_t i = 0; i < sizeof loss_texts / sizeof loss_texts[0]; i++) {
		uint64_t count = profile->losses[loss_texts[i].key];
		if (!count)
			continue;
		buffer_printf(out, "%s%s %s", found ? ", " : "", quantity_exact((double)count).text,
			      count == 1 ? loss_texts[i].one : loss_texts[i].many);
		found = true;
	}
	if (!found)
		buffer_append_text(out, "none");
	if (profile_is_lower_bound(profile))
		buffer_append_text(out, "; totals are lower bounds");
	return found;
}
