/* SPDX-License-Identifier: Apache-2.0 */
#include "check/blame.h"

#include <stdlib.h>

#include "base/memory.h"
#include "check/values/sums.h"
#include "statistics/measure.h"

static double site_value(const struct profile_site *site, enum check_measure measure)
{
	switch (measure) {
	case CHECK_OBJECTS:
		return sum_estimate(&site->in_use.objects);
	case CHECK_ALLOCATED:
		return sum_estimate(&site->allocated.bytes);
	case CHECK_ALLOCATIONS:
		return sum_estimate(&site->allocated.objects);
	case CHECK_IN_USE:
	case CHECK_PEAK:
	case CHECK_GROWTH:
	case CHECK_LEAKS:
	case CHECK_LOST:
	case CHECK_RSS:
	case CHECK_RSS_PEAK:
	case CHECK_MEASURES:
		break;
	}
	return sum_estimate(&site->in_use.bytes);
}

static void moment_add(double *amounts, struct check *check, const struct budget *budget, size_t profile, double weight)
{
	const struct profile *of = check->runs->profiles[profile];
	const uint32_t *groups = sites_groups(&check->sites, GROUP_BY_PLACE, profile);
	uint32_t *cells = sites_cells(&check->sites, budget, profile);

	for (uint32_t i = 0; i < of->site_count; i++)
		if (cells[i] != CELL_NONE)
			amounts[groups[i]] += weight * site_value(&of->sites[i], budget->measure);
	free(cells);
}

static void side_add(double *amounts, struct check *check, const struct budget *budget, enum check_side side,
		     double sign)
{
	const struct check_runs *runs = check->runs;

	for (size_t i = 0; i < runs->count[side]; i++) {
		const struct check_run *run = &runs->items[side][i];
		const double work = budget->per_work ? run_work(runs, side, run, budget->measure) : 1;
		const double weight = sign / (work * (double)runs->count[side]);
		const size_t *moments = run->moments;
		moment_add(amounts, check, budget, moments[measure_moment(budget->measure)], weight);
		if (budget->measure == CHECK_GROWTH)
			moment_add(amounts, check, budget, moments[MOMENT_BEFORE], -weight);
	}
}

/* A snapshot that is itself within the limit was not taken at the peak that is beyond it. */
static bool is_unseen_peak(const struct budget *budget, const double *amounts, uint32_t count, double limit)
{
	double seen = 0;

	for (uint32_t i = 0; i < count && budget->measure == CHECK_PEAK; i++)
		seen += amounts[i];
	return budget->measure == CHECK_PEAK && seen <= limit;
}

const struct group *blame_find(struct check *check, const struct budget *budget, double limit, double *amount)
{
	if (check_measure_is_of_process(budget->measure))
		return NULL;
	const struct group_table *table = sites_table(&check->sites, GROUP_BY_PLACE);
	double *amounts = memory_allocate(table->count + 1u, sizeof *amounts);
	const struct group *worst = NULL;

	side_add(amounts, check, budget, SIDE_AFTER, 1);
	const bool is_unseen = is_unseen_peak(budget, amounts, table->count, limit);
	if (budget->is_relative)
		side_add(amounts, check, budget, SIDE_BASE, -1);
	*amount = 0;
	for (uint32_t i = 0; i < table->count && !is_unseen; i++) {
		if (amounts[i] <= *amount || !group_line(&table->groups[i]))
			continue;
		*amount = amounts[i];
		worst = &table->groups[i];
	}
	free(amounts);
	return worst;
}
