/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds sites and samples again by where they were: a moment has nearly all that the one before had, in the same order.
 * Others are looked up by their identity: for a site the key of its stack, for a sample its address and birth. A sample
 * that is younger than all seen before needs no look-up.
 */
#include "series/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define AHEAD 32   /* how far ahead in the last moment a sample is looked for */
#define FETCHED 16 /* how far ahead what will be looked at is fetched into the cache */

struct trail {
	uint32_t *sites; /* the history's numbers of the last moment's sites */
	uint32_t site_count, site_room;
	uint32_t *objects, *next; /* the same for samples of the last moment, and of the one being added */
	uint32_t object_count, object_room, next_room;
	uint64_t newest_ns;       /* the latest birth seen */
	struct index_table index; /* objects by identity */
	uint32_t indexed;
};

void history_init(struct history *history, size_t moments, size_t judged)
{
	*history = (struct history){.most = judged,
				    .moments = memory_allocate(moments, sizeof *history->moments),
				    .trail = memory_allocate(1, sizeof *history->trail)};
}

static void trail_free(struct trail *trail)
{
	if (!trail)
		return;
	free(trail->sites);
	free(trail->objects);
	free(trail->next);
	index_table_free(&trail->index);
	free(trail);
}

void history_free(struct history *history)
{
	trail_free(history->trail);
	free(history->moments);
	free(history->in_use);
	numbering_free(&history->by_key);
	free(history->objects);
	free(history->gaps);
	*history = (struct history){0};
}

static uint32_t *numbers_make(uint32_t *numbers, uint32_t *room, uint32_t count)
{
	if (count <= *room && numbers)
		return numbers;
	*room = count;
	return memory_resize(numbers, count, sizeof *numbers);
}

uint32_t history_site(struct history *history, uint64_t key, uint32_t guess)
{
	bool is_new;

	if (guess < history->site_count && history->by_key.keys[guess] == key)
		return guess;
	const uint32_t number = numbering_put(&history->by_key, key, &is_new);
	if (!is_new)
		return number;
	if (history->site_count == history->site_capacity) {
		history->site_capacity = history->site_capacity ? 2 * history->site_capacity : 1024;
		history->in_use =
		    memory_resize(history->in_use, history->site_capacity, history->most * sizeof *history->in_use);
	}
	memset(history->in_use + history->site_count * history->most, 0, history->most * sizeof *history->in_use);
	history->site_count++;
	return number;
}

static void sites_add(struct history *history, const struct moment *moment, bool is_judged)
{
	struct trail *trail = history->trail;
	uint32_t next = 0;

	trail->sites = numbers_make(trail->sites, &trail->site_room, moment->site_count);
	for (uint32_t i = 0; i < moment->site_count; i++) {
		if (is_judged && i + FETCHED < trail->site_count)
			__builtin_prefetch(
			    &history->in_use[trail->sites[i + FETCHED] * history->most + history->judged], 1);
		const bool had = i < trail->site_count && history->by_key.keys[trail->sites[i]] == moment->keys[i];
		const uint32_t site = history_site(history, moment->keys[i], had ? trail->sites[i] : next);
		if (is_judged)
			history->in_use[site * history->most + history->judged] += moment->site_in_use[i];
		trail->sites[i] = site;
		next = site + 1;
	}
	trail->site_count = moment->site_count;
}

static bool is_object(const struct followed *object, const struct seep_live *live)
{
	return object->address == live->address && object->birth_ns == live->birth_ns;
}

static uint64_t object_hash(const void *objects, uint32_t index)
{
	const struct followed *object = (const struct followed *)objects + index;
	const uint64_t words[] = {object->address, object->birth_ns};

	return hash_bytes(hash_secret(), words, sizeof words);
}

/* Puts all objects so far into the index. */
static void index_fill(const struct history *history)
{
	struct trail *trail = history->trail;

	index_table_reserve(&trail->index, history->object_count, trail->indexed, object_hash, history->objects);
	while (trail->indexed < history->object_count) {
		size_t at = object_hash(history->objects, trail->indexed);
		while (*index_table_slot(&trail->index, at))
			at++;
		*index_table_slot(&trail->index, at) = ++trail->indexed;
	}
}

/* The object of this sample; NULL: it was never seen. `at`: where in the last moment it may be; afterwards, the place
 * behind it. */
static struct followed *object_find(const struct history *history, const struct seep_live *live, uint32_t *at)
{
	struct trail *trail = history->trail;

	if (history->object_count == 0 || live->birth_ns > trail->newest_ns)
		return NULL;
	for (uint32_t i = *at; i < trail->object_count && i < *at + AHEAD; i++) {
		struct followed *object = &history->objects[trail->objects[i]];
		if (is_object(object, live)) {
			*at = i + 1;
			return object;
		}
	}
	index_fill(history);
	const struct followed wanted = {.address = live->address, .birth_ns = live->birth_ns};
	for (size_t place = object_hash(&wanted, 0);; place++) {
		const uint32_t number = *index_table_slot(&trail->index, place);
		if (number == 0)
			return NULL;
		if (is_object(&history->objects[number - 1], live))
			return &history->objects[number - 1];
	}
}

/* The values by which a moment's samples are sorted. */
struct order {
	const struct moment *moment;
	const uint32_t *sites;
};

static int live_compare(const void *left, const void *right, void *context)
{
	const struct order *order = context;
	const struct seep_live *a = &order->moment->live[*(const uint32_t *)left];
	const struct seep_live *b = &order->moment->live[*(const uint32_t *)right];

	if (order->sites[a->site] != order->sites[b->site])
		return order->sites[a->site] < order->sites[b->site] ? -1 : 1;
	if (a->birth_ns != b->birth_ns)
		return a->birth_ns < b->birth_ns ? -1 : 1;
	return (a->address > b->address) - (a->address < b->address);
}

/* Makes objects of samples that were never seen before, in the order of sites. */
static void objects_make(struct history *history, const struct moment *moment, uint32_t *fresh, uint32_t count)
{
	struct trail *trail = history->trail;
	struct order order = {moment, trail->sites};
	bool is_sorted = true;

	for (uint32_t i = 1; i < count && is_sorted; i++)
		is_sorted = live_compare(&fresh[i - 1], &fresh[i], &order) <= 0;
	if (!is_sorted)
		qsort_r(fresh, count, sizeof *fresh, live_compare, &order);
	for (uint32_t i = 0; i < count; i++) {
		const struct seep_live *live = &moment->live[fresh[i]];
		trail->next[fresh[i]] = (uint32_t)history->object_count;
		ARRAY_RESERVE(history->objects, history->object_count, history->object_capacity);
		history->objects[history->object_count++] = (struct followed){.address = live->address,
									      .birth_ns = live->birth_ns,
									      .size = live->size,
									      .rate = live->rate,
									      .site = trail->sites[live->site],
									      .first = (uint16_t)history->count,
									      .last = (uint16_t)history->count};
	}
}

static void object_goes_on(struct history *history, struct followed *object)
{
	if (object->last + 1u < history->count) {
		ARRAY_RESERVE(history->gaps, history->gap_count, history->gap_capacity);
		history->gaps[history->gap_count++] = (struct followed_gap){
		    (uint32_t)(object - history->objects), (uint16_t)(object->last + 1u), (uint16_t)history->count};
	}
	object->last = (uint16_t)history->count;
}

static void samples_follow(struct history *history, const struct moment *moment)
{
	struct trail *trail = history->trail;
	uint32_t *fresh = memory_allocate(moment->live_count, sizeof *fresh);
	uint32_t at = 0, count = 0;
	uint64_t newest_ns = trail->newest_ns;

	trail->next = numbers_make(trail->next, &trail->next_room, moment->live_count);
	for (uint32_t i = 0; i < moment->live_count; i++) {
		const struct seep_live *live = &moment->live[i];
		if (at + FETCHED < trail->object_count)
			__builtin_prefetch(&history->objects[trail->objects[at + FETCHED]], 1);
		struct followed *object = object_find(history, live, &at);
		newest_ns = live->birth_ns > newest_ns ? live->birth_ns : newest_ns;
		if (!object) {
			fresh[count++] = i;
			continue;
		}
		object_goes_on(history, object);
		trail->next[i] = (uint32_t)(object - history->objects);
	}
	objects_make(history, moment, fresh, count);
	free(fresh);
	uint32_t *const numbers = trail->objects;
	const uint32_t room = trail->object_room;
	trail->objects = trail->next;
	trail->object_room = trail->next_room;
	trail->next = numbers;
	trail->next_room = room;
	trail->object_count = moment->live_count;
	trail->newest_ns = newest_ns;
}

static bool is_same_process(const struct moment *a, const struct moment *b)
{
	return a->pid != 0 && a->pid == b->pid && a->start_ticks == b->start_ticks && a->start_ns == b->start_ns &&
	       memcmp(a->boot_id, b->boot_id, sizeof a->boot_id) == 0;
}

bool history_add(struct history *history, const struct moment *moment, bool is_judged)
{
	if (history->count == 0)
		history->first = *moment;
	else if (!is_same_process(&history->first, moment))
		return false;
	sites_add(history, moment, is_judged);
	samples_follow(history, moment);
	history->moments[history->count] = (struct history_moment){
	    .sums = {.time_ns = moment->time_ns,
		     .in_use = moment->in_use,
		     .allocated = moment->allocated,
		     .error = moment->in_use > 0 ? sqrt(moment->in_use_variance) / moment->in_use : 0},
	    .is_judged = is_judged,
	    .is_timer = moment->trigger == SEEP_TRIGGER_TIMER,
	    .has_samples = moment->has_samples,
	    .classes = moment->classes,
	    .place = (uint16_t)history->count};
	if (is_judged) {
		history->last_trigger = moment->trigger;
		history->judged++;
	}
	history->count++;
	return true;
}

const uint32_t *history_sites(const struct history *history)
{
	return history->trail->sites;
}

static void moments_choose(struct history *history)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->count; i++)
		if (history->moments[i].is_judged)
			history->moments[kept++] = history->moments[i];
	history->count = kept;
}

/* Drops samples that only moments which are left out had. `before`: by moment, with one entry more, how many kept
 * moments come before it. */
static void objects_choose(struct history *history, const uint16_t *before)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->object_count; i++) {
		struct followed object = history->objects[i];
		const uint16_t first = before[object.first], end = before[object.last + 1];
		if (first == end)
			continue;
		object.first = first;
		object.last = (uint16_t)(end - 1);
		history->objects[kept++] = object;
	}
	history->object_count = kept;
}

void history_close(struct history *history)
{
	uint16_t *before = memory_allocate(history->count + 1, sizeof *before);

	trail_free(history->trail);
	history->trail = NULL;
	for (size_t i = 0; i < history->count; i++)
		before[i + 1] = (uint16_t)(before[i] + history->moments[i].is_judged);
	if (history->judged < history->count) {
		moments_choose(history);
		objects_choose(history, before);
	}
	free(before);
}

void history_cut(struct history *history, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->object_count; i++) {
		struct followed object = history->objects[i];
		if (object.first >= count)
			continue;
		object.last = (uint16_t)(object.last < count ? object.last : count - 1);
		history->objects[kept++] = object;
	}
	history->object_count = kept;
	history->count = count;
}
