/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Focused BH: E. Katsevich, C. Sabatti & M. Bogomolov, "Filtering the rejection set while preserving false discovery
 * rate control", Journal of the American Statistical Association 118 (2023) 165-176. If one set grows, many sets are
 * significant, but few are worth reporting. A rule that is fixed beforehand (a filter) chooses the sets to report. The
 * bound on p is the largest at which (bound times tests) / (sets reported) is q or less. The sums of sets that share
 * elements depend positively on each other, which Benjamini & Hochberg's procedure allows for (Y. Benjamini & D.
 * Yekutieli, Annals of Statistics 29 (2001) 1165-1188). The unit test checks this by simulation.
 */
#include "statistics/hierarchy.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define EXPLAINED 0.5 /* if smaller sets hold this share of a set's growth, the set is not reported */

struct ranked {
	double p;
	uint32_t set;
	size_t size;
};

struct choice {
	const struct hierarchy *hierarchy;
	const double *growth;
	struct ranked *sets; /* the sets that have a test, small ones first */
	size_t count;
	uint32_t *owner; /* by element: the set that is reported for it, + 1 */
	bool *told;      /* by set */
};

static int size_compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	if (a->p != b->p)
		return a->p < b->p ? -1 : 1;
	return (a->set > b->set) - (a->set < b->set);
}

static int p_compare(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static void set_withdraw(const struct choice *choice, uint32_t set)
{
	const struct hierarchy *hierarchy = choice->hierarchy;

	choice->told[set] = false;
	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++)
		if (choice->owner[hierarchy->elements[i]] == set + 1)
			choice->owner[hierarchy->elements[i]] = 0;
}

/* Reports a set in place of all smaller ones that share an element with it, unless these explain it. */
static void set_consider(const struct choice *choice, uint32_t set)
{
	const struct hierarchy *hierarchy = choice->hierarchy;
	double all = 0, explained = 0;

	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++) {
		const uint32_t element = hierarchy->elements[i];
		const double growth = isnan(choice->growth[element]) ? 0 : choice->growth[element];
		all += growth;
		explained += choice->owner[element] ? growth : 0;
	}
	if (explained >= EXPLAINED * all)
		return;
	for (size_t i = hierarchy->begin[set]; i < hierarchy->begin[set + 1]; i++) {
		const uint32_t element = hierarchy->elements[i];
		if (isnan(choice->growth[element]))
			continue;
		if (choice->owner[element])
			set_withdraw(choice, choice->owner[element] - 1);
		choice->owner[element] = set + 1;
	}
	choice->told[set] = true;
}

/* The filter: how many sets are reported if those with p up to this bound are significant. */
static size_t choose(const struct choice *choice, double bound)
{
	size_t count = 0;

	memset(choice->owner, 0, choice->hierarchy->element_count * sizeof *choice->owner);
	memset(choice->told, 0, choice->hierarchy->set_count * sizeof *choice->told);
	for (size_t i = 0; i < choice->count; i++)
		if (choice->sets[i].p <= bound)
			set_consider(choice, choice->sets[i].set);
	for (size_t i = 0; i < choice->hierarchy->set_count; i++)
		count += choice->told[i];
	return count;
}

/* The largest p that Benjamini and Hochberg's procedure would call if it counted `told` of the called sets; -1:
 * none. */
static double largest_called(const double *p, size_t count, double per_test)
{
	for (size_t i = count; i > 0; i--)
		if (p[i - 1] <= per_test * (double)i)
			return p[i - 1];
	return -1;
}

size_t hierarchy_explain(const struct hierarchy *hierarchy, const double *p, const double *growth, double q,
			 uint32_t *found)
{
	struct choice choice = {
	    hierarchy,
	    growth,
	    memory_allocate(hierarchy->set_count + 1, sizeof *choice.sets),
	    0,
	    memory_allocate(hierarchy->element_count + 1, sizeof *choice.owner),
	    memory_allocate(hierarchy->set_count + 1, sizeof *choice.told),
	};
	double *ascending = memory_allocate(hierarchy->set_count + 1, sizeof *ascending);
	size_t told = 0, count = 0;

	for (uint32_t set = 0; set < hierarchy->set_count; set++) {
		if (isnan(p[set]))
			continue;
		ascending[choice.count] = p[set];
		choice.sets[choice.count++] =
		    (struct ranked){p[set], set, hierarchy->begin[set + 1] - hierarchy->begin[set]};
	}
	qsort(choice.sets, choice.count, sizeof *choice.sets, size_compare);
	qsort(ascending, choice.count, sizeof *ascending, p_compare);
	/* Goes down from the usual bound until as many sets are reported as the bound assumed. */
	double bound = largest_called(ascending, choice.count, q / (double)choice.count);
	while (bound >= 0 && (told = choose(&choice, bound)) > 0) {
		const double allowed = q * (double)told / (double)choice.count;
		if (bound <= allowed)
			break;
		size_t below = choice.count;
		while (below > 0 && ascending[below - 1] > allowed)
			below--;
		bound = below ? ascending[below - 1] : -1;
		told = 0;
	}
	for (uint32_t set = 0; set < hierarchy->set_count && told; set++)
		if (choice.told[set])
			found[count++] = set;
	free(ascending);
	free(choice.sets);
	free(choice.owner);
	free(choice.told);
	return count;
}
