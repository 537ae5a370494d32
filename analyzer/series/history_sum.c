/* SPDX-License-Identifier: Apache-2.0 */
/* Sites are matched by their keys, and samples stay apart by their process. */
#include "series/history.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "profile/merge.h"

#define LATE 0.25 /* of the youngest's interval: snapshots for the same time differ by less */
#define NO_MOMENT SIZE_MAX

static uint64_t end_ns(const struct history *history)
{
	return history->moments[history->count - 1].sums.time_ns;
}

/* Returns the youngest's index. */
static size_t parts_align(struct history_part *parts, size_t count)
{
	uint64_t now_ns = 0;
	size_t youngest = 0;

	for (size_t i = 0; i < count; i++)
		now_ns = end_ns(parts[i].history) > now_ns ? end_ns(parts[i].history) : now_ns;
	for (size_t i = 0; i < count; i++) {
		parts[i].shift_ns = now_ns - end_ns(parts[i].history);
		if (parts[i].history->first.start_ns + parts[i].shift_ns >
		    parts[youngest].history->first.start_ns + parts[youngest].shift_ns)
			youngest = i;
	}
	return youngest;
}

/* The part's last moment up to this time; NO_MOMENT: it has none so early. */
static size_t moment_at(const struct history_part *part, uint64_t time_ns, uint64_t late_ns)
{
	size_t found = NO_MOMENT;

	for (size_t i = 0; i < part->history->count; i++)
		if (part->history->moments[i].sums.time_ns + part->shift_ns <= time_ns + late_ns)
			found = i;
	return found;
}

/* The sum is known only if it is known of all. */
static void classes_add(struct class_sums *sum, const struct class_sums *classes)
{
	sum->is_known &= classes->is_known;
	sum->rss += classes->rss;
	for (int class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		sum->resident[class] += classes->resident[class];
	sum->has_kept &= classes->has_kept;
	for (int part = 0; part < KEPT_PARTS; part++)
		sum->kept[part] += classes->kept[part];
}

/* Adds the youngest's moment to the sum's, unless another part has none by then. */
static void moment_add(struct history *sum, struct history_part *parts, size_t count, size_t youngest, size_t index)
{
	const struct history *history = parts[youngest].history;
	const uint64_t time_ns = history->moments[index].sums.time_ns + parts[youngest].shift_ns;
	const uint64_t before_ns = index ? history->moments[index - 1].sums.time_ns : history->first.start_ns;
	const double step_ns = (double)(history->moments[index].sums.time_ns - before_ns);
	struct history_moment *moment = &sum->moments[sum->count];
	double variance = 0;

	*moment = (struct history_moment){.sums = {.time_ns = time_ns},
					  .is_judged = true,
					  .is_timer = history->moments[index].is_timer,
					  .has_samples = true,
					  .classes = {.is_known = true, .has_kept = true}};
	for (size_t i = 0; i < count; i++) {
		const size_t at = i == youngest ? index : moment_at(&parts[i], time_ns, (uint64_t)(LATE * step_ns));
		if (at == NO_MOMENT)
			return;
		const struct history_moment *from = &parts[i].history->moments[at];
		parts[i].moment_of[sum->count] = at;
		moment->sums.in_use += from->sums.in_use;
		variance += from->sums.error * from->sums.in_use * (from->sums.error * from->sums.in_use);
		moment->sums.allocated += from->sums.allocated;
		moment->has_samples &= from->has_samples;
		classes_add(&moment->classes, &from->classes);
	}
	if (moment->sums.in_use > 0)
		moment->sums.error = sqrt(variance) / moment->sums.in_use;
	sum->count++;
}

/* A sample is in every moment of the sum for which its process's moment had it. */
static void object_add(struct history *sum, const struct history_part *part, size_t process,
		       const struct followed *from, uint32_t site)
{
	struct followed object = *from;
	size_t first = 0, last = sum->count;

	while (first < sum->count && part->moment_of[first] < from->first)
		first++;
	while (last > 0 && part->moment_of[last - 1] > from->last)
		last--;
	if (first >= last)
		return;
	object.address = merged_address(from->address, process);
	object.birth_ns += part->shift_ns;
	object.site = site;
	object.first = (uint16_t)first;
	object.last = (uint16_t)(last - 1);
	ARRAY_RESERVE(sum->objects, sum->object_count, sum->object_capacity);
	sum->objects[sum->object_count++] = object;
}

static void part_add(struct history *sum, const struct history_part *part, size_t process)
{
	const struct history *history = part->history;
	uint32_t *sites = memory_allocate(history->site_count + 1u, sizeof *sites);

	for (uint32_t i = 0; i < history->site_count; i++) {
		sites[i] = history_site(sum, history->by_key.keys[i], NUMBERING_NONE);
		for (size_t k = 0; k < sum->count; k++)
			sum->in_use[sites[i] * sum->most + k] +=
			    history->in_use[i * history->most + part->moment_of[k]];
	}
	for (size_t i = 0; i < history->object_count; i++)
		object_add(sum, part, process, &history->objects[i], sites[history->objects[i].site]);
	free(sites);
}

static int object_compare(const void *left, const void *right)
{
	const struct followed *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->site != b->site)
		return a->site < b->site ? -1 : 1;
	if (a->birth_ns != b->birth_ns)
		return a->birth_ns < b->birth_ns ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

bool history_sum(struct history *sum, struct history_part *parts, size_t count, size_t *youngest)
{
	*youngest = parts_align(parts, count);
	const struct history *history = parts[*youngest].history;

	history_init(sum, history->count, history->count);
	sum->first = history->first;
	sum->first.start_ns += parts[*youngest].shift_ns;
	sum->last_trigger = history->last_trigger;
	for (size_t i = 0; i < count; i++)
		parts[i].moment_of = memory_allocate(history->count, sizeof *parts[i].moment_of);
	for (size_t i = 0; i < history->count; i++)
		moment_add(sum, parts, count, *youngest, i);
	for (size_t i = 0; i < count && sum->count; i++)
		part_add(sum, &parts[i], i);
	if (sum->object_count)
		qsort(sum->objects, sum->object_count, sizeof *sum->objects, object_compare);
	sum->judged = sum->count;
	if (sum->count)
		history_close(sum);
	return sum->count >= 2;
}
