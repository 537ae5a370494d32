/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources. The plateau: E. L. Kaplan & P. Meier, Journal of the American
 * Statistical Association 53 (1958) 457-481, with delayed entry (an object is
 * at risk from the first snapshot that had it). The test: with a constant
 * hazard, deaths in a total exposure are a Poisson count (B. Epstein & M.
 * Sobel, 1953).
 */
#include "statistics/cohort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "statistics/gamma.h"
#include "statistics/measure.h"
#include "work/keyed.h"

static uint64_t follow_up_end(const struct follow_ups *all)
{
	return all->times_ns[all->time_count > 1 ? all->time_count - 2 : 0];
}

double cohort_deaths_end(const struct follow_ups *all)
{
	return (double)follow_up_end(all);
}

static bool has_died(const struct follow_ups *all, const struct follow_up *object)
{
	return object->gone_ns && object->gone_ns <= follow_up_end(all);
}

/* The age at which an object was last at risk, and may have died. */
static double age_left(const struct follow_ups *all, const struct follow_up *object)
{
	const uint64_t end_ns = follow_up_end(all);

	if (has_died(all, object))
		return (double)(object->last_ns - object->birth_ns) + (double)(object->gone_ns - object->last_ns) / 2;
	return (double)(object->last_ns < end_ns ? object->last_ns : end_ns) - (double)object->birth_ns;
}

/* An object is at risk from the first snapshot that saw it past the age. Earlier deaths can't be seen, so earlier time
 * does not count either. `near`: the snapshot for the object before, whose birth was earlier as a rule; at first 0. */
static double age_entered(const struct follow_ups *all, const struct follow_up *object, uint64_t age_ns, size_t *near)
{
	const uint64_t wanted_ns = object->birth_ns + age_ns;
	size_t first = *near;

	if (object->first_ns >= wanted_ns)
		return (double)(object->first_ns - object->birth_ns);
	while (first > 0 && all->times_ns[first - 1] >= wanted_ns)
		first--;
	while (first + 1 < all->time_count && all->times_ns[first] < wanted_ns)
		first++;
	*near = first;
	return (double)(all->times_ns[first] - object->birth_ns);
}

static bool reaches(const struct follow_up *object, uint64_t age_ns)
{
	return object->last_ns - object->birth_ns >= age_ns;
}

/* At the greatest ages only one or two objects are at risk, whose deaths say nothing about the others. */
#define AT_RISK_LEAST 3
#define AT_RISK_FIRM 8

struct step {
	double age;
	int change; /* of the number at risk: +1 an object enters, -1 it is censored, 0 it dies */
	double weight;
};

/* Returns them in the order of age; at the same age, deaths come before censored objects, and entries come last. */
static struct step *steps_sort(const struct step *steps, size_t count)
{
	static const int changes[] = {0, -1, 1};
	struct keyed *order = memory_allocate(count, sizeof *order);
	struct step *sorted = memory_allocate(count, sizeof *sorted);
	size_t filled = 0;

	for (int kind = 0; kind < 3; kind++)
		for (size_t i = 0; i < count; i++)
			if (steps[i].change == changes[kind])
				order[filled++] = (struct keyed){keyed_ascending(steps[i].age), (uint32_t)i};
	keyed_sort(order, count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = steps[order[i].item];
	free(order);
	return sorted;
}

/* Entries and ends before the age `to_ns` of all objects that reach `age_ns`, in the order of age. */
static struct step *steps_of(const struct follow_ups *all, uint64_t age_ns, uint64_t to_ns, size_t *count)
{
	struct step *steps = memory_allocate(2 * all->count + 1, sizeof *steps);
	size_t filled = 0, near = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[i];
		struct seep_measure single = {0};
		if (!reaches(object, age_ns))
			continue;
		const double left = age_left(all, object), entered = age_entered(all, object, age_ns, &near);
		if (left < entered || entered >= (double)to_ns)
			continue;
		measure_add_sample(&single, object->size, object->rate);
		const double weight = sum_estimate(&single.bytes);
		steps[filled++] = (struct step){entered, 1, weight};
		if (left < (double)to_ns)
			steps[filled++] = (struct step){left, has_died(all, object) ? 0 : -1, weight};
	}
	struct step *sorted = steps_sort(steps, filled);
	free(steps);
	*count = filled;
	return sorted;
}

/* When an object left: it died, or was last seen. */
struct leaving {
	double age;
	bool died;
};

struct follow_order {
	const struct follow_up *objects; /* identifies the objects: the first of them */
	size_t count;
	struct leaving *leavings; /* by age; at the same age, deaths come first */
	uint32_t *rank;           /* by object: its index in `leavings` */
	/* for one age at a time: how many objects entered after the leaving before and up to this one */
	uint32_t *entered;
	bool *counts; /* for one age at a time, by rank: the object counts */
};

struct follow_order *follow_order_create(const struct follow_ups *all)
{
	struct follow_order *order = memory_allocate(1, sizeof *order);
	struct keyed *ages = memory_allocate(all->count, sizeof *ages);
	size_t filled = 0;

	*order = (struct follow_order){.objects = all->objects,
				       .count = all->count,
				       .leavings = memory_allocate(all->count, sizeof *order->leavings),
				       .rank = memory_allocate(all->count, sizeof *order->rank),
				       .entered = memory_allocate(all->count + 1, sizeof *order->entered),
				       .counts = memory_allocate(all->count, sizeof *order->counts)};
	for (int died = 1; died >= 0; died--)
		for (size_t i = 0; i < all->count; i++)
			if (has_died(all, &all->objects[i]) == died)
				ages[filled++] =
				    (struct keyed){keyed_ascending(age_left(all, &all->objects[i])), (uint32_t)i};
	keyed_sort(ages, all->count);
	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[ages[i].item];
		order->leavings[i] = (struct leaving){age_left(all, object), has_died(all, object)};
		order->rank[ages[i].item] = (uint32_t)i;
	}
	free(ages);
	return order;
}

void follow_order_free(struct follow_order *order)
{
	if (!order)
		return;
	free(order->leavings);
	free(order->rank);
	free(order->entered);
	free(order->counts);
	free(order);
}

/* The first leaving after this age, searched from `near` on in doubling steps: objects in sequence enter at nearly the
 * same ages. */
static size_t first_after(const struct follow_order *order, double age, size_t near)
{
	size_t low = near, high = near, step = 1;

	while (low > 0 && order->leavings[low - 1].age > age) {
		low = low > step ? low - step : 0;
		step *= 2;
	}
	for (step = 1; high < order->count && order->leavings[high].age <= age; step *= 2)
		high = order->count - high > step ? high + step : order->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (order->leavings[middle].age > age)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The product over all deaths, in the order of their ages. Who enters at the age of a death was not at risk of it. */
static double order_plateau(const struct follow_order *order, double least)
{
	double at_risk = 0, share = 1;

	for (size_t i = 0; i < order->count; i++) {
		at_risk += order->entered[i];
		if (!order->counts[i])
			continue;
		if (order->leavings[i].died)
			share *= at_risk >= least ? 1 - 1 / at_risk : 1;
		at_risk--;
	}
	return share;
}

void cohort_plateaus(struct cohort_outcome *outcome, const struct follow_ups *all)
{
	outcome->plateau = outcome->plateau_firm = 1;
	if (!outcome->deaths)
		return;
	struct follow_order *order = all->order ? all->order : follow_order_create(all);
	const size_t offset = (size_t)(all->objects - order->objects);
	size_t near = 0, snapshot = 0;

	memset(order->entered, 0, (order->count + 1) * sizeof *order->entered);
	memset(order->counts, 0, order->count * sizeof *order->counts);
	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[i];
		if (!reaches(object, outcome->age_ns))
			continue;
		const double entered = age_entered(all, object, outcome->age_ns, &snapshot);
		if (age_left(all, object) < entered)
			continue;
		near = first_after(order, entered, near);
		order->entered[near]++;
		order->counts[order->rank[offset + i]] = true;
	}
	outcome->plateau = order_plateau(order, AT_RISK_LEAST);
	outcome->plateau_firm = order_plateau(order, AT_RISK_FIRM);
	if (!all->order)
		follow_order_free(order);
}

struct survival_tail cohort_tail(const struct follow_ups *all, uint64_t from_ns, uint64_t to_ns)
{
	size_t count;
	struct step *steps = steps_of(all, from_ns, to_ns, &count);
	struct survival_tail tail = {1, 0};
	double number = 0, weights = 0, squares = 0; /* of the objects at risk */

	for (size_t i = 0; i < count; i++) {
		const double weight = steps[i].weight, sign = steps[i].change > 0 ? 1 : -1;
		if (steps[i].change == 0 && number >= AT_RISK_LEAST && weights > weight) {
			const double died = weight / weights;
			tail.share *= 1 - died;
			tail.greenwood += died / ((1 - died) * weights * weights / squares);
		}
		number += sign;
		weights += sign * weight;
		squares += sign * weight * weight;
	}
	free(steps);
	return tail;
}

static void count_births(struct cohort_outcome *outcome, const struct follow_ups *all)
{
	const uint64_t until_ns = all->times_ns[all->time_count - 1] - outcome->age_ns;
	uint64_t begin_ns = until_ns;

	for (size_t i = 0; i < all->count; i++) {
		if (!all->objects[i].gone_ns && all->objects[i].birth_ns < begin_ns)
			begin_ns = all->objects[i].birth_ns;
	}
	const double length = fmax((double)(until_ns - begin_ns), 1);
	for (size_t i = 0; i < all->count; i++) {
		if (all->objects[i].gone_ns || all->objects[i].birth_ns > until_ns)
			continue;
		const double part = (double)(all->objects[i].birth_ns - begin_ns) / length * COHORTS;
		outcome->born[part < COHORTS ? (int)part : COHORTS - 1]++;
	}
}

void cohort_survivors(struct cohort_outcome *outcome, const struct follow_ups *all, uint64_t from_ns)
{
	if (!outcome->survivors)
		return;
	count_births(outcome, all);
	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[i];
		if (!object->gone_ns && object->birth_ns >= from_ns && reaches(object, outcome->age_ns))
			measure_add_sample(&outcome->lasting, object->size, object->rate);
	}
}

struct cohort_outcome cohort_outcome_at(const struct follow_ups *all, uint64_t age_ns)
{
	struct cohort_outcome outcome = {.age_ns = age_ns};
	size_t near = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[i];
		if (!reaches(object, age_ns))
			continue;
		outcome.exposure_ns += fmax(age_left(all, object) - age_entered(all, object, age_ns, &near), 0);
		outcome.deaths += has_died(all, object);
		outcome.survivors += !object->gone_ns;
	}
	return outcome;
}

uint32_t cohort_deaths_since(const struct follow_ups *all, uint64_t age_ns, double from_ns)
{
	uint32_t deaths = 0;

	for (size_t i = 0; i < all->count; i++)
		deaths += has_died(all, &all->objects[i]) && (double)all->objects[i].last_ns >= from_ns &&
			  reaches(&all->objects[i], age_ns);
	return deaths;
}

double cohort_p_value(const struct cohort_outcome *outcome, double life_ns)
{
	if (!(outcome->exposure_ns > 0) || !(life_ns > 0))
		return 1;
	return gamma_probability((double)outcome->deaths + 1, outcome->exposure_ns / life_ns, TAIL_UPPER);
}
