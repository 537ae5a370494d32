/* SPDX-License-Identifier: Apache-2.0 */
/* The moments of a history between which growth is told: its middle, and the last one before the shutdown. See history.h. */
#include "series/history.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "statistics/measure.h"

size_t history_middle(const struct history *history)
{
	const double start_ns = (double)history->first.start_ns;
	const double end_ns = (double)history->moments[history->count - 1].sums.time_ns;
	const double middle_ns = start_ns + (end_ns - start_ns) / 2;
	size_t best = 0;

	for (size_t i = 1; i + 1 < history->count; i++) {
		if (fabs((double)history->moments[i].sums.time_ns - middle_ns) <
		    fabs((double)history->moments[best].sums.time_ns - middle_ns))
			best = i;
	}
	return best;
}

/* By site: the moment at which the first of its samples was no longer there, or as many as there are moments. */
static uint16_t *first_deaths(const struct history *history)
{
	uint16_t *first = memory_allocate(history->site_count + 1, sizeof *first);

	for (uint32_t i = 0; i < history->site_count; i++)
		first[i] = (uint16_t)history->count;
	for (size_t i = 0; i < history->object_count; i++) {
		const struct followed *object = &history->objects[i];
		if (object->last + 1u < first[object->site])
			first[object->site] = (uint16_t)(object->last + 1);
	}
	return first;
}

/* Sums, for each moment, the objects that were in use at the one before and are gone. */
static void moments_take_gone(const struct history *history, struct teardown_moment *moments)
{
	struct {
		struct seep_measure all, first;
		size_t blocks; /* number of those in `first` */
	} *gone = memory_allocate(history->count + 1, sizeof *gone);
	uint16_t *first = first_deaths(history);

	for (size_t i = 0; i < history->object_count; i++) {
		const struct followed *object = &history->objects[i];
		const size_t moment = object->last + 1u;
		measure_add_sample(&gone[moment].all, object->size, object->rate);
		if (first[object->site] != moment)
			continue;
		measure_add_sample(&gone[moment].first, object->size, object->rate);
		gone[moment].blocks++;
	}
	for (size_t i = 1; i < history->count; i++) {
		const double in_use = moments[i - 1].in_use;
		moments[i].gone = in_use > 0 ? sum_estimate(&gone[i].all.bytes) / in_use : 0;
		moments[i].first =
		    in_use > 0 && gone[i].blocks >= TEARDOWN_BLOCKS ? sum_estimate(&gone[i].first.bytes) / in_use : 0;
	}
	free(first);
	free(gone);
}

size_t history_last_useful(const struct history *history)
{
	struct teardown_moment *moments = memory_allocate(history->count, sizeof *moments);

	for (size_t i = 0; i < history->count; i++)
		moments[i] = history->moments[i].sums;
	moments_take_gone(history, moments);
	const size_t useful = teardown_last_useful(moments, history->count, history->first.start_ns,
						   trigger_is_end(history->last_trigger));
	free(moments);
	return useful;
}
