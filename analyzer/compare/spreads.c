/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements are the stacks that showed a new or a gone sample between the two moments; the others can't say anything.
 * Sets that explain growth are taken out and the rest is tested again, until nothing that is left grows. The rows that
 * are taken out first were chosen by their growth, so the growth of the rest looks smaller than it is, never larger.
 */
#include "compare/spreads.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "compare/samples.h"
#include "compare/spread_sets.h"
#include "statistics/measure.h"

#define SPREADS_MOST 16
#define SAMPLES_LEAST 8 /* new or gone samples that a test needs: fewer can't show anything */

const char *spread_level_name(enum spread_level level)
{
	static const char *const names[] = {"function", "module", "label", "process"};

	return names[level];
}

/* A stack that changed: its samples, counted in bytes. */
struct element {
	struct seep_sum fresh, gone;
	uint32_t site, group;
	uint64_t samples;
};

struct search {
	const struct spread_question *question;
	const struct profile *before, *after;
	struct spreads *spreads;
	const struct numbering *sites; /* the later profile's sites, numbered by their keys */
	struct numbering own_sites;
	struct spread_sets sets;
	struct element *elements;
	size_t count, capacity;
	double *growth; /* by element; NaN: taken out */
	double *p;      /* by set */
	uint32_t *rank; /* by set: the number of its spread, from 1; 0: it is in none */
};

/* Numbers the later profile's sites. If its groups were asked for first, the numbers of stacks can be used as they
 * are. */
static void sites_number(struct search *search)
{
	const struct profile *after = search->after;
	const struct numbering *stacks = &search->question->groups->stacks;
	uint32_t same = 0;
	bool is_new;

	while (same < after->site_count && same < stacks->count && stacks->keys[same] == after->sites[same].key)
		same++;
	search->sites = same == after->site_count ? stacks : &search->own_sites;
	if (same < after->site_count)
		numbering_reserve(&search->own_sites, after->site_count);
	for (uint32_t i = 0; i < after->site_count && same < after->site_count; i++)
		numbering_put(&search->own_sites, after->sites[i].key, &is_new);
}

/* The group of a site of the later profile; NUMBERING_NONE: none. */
static uint32_t site_group(const struct search *search, uint32_t site)
{
	const struct group_table *groups = search->question->groups;

	return search->sites == &groups->stacks ? groups->stack_groups[site]
						: group_table_of_stack(groups, search->after->sites[site].key);
}

/* Marks the sites of the later profile that no row explains. */
static bool *sites_left(const struct search *search)
{
	const struct profile *after = search->after;
	bool *left = memory_allocate(after->site_count + 1u, sizeof *left);

	for (uint32_t i = 0; i < after->site_count; i++) {
		const uint32_t group = site_group(search, i);
		left[i] = group != NUMBERING_NONE && !search->question->explained[group] && !after->sites[i].retired;
	}
	return left;
}

/* Adds the samples of one profile that the other does not have. */
static void elements_add(struct search *search, const struct profile *profile, const bool *shared, const bool *left,
			 uint32_t *element_of)
{
	const bool is_fresh = profile == search->after;
	const struct profile_sample *samples = profile_samples(profile);
	uint32_t last = 0, last_found = 0; /* a site of the profile, and its number among the later profile's */

	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &samples[i];
		if (shared[i])
			continue;
		const uint32_t guess = last_found + (sample->site - last);
		const uint32_t site = is_fresh
					  ? sample->site
					  : numbering_get_near(search->sites, profile->sites[sample->site].key, guess);
		if (site != NUMBERING_NONE) {
			last = sample->site;
			last_found = site;
		}
		if (site >= search->after->site_count || !left[site])
			continue;
		uint32_t *element = &element_of[site];
		if (*element == 0) {
			ARRAY_RESERVE(search->elements, search->count, search->capacity);
			search->elements[search->count] =
			    (struct element){.site = site, .group = site_group(search, site)};
			*element = (uint32_t)++search->count;
		}
		struct element *at = &search->elements[*element - 1];
		measure_add_bytes(is_fresh ? &at->fresh : &at->gone, sample->size, sample->rate);
		at->samples++;
	}
}

static void elements_find(struct search *search, const bool *left)
{
	const struct spread_question *question = search->question;
	uint32_t *element_of = memory_allocate(search->after->site_count + 1u, sizeof *element_of);
	bool *in_after = NULL, *in_before = NULL;

	if (!question->in_before)
		samples_match(search->before, search->after, &in_after, &in_before);
	elements_add(search, search->after, in_before ? in_before : question->in_before, left, element_of);
	elements_add(search, search->before, in_after ? in_after : question->in_after, left, element_of);
	free(in_after);
	free(in_before);
	free(element_of);
}

/* The elements of a set lie apart, so this many ahead are prefetched. */
enum { ELEMENTS_AHEAD = 16 };

/* The samples of a set's elements. */
struct shown {
	struct seep_sum fresh, gone; /* bytes */
	uint64_t samples;
};

/* Adds up the elements of a set that were not taken out. False: they are no more than one row. */
static bool set_sum(const struct search *search, size_t set, struct shown *sum)
{
	const struct hierarchy *hierarchy = &search->sets.hierarchy;
	bool is_first = true, is_spread = false;
	uint32_t group = 0;

	*sum = (struct shown){0};
	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++) {
		if (i + ELEMENTS_AHEAD < hierarchy->begin[set + 1])
			__builtin_prefetch(&search->elements[hierarchy->elements[i + ELEMENTS_AHEAD]]);
		const struct element *element = &search->elements[hierarchy->elements[i]];
		if (isnan(search->growth[hierarchy->elements[i]]))
			continue;
		sum_include(&sum->fresh, &element->fresh);
		sum_include(&sum->gone, &element->gone);
		sum->samples += element->samples;
		is_spread |= !is_first && element->group != group;
		group = element->group;
		is_first = false;
	}
	return is_spread;
}

static double unseen_of(const struct search *search)
{
	return unseen_bytes(fmax((double)search->before->rate, (double)search->after->rate));
}

static void sets_test(const struct search *search)
{
	for (size_t set = 0; set < search->sets.hierarchy.set_count; set++) {
		struct shown sum;
		search->p[set] = NAN;
		if (!search->sets.sets[set].is_named || !set_sum(search, set, &sum) || sum.samples < SAMPLES_LEAST)
			continue;
		/* One-sided, because only growth matters; and of a set that is told the printed interval is above zero. */
		const bool grows = sum_estimate(&sum.fresh) > sum_estimate(&sum.gone);
		const double p = grows ? difference_p_value(&sum.fresh, &sum.gone, unseen_of(search)) : 1;
		search->p[set] = p <= ALPHA ? p / 2 : 1;
	}
}

/* Reports one set, and takes its elements out. */
static void spread_take(struct search *search, uint32_t set, double q)
{
	const struct hierarchy *hierarchy = &search->sets.hierarchy;
	const struct spread_set *named = &search->sets.sets[set];
	struct spreads *spreads = search->spreads;
	struct shown sum;

	set_sum(search, set, &sum);
	spreads->items = memory_resize(spreads->items, spreads->count + 1u, sizeof *spreads->items);
	spreads->items[spreads->count++] = (struct spread_place){
	    .level = named->level,
	    .line = named->location ? &profile_lines(search->after, named->location)[named->line] : NULL,
	    .module = named->module ? search->after->modules[named->module].path : NULL,
	    .label = named->label,
	    .growth = sum_estimate(&sum.fresh) - sum_estimate(&sum.gone),
	    .growth_bytes = difference_interval(&sum.fresh, &sum.gone, unseen_of(search), ALPHA),
	    .q = q,
	};
	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++)
		search->growth[hierarchy->elements[i]] = NAN;
	search->rank[set] = spreads->count;
}

/* One round; false: nothing that is left grows. */
static bool spreads_take(struct search *search)
{
	const size_t set_count = search->sets.hierarchy.set_count;
	uint32_t *found = memory_allocate(set_count + 1, sizeof *found);
	size_t tests = 0;

	sets_test(search);
	for (size_t set = 0; set < set_count; set++)
		tests += !isnan(search->p[set]);
	const size_t count =
	    hierarchy_explain(&search->sets.hierarchy, search->p, search->growth, search->question->q, found);
	for (size_t i = 0; i < count && search->spreads->count < SPREADS_MOST; i++)
		spread_take(search, found[i],
			    fmin(search->p[found[i]] * (double)tests / (double)count, search->question->q));
	free(found);
	return count > 0 && search->spreads->count < SPREADS_MOST;
}

/* Finds all sites of the spreads, including those that did not change, and sums them up. */
static void spreads_sum(struct search *search, const bool *left)
{
	const struct profile *after = search->after;
	struct spreads *spreads = search->spreads;
	struct numbering places = {0};

	spreads->of_site = memory_allocate(after->site_count + 1u, sizeof *spreads->of_site);
	for (uint32_t i = 0; i < after->site_count && spreads->count; i++) {
		const struct profile_site *site = &after->sites[i];
		const uint32_t rank = left[i] ? spread_sets_rank(&search->sets, i, search->rank) : 0;
		spreads->of_site[i] = rank ? rank - 1 : spreads->count;
		if (!rank)
			continue;
		struct spread_place *spread = &spreads->items[rank - 1];
		measure_add(&spread->in_use, &site->in_use);
		measure_add(&spread->allocated, &site->allocated);
		if (site->in_use.samples == 0)
			continue;
		const uint64_t place[] = {rank, site_group(search, i)};
		bool is_new;
		numbering_put(&places, hash_bytes(0, place, sizeof place), &is_new);
		spread->places += is_new;
		spread->stacks++;
	}
	numbering_free(&places);
}

static void search_begin(struct search *search)
{
	uint32_t *sites = memory_allocate(search->count + 1, sizeof *sites);

	for (size_t i = 0; i < search->count; i++)
		sites[i] = search->elements[i].site;
	spread_sets_build(&search->sets, search->after, search->question->groups->places, sites, search->count);
	search->growth = memory_allocate(search->count + 1, sizeof *search->growth);
	search->p = memory_allocate(search->sets.hierarchy.set_count + 1, sizeof *search->p);
	search->rank = memory_allocate(search->sets.hierarchy.set_count + 1, sizeof *search->rank);
	for (size_t i = 0; i < search->count; i++)
		search->growth[i] = sum_estimate(&search->elements[i].fresh) - sum_estimate(&search->elements[i].gone);
	free(sites);
}

void spreads_find(struct spreads *spreads, const struct spread_question *question)
{
	struct search search = {
	    .question = question, .before = question->before, .after = question->after, .spreads = spreads};

	*spreads = (struct spreads){0};
	sites_number(&search);
	bool *left = sites_left(&search);
	elements_find(&search, left);
	search_begin(&search);
	while (spreads_take(&search))
		continue;
	spreads_sum(&search, left);
	spread_sets_free(&search.sets);
	numbering_free(&search.own_sites);
	free(left);
	free(search.elements);
	free(search.growth);
	free(search.p);
	free(search.rank);
}

void spreads_free(struct spreads *spreads)
{
	free(spreads->items);
	free(spreads->of_site);
	*spreads = (struct spreads){0};
}
