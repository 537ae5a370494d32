/* SPDX-License-Identifier: Apache-2.0 */
/* Follows samples through the series by their identity (address, birth), and sums them up by group. */
#include "leaks/history.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "statistics/measure.h"

/* A sample on its way to its group. */
struct followed {
	struct follow_up object;
	uint32_t group;
	size_t last_index; /* of the last snapshot that had it */
};

struct followed_list {
	struct followed *items;
	size_t count, capacity;
	struct map *by_identity; /* hash of (address, birth) -> index + 1 */
};

/* The group of every site of one snapshot, found by the stack; NO_GROUP where the reference does not have it. */
#define NO_GROUP UINT32_MAX
static uint32_t *groups_of(const struct profile *profile, const struct map *by_stack)
{
	uint32_t *groups = memory_allocate(profile->site_count + 1u, sizeof *groups);

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const uint64_t *found = map_get(by_stack, profile->sites[i].key);
		groups[i] = found ? (uint32_t)*found : NO_GROUP;
	}
	return groups;
}

static void follow_snapshot(struct followed_list *list, const struct leaks *leaks, const struct profile *profile,
			    size_t index, const uint32_t *groups)
{
	const uint64_t now_ns = leaks->times_ns[index];

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		const uint64_t identity[] = {sample->address, sample->birth_ns};
		if (groups[sample->site] == NO_GROUP)
			continue;
		uint64_t *slot = map_put(list->by_identity, hash_bytes(0, identity, sizeof identity), NULL);
		if (*slot == 0) {
			ARRAY_RESERVE(list->items, list->count, list->capacity);
			list->items[list->count] = (struct followed){
			    .group = groups[sample->site],
			    .object = {.birth_ns = sample->birth_ns < now_ns ? sample->birth_ns : now_ns,
				       .first_ns = now_ns,
				       .size = sample->size,
				       .rate = sample->rate},
			};
			*slot = ++list->count;
		}
		list->items[*slot - 1].last_index = index;
	}
}

static int followed_compare(const void *left, const void *right)
{
	const struct followed *a = left, *b = right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a->object.birth_ns > b->object.birth_ns) - (a->object.birth_ns < b->object.birth_ns);
}

static void objects_file(struct history *history, const struct leaks *leaks, struct followed_list *list)
{
	size_t next = 0;

	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, followed_compare);
	history->objects = memory_allocate(list->count + 1, sizeof *history->objects);
	history->begin = memory_allocate(leaks->count + 1u, sizeof *history->begin);
	for (uint32_t group = 0; group < leaks->count; group++) {
		history->begin[group] = next;
		for (; next < list->count && list->items[next].group == group; next++) {
			const struct followed *item = &list->items[next];
			struct follow_up *object = &history->objects[next];
			*object = item->object;
			object->last_ns = leaks->times_ns[item->last_index];
			if (item->last_index + 1 < leaks->time_count)
				object->gone_ns = leaks->times_ns[item->last_index + 1];
		}
	}
	history->begin[leaks->count] = next;
}

/* Deaths from the reference's lifetimes, which know every sample that was freed; the living from its samples. */
static void lives_fill(struct history *history, const struct leaks *leaks, const uint32_t *groups)
{
	const struct profile *reference = leaks->reference;

	history->lives = memory_allocate(leaks->count + 1u, sizeof *history->lives);
	for (uint32_t i = 0; i < reference->site_count; i++) {
		const struct profile_site *site = &reference->sites[i];
		for (uint32_t k = 0; k < site->lifetime_count; k++)
			life_table_add_dead(&history->lives[groups[i]], site->lifetimes[k].bin,
					    site->lifetimes[k].bytes, site->lifetimes[k].bytes_squared);
	}
	for (uint32_t i = 0; i < reference->sample_count; i++) {
		const struct profile_sample *sample = &reference->samples[i];
		struct seep_measure measure = {0};
		measure_add_sample(&measure, sample->size, sample->rate);
		life_table_add_alive(&history->lives[groups[sample->site]],
				     reference->time_ns > sample->birth_ns ? reference->time_ns - sample->birth_ns : 0,
				     sum_estimate(&measure.bytes));
	}
}

void history_build(struct history *history, struct leaks *leaks, struct profile *const *series, const uint32_t *groups)
{
	struct followed_list list = {.by_identity = map_create()};
	struct map *by_stack = map_create();

	*history = (struct history){0};
	leaks->in_use = memory_allocate(((size_t)leaks->count + 1) * leaks->time_count, sizeof *leaks->in_use);
	for (uint32_t i = 0; i < leaks->reference->site_count; i++)
		*map_put(by_stack, leaks->reference->sites[i].key, NULL) = groups[i];
	for (size_t index = 0; index < leaks->time_count; index++) {
		const struct profile *profile = series[index];
		uint32_t *here = groups_of(profile, by_stack);
		for (uint32_t i = 0; i < profile->site_count; i++) {
			if (here[i] != NO_GROUP)
				leaks->in_use[here[i] * leaks->time_count + index] +=
				    sum_estimate(&profile->sites[i].in_use.bytes);
		}
		follow_snapshot(&list, leaks, profile, index, here);
		free(here);
	}
	objects_file(history, leaks, &list);
	lives_fill(history, leaks, groups);
	map_free(by_stack);
	map_free(list.by_identity);
	free(list.items);
}

void history_free(struct history *history)
{
	free(history->objects);
	free(history->begin);
	free(history->lives);
	*history = (struct history){0};
}
