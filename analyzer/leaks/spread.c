/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements are the stacks that showed a new or a gone sample since the middle: the others can't say anything. Sets that
 * explain growth are taken out, and the rest is tested again, until nothing is left that grows. The rows that are taken
 * out first were chosen by their growth, so the growth of the rest looks smaller, never larger.
 */
#include "leaks/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "compare/samples.h"
#include "leaks/judge.h"
#include "leaks/spread_sets.h"
#include "statistics/measure.h"

#define SPREADS_MOST 16
#define SAMPLES_LEAST 8 /* new or gone samples for a test: fewer can't show anything */

/* A stack that changed. */
struct element {
	struct seep_measure fresh, gone;
	uint32_t site, group;
};

struct search {
	struct leaks *leaks;
	struct spread_sets sets;
	struct element *elements;
	size_t count, capacity;
	double *growth; /* by element; NaN: taken out */
	double *p;      /* by set */
	uint32_t *rank; /* by set: the number of its spread, from 1; 0: it is none */
};

static bool is_explained(enum leak_verdict verdict)
{
	return verdict == LEAK_LEAK || verdict == LEAK_GROWING || verdict == LEAK_STOPPED;
}

/* Which sites of the reference no row explains. */
static bool *sites_left(const struct leaks *leaks)
{
	const struct profile *reference = leaks->reference;
	bool *explained = memory_allocate(leaks->groups.count + 1u, sizeof *explained);
	bool *left = memory_allocate(reference->site_count + 1u, sizeof *left);

	for (uint32_t i = 0; i < leaks->count; i++)
		explained[leaks->rows[i].group] = is_explained(leaks->rows[i].verdict);
	for (uint32_t i = 0; i < reference->site_count; i++) {
		const uint64_t *group = map_get(leaks->groups.stacks, reference->sites[i].key);
		left[i] = group && !explained[*group] && !reference->sites[i].retired;
	}
	free(explained);
	return left;
}

/* The samples of one profile that the other does not have. `indices`: a key's site in the reference, + 1. */
static void elements_add(struct search *search, const struct profile *profile, const bool *shared,
			 const struct map *indices, const bool *left, uint32_t *element_of)
{
	const bool is_fresh = profile == search->leaks->reference;

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile->samples[i];
		const uint64_t *site = map_get(indices, profile->sites[sample->site].key);
		if (shared[i] || !site || !left[*site - 1])
			continue;
		uint32_t *element = &element_of[*site - 1];
		if (*element == 0) {
			ARRAY_RESERVE(search->elements, search->count, search->capacity);
			search->elements[search->count] = (struct element){
			    .site = (uint32_t)*site - 1,
			    .group = (uint32_t)*map_get(search->leaks->groups.stacks, profile->sites[sample->site].key),
			};
			*element = (uint32_t)++search->count;
		}
		struct element *at = &search->elements[*element - 1];
		measure_add_sample(is_fresh ? &at->fresh : &at->gone, sample->size, sample->rate);
	}
}

static void elements_find(struct search *search, const bool *left)
{
	const struct profile *middle = search->leaks->middle, *reference = search->leaks->reference;
	uint32_t *element_of = memory_allocate(reference->site_count + 1u, sizeof *element_of);
	struct map *indices = map_create();
	bool *in_reference, *in_middle;

	for (uint32_t i = 0; i < reference->site_count; i++)
		*map_put(indices, reference->sites[i].key, NULL) = i + 1u;
	samples_match(middle, reference, &in_reference, &in_middle);
	elements_add(search, reference, in_middle, indices, left, element_of);
	elements_add(search, middle, in_reference, indices, left, element_of);
	free(in_reference);
	free(in_middle);
	map_free(indices);
	free(element_of);
}

/* Adds up what a set has shown, without the elements that were taken out; and whether it is more than one row. */
static bool set_sum(const struct search *search, size_t set, struct element *sum)
{
	const struct hierarchy *hierarchy = &search->sets.hierarchy;
	bool is_first = true, is_spread = false;

	*sum = (struct element){.group = 0};
	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++) {
		const struct element *element = &search->elements[hierarchy->elements[i]];
		if (isnan(search->growth[hierarchy->elements[i]]))
			continue;
		measure_add(&sum->fresh, &element->fresh);
		measure_add(&sum->gone, &element->gone);
		is_spread |= !is_first && element->group != sum->group;
		sum->group = element->group;
		is_first = false;
	}
	return is_spread;
}

static double unseen_of(const struct search *search)
{
	return unseen_bytes((double)search->leaks->reference->rate);
}

static void sets_test(const struct search *search)
{
	for (size_t set = 0; set < search->sets.hierarchy.set_count; set++) {
		struct element sum;
		search->p[set] = NAN;
		if (!search->sets.sets[set].is_named || !set_sum(search, set, &sum) ||
		    sum.fresh.samples + sum.gone.samples < SAMPLES_LEAST)
			continue;
		const bool grows = sum_estimate(&sum.fresh.bytes) > sum_estimate(&sum.gone.bytes);
		/* One-sided, because only growth matters. */
		search->p[set] =
		    grows ? difference_p_value(&sum.fresh.bytes, &sum.gone.bytes, unseen_of(search)) / 2 : 1;
	}
}

/* Notes down one set, and takes its elements out. */
static void spread_take(struct search *search, uint32_t set, double q)
{
	const struct hierarchy *hierarchy = &search->sets.hierarchy;
	const struct spread_set *named = &search->sets.sets[set];
	struct leaks *leaks = search->leaks;
	struct element sum;

	set_sum(search, set, &sum);
	leaks->spreads = memory_resize(leaks->spreads, leaks->spread_count + 1u, sizeof *leaks->spreads);
	struct spread *spread = &leaks->spreads[leaks->spread_count++];
	*spread = (struct spread){.level = named->level, .line = named->line};
	if (named->module)
		spread->module = leaks->reference->modules[named->module].path;
	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++)
		search->growth[hierarchy->elements[i]] = NAN;
	search->rank[set] = leaks->spread_count;
	spread->row = (struct leak_row){
	    .group = leaks->spread_count - 1,
	    .growth = sum_estimate(&sum.fresh.bytes) - sum_estimate(&sum.gone.bytes),
	    .growth_bytes = difference_interval(&sum.fresh.bytes, &sum.gone.bytes, unseen_of(search), ALPHA),
	    .q = q,
	};
}

/* One round; false: nothing is left that grows. */
static bool spreads_take(struct search *search)
{
	const size_t set_count = search->sets.hierarchy.set_count;
	uint32_t *found = memory_allocate(set_count + 1, sizeof *found);
	size_t tests = 0;

	sets_test(search);
	for (size_t set = 0; set < set_count; set++)
		tests += !isnan(search->p[set]);
	const size_t count = hierarchy_explain(&search->sets.hierarchy, search->p, search->growth, CALL_Q, found);
	for (size_t i = 0; i < count && search->leaks->spread_count < SPREADS_MOST; i++)
		spread_take(search, found[i], fmin(search->p[found[i]] * (double)tests / (double)count, CALL_Q));
	free(found);
	return count > 0 && search->leaks->spread_count < SPREADS_MOST;
}

/* Finds all sites of the spreads, of those that did not change too, and sums them up. Returns spreads by site; those in
 * none have the number after the last. */
static uint32_t *spreads_sum(const struct search *search, const bool *left)
{
	const struct leaks *leaks = search->leaks;
	const struct profile *reference = leaks->reference;
	uint32_t *groups = memory_allocate(reference->site_count + 1u, sizeof *groups);
	struct map *places = map_create();

	for (uint32_t i = 0; i < reference->site_count; i++) {
		const struct profile_site *site = &reference->sites[i];
		const uint32_t rank = left[i] ? spread_sets_rank(&search->sets, i, search->rank) : 0;
		groups[i] = rank ? rank - 1 : leaks->spread_count;
		if (!rank)
			continue;
		struct spread *spread = &leaks->spreads[groups[i]];
		measure_add(&spread->row.in_use, &site->in_use);
		measure_add(&spread->row.allocated, &site->allocated);
		if (site->in_use.samples == 0)
			continue;
		const uint64_t place[] = {rank, *map_get(leaks->groups.stacks, site->key)};
		bool is_new;
		map_put(places, hash_bytes(0, place, sizeof place), &is_new);
		spread->places += is_new;
		spread->stacks++;
	}
	map_free(places);
	return groups;
}

/* Those that have a verdict of growth, and their series (of all spreads) behind those of the groups. */
static void spreads_keep(struct leaks *leaks, const double *in_use)
{
	const size_t times = leaks->time_count, groups = leaks->groups.count;
	uint32_t kept = 0;

	leaks->in_use = memory_resize(leaks->in_use, (groups + leaks->spread_count) * times, sizeof *leaks->in_use);
	for (uint32_t i = 0; i < leaks->spread_count; i++) {
		if (!is_explained(leaks->spreads[i].row.verdict))
			continue;
		memcpy(leaks->in_use + (groups + kept) * times, in_use + i * times, times * sizeof *in_use);
		leaks->spreads[kept] = leaks->spreads[i];
		leaks->spreads[kept].row.group = (uint32_t)groups + kept;
		kept++;
	}
	leaks->spread_count = kept;
}

/* Judges the spreads as rows are: with the histories of all their blocks. */
static void spreads_judge(const struct search *search, const struct history *history, const bool *left)
{
	struct leaks *leaks = search->leaks, view = *leaks;
	uint32_t *groups = spreads_sum(search, left);
	struct group_lives lives;

	view.count = leaks->spread_count;
	group_lives_init(&lives, history, &view, groups);
	struct follow_up *room = memory_allocate(lives.objects_most, sizeof *room);
	for (uint32_t i = 0; i < leaks->spread_count; i++) {
		struct leak_row *row = &leaks->spreads[i].row;
		row->in_use_bytes = sum_interval(&row->in_use.bytes, unseen_of(search), ALPHA);
		leak_row_judge(row, &lives, room);
	}
	spreads_keep(leaks, view.in_use);
	free(view.in_use);
	free(room);
	group_lives_free(&lives);
	free(groups);
}

static int spread_compare(const void *left, const void *right)
{
	return leak_row_compare(&((const struct spread *)left)->row, &((const struct spread *)right)->row);
}

void leaks_find_spreads(struct leaks *leaks, const struct series *series)
{
	struct search search = {.leaks = leaks};

	if (!leaks->can_judge)
		return;
	bool *left = sites_left(leaks);
	struct frame_walk *places = group_places(leaks->reference);
	elements_find(&search, left);
	uint32_t *sites = memory_allocate(search.count + 1, sizeof *sites);
	for (size_t i = 0; i < search.count; i++)
		sites[i] = search.elements[i].site;
	spread_sets_build(&search.sets, leaks->reference, places, sites, search.count);
	search.growth = memory_allocate(search.count + 1, sizeof *search.growth);
	search.p = memory_allocate(search.sets.hierarchy.set_count + 1, sizeof *search.p);
	search.rank = memory_allocate(search.sets.hierarchy.set_count + 1, sizeof *search.rank);
	for (size_t i = 0; i < search.count; i++)
		search.growth[i] =
		    sum_estimate(&search.elements[i].fresh.bytes) - sum_estimate(&search.elements[i].gone.bytes);
	while (spreads_take(&search))
		continue;
	if (leaks->spread_count)
		spreads_judge(&search, &series->history, left);
	if (leaks->spread_count)
		qsort(leaks->spreads, leaks->spread_count, sizeof *leaks->spreads, spread_compare);
	for (uint32_t i = 0; i < leaks->spread_count; i++)
		leaks->spreads[i].row.spread = &leaks->spreads[i];
	leaks_add_rates(leaks);
	spread_sets_free(&search.sets);
	free(places);
	free(left);
	free(sites);
	free(search.elements);
	free(search.growth);
	free(search.p);
	free(search.rank);
}
