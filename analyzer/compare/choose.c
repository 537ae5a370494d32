/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a snapshot to compare with. */
#include "compare/choose.h"

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

const struct recording_entry *recording_choose_before(const struct recording *recording, const struct profile *last)
{
	const struct recording_entry *best = NULL;
	uint64_t start_ns = last->start_ns;

	for (size_t i = 0; i < recording->count && start_ns == 0; i++)
		start_ns = recording->entries[i].time_ns; /* the first one has to do as the start */
	const uint64_t quarter_ns = last->time_ns > start_ns ? start_ns + (last->time_ns - start_ns) / 4 : start_ns;
	for (size_t i = 0; i < recording->count; i++) {
		const struct recording_entry *entry = &recording->entries[i];
		if (entry->time_ns >= last->time_ns || (last->number && entry->number >= last->number))
			continue;
		const bool is_peak = trigger_follows_use(entry->trigger);
		const bool best_is_peak = best && trigger_follows_use(best->trigger);
		if (!best || (best_is_peak && !is_peak) ||
		    (best_is_peak == is_peak &&
		     distance(entry->time_ns, quarter_ns) < distance(best->time_ns, quarter_ns)))
			best = entry;
	}
	return best;
}
