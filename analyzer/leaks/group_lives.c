/* SPDX-License-Identifier: Apache-2.0 */
/* Sorts sites and objects by group, by counting. */
#include "leaks/group_lives.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "statistics/measure.h"
#include "work/keyed.h"

/* For a site in no group, or that the reference lacks because the recorder gave it up. */
#define NO_GROUP UINT32_MAX
#define LARGE 3 /* times the sampling rate: such a block is seldom missed */

/* The group of every site of the history. */
static uint32_t *groups_of_history(const struct group_lives *lives, const uint32_t *groups)
{
	const struct history *history = lives->history;
	uint32_t *found = memory_allocate(history->site_count + 1u, sizeof *found);

	for (uint32_t i = 0; i < history->site_count; i++)
		found[i] = NO_GROUP;
	for (uint32_t i = 0; i < lives->leaks->reference->site_count; i++) {
		const uint32_t number = numbering_get(&history->by_key, lives->leaks->reference->sites[i].key);
		if (number != NUMBERING_NONE && groups[i] < lives->leaks->count)
			found[number] = groups[i];
	}
	return found;
}

/* Whether this object may be what an earlier one became by a resize: it came when that one went; a moment may show
 * both, while one was copied to the other. Small blocks may have been missed in between, and tell little. */
static bool is_replacement(const struct followed *object, const struct followed *before)
{
	return object->size > before->size && object->first <= before->last + 1u &&
	       (double)object->size > LARGE * (double)object->rate;
}

/* For each site of the history, whether it has had one block at a time, each larger than the last: a vector or a table
 * that grows. */
static bool *find_one_block(const struct history *history)
{
	enum { NONE, ONE, REPLACED, SEVERAL };
	uint8_t *kind = memory_allocate(history->site_count + 1u, sizeof *kind);
	size_t *last = memory_allocate(history->site_count + 1u, sizeof *last);
	bool *found = memory_allocate(history->site_count + 1u, sizeof *found);

	/* within a site, objects are in the order of their first moments */
	for (size_t i = 0; i < history->object_count; i++) {
		const struct followed *object = &history->objects[i], *before = &history->objects[last[object->site]];
		uint8_t *at = &kind[object->site];
		if (*at == NONE)
			*at = ONE;
		else if (object->first < before->last || object->size <= before->size)
			*at = SEVERAL;
		else if (*at != SEVERAL)
			*at = is_replacement(object, before) ? REPLACED : ONE;
		last[object->site] = i;
	}
	for (uint32_t site = 0; site < history->site_count; site++)
		found[site] = kind[site] == REPLACED;
	free(kind);
	free(last);
	return found;
}

/* Turns counts into beginnings. `counts` has one more entry than there are groups; a group's count is in the entry
 * behind it. */
static void begins_make(size_t *counts, uint32_t group_count)
{
	for (uint32_t i = 0; i < group_count; i++)
		counts[i + 1] += counts[i];
}

static void objects_order(struct group_lives *lives, const uint32_t *group_of)
{
	const struct history *history = lives->history;
	const uint32_t count = lives->leaks->count;
	size_t *begin = lives->objects_begin = memory_allocate(count + 2u, sizeof *begin);

	for (size_t i = 0; i < history->object_count; i++) {
		const uint32_t group = group_of[history->objects[i].site];
		if (group != NO_GROUP)
			begin[group + 2]++;
	}
	for (uint32_t i = 0; i < count; i++)
		lives->objects_most = begin[i + 2] > lives->objects_most ? begin[i + 2] : lives->objects_most;
	begins_make(begin, count + 1);
	lives->objects = memory_allocate(begin[count + 1], sizeof *lives->objects);
	/* Each beginning moves to the end of its group, which is where the next group begins. */
	for (size_t i = 0; i < history->object_count; i++) {
		const uint32_t group = group_of[history->objects[i].site];
		if (group != NO_GROUP)
			lives->objects[begin[group + 1]++] = (uint32_t)i;
	}
}

static void sites_order(struct group_lives *lives, const uint32_t *groups)
{
	const struct profile *reference = lives->leaks->reference;
	const uint32_t count = lives->leaks->count;
	size_t *begin = lives->sites_begin = memory_allocate(count + 2u, sizeof *begin);
	size_t *samples = lives->samples_begin = memory_allocate(reference->site_count + 1u, sizeof *samples);

	for (uint32_t i = 0; i < reference->site_count; i++)
		if (groups[i] < count)
			begin[groups[i] + 2]++;
	begins_make(begin, count + 1);
	lives->sites = memory_allocate(reference->site_count, sizeof *lives->sites);
	for (uint32_t i = 0; i < reference->site_count; i++)
		if (groups[i] < count)
			lives->sites[begin[groups[i] + 1]++] = i;
	for (uint32_t i = 0; i < reference->sample_count; i++)
		samples[profile_samples(reference)[i].site + 1]++;
	begins_make(samples, reference->site_count);
}

static void in_use_add(struct leaks *leaks, const struct history *history, const uint32_t *group_of)
{
	leaks->in_use = memory_allocate(((size_t)leaks->count + 1) * leaks->time_count, sizeof *leaks->in_use);
	for (uint32_t site = 0; site < history->site_count; site++) {
		const double *from = history->in_use + site * history->most;
		if (group_of[site] == NO_GROUP)
			continue;
		double *to = leaks->in_use + group_of[site] * leaks->time_count;
		for (size_t i = 0; i < leaks->time_count; i++)
			to[i] += from[i];
	}
}

void group_lives_init(struct group_lives *lives, const struct history *history, struct leaks *leaks,
		      const uint32_t *groups)
{
	*lives = (struct group_lives){.history = history, .leaks = leaks, .is_one_block = find_one_block(history)};
	uint32_t *group_of = groups_of_history(lives, groups);

	in_use_add(leaks, history, group_of);
	objects_order(lives, group_of);
	sites_order(lives, groups);
	free(group_of);
}

void group_lives_free(struct group_lives *lives)
{
	free(lives->is_one_block);
	free(lives->objects);
	free(lives->objects_begin);
	free(lives->sites);
	free(lives->sites_begin);
	free(lives->samples_begin);
	*lives = (struct group_lives){0};
}

static void births_sort(struct follow_up *objects, size_t count)
{
	struct keyed *births = memory_allocate(count, sizeof *births);
	struct follow_up *unsorted = memory_allocate(count, sizeof *unsorted);

	memcpy(unsorted, objects, count * sizeof *objects);
	for (size_t i = 0; i < count; i++)
		births[i] = (struct keyed){objects[i].birth_ns, (uint32_t)i};
	keyed_sort(births, count);
	for (size_t i = 0; i < count; i++)
		objects[i] = unsorted[births[i].item];
	free(births);
	free(unsorted);
}

struct follow_ups group_lives_follow(const struct group_lives *lives, uint32_t group, struct follow_up *room)
{
	const uint64_t *times_ns = lives->leaks->times_ns;
	const size_t time_count = lives->leaks->time_count, begin = lives->objects_begin[group];
	const size_t end = lives->objects_begin[group + 1];
	size_t count = 0;
	bool is_sorted = true;

	for (size_t i = begin; i < end; i++) {
		const struct followed *from = &lives->history->objects[lives->objects[i]];
		const uint64_t first_ns = times_ns[from->first];
		if (lives->is_one_block[from->site])
			continue;
		room[count] = (struct follow_up){
		    .birth_ns = from->birth_ns < first_ns ? from->birth_ns : first_ns,
		    .first_ns = first_ns,
		    .last_ns = times_ns[from->last],
		    .gone_ns = from->last + 1u < time_count ? times_ns[from->last + 1] : 0,
		    .size = from->size,
		    .rate = from->rate,
		};
		is_sorted = is_sorted && (count == 0 || room[count - 1].birth_ns <= room[count].birth_ns);
		count++;
	}
	if (!is_sorted)
		births_sort(room, count);
	return (struct follow_ups){.objects = room, .count = count, .times_ns = times_ns, .time_count = time_count};
}

static void site_add_lives(struct life_table *table, const struct group_lives *lives, uint32_t index)
{
	const struct profile *reference = lives->leaks->reference;
	const struct profile_site *site = &reference->sites[index];

	for (uint32_t i = 0; i < site->lifetime_count; i++)
		life_table_add_dead(table, site->lifetimes[i].bin, site->lifetimes[i].bytes,
				    site->lifetimes[i].bytes_squared);
	for (size_t i = lives->samples_begin[index]; i < lives->samples_begin[index + 1]; i++) {
		const struct profile_sample *sample = &profile_samples(reference)[i];
		struct seep_measure measure = {0};
		measure_add_sample(&measure, sample->size, sample->rate);
		life_table_add_alive(table,
				     reference->time_ns > sample->birth_ns ? reference->time_ns - sample->birth_ns : 0,
				     sum_estimate(&measure.bytes));
	}
}

void group_lives_table(const struct group_lives *lives, uint32_t group, struct life_table *table)
{
	*table = (struct life_table){0};
	for (size_t i = lives->sites_begin[group]; i < lives->sites_begin[group + 1]; i++)
		site_add_lives(table, lives, lives->sites[i]);
}

struct trend slope_of(const struct leaks *leaks, uint32_t group, enum slope_part part)
{
	const double *in_use = leaks->in_use + group * leaks->time_count;
	const double from_s = part == SLOPE_LATE ? leaks->seconds / 2 : 0;
	double *times = memory_allocate(2 * leaks->time_count, sizeof *times);
	double *values = times + leaks->time_count;
	size_t count = 0;

	for (size_t i = 0; i < leaks->time_count; i++) {
		times[count] = (double)(leaks->times_ns[i] - leaks->reference->start_ns) / 1e9;
		values[count] = in_use[i];
		count += leaks->is_timer[i] && times[count] >= from_s;
	}
	const struct trend trend = trend_of(times, values, count);
	free(times);
	return trend;
}
