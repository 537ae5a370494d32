/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/cells.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check/interval/student.h"
#include "statistics/measure.h"

static void side_open(struct cells *cells, enum check_side side, struct sites *sites)
{
	const struct check_runs *runs = cells->runs;

	cells->of_run[side] = memory_allocate(runs->count[side] + 1, sizeof *cells->of_run[side]);
	cells->units[side] = memory_allocate(runs->count[side] + 1, sizeof *cells->units[side]);
	for (size_t i = 0; i < runs->count[side] && cells->fault == SUMS_FINE; i++) {
		const struct check_run *run = &runs->items[side][i];
		cells->fault = run_sums(runs, run, cells->budget, sites, &cells->of_run[side][i]);
		cells->run_count[side] += cells->fault == SUMS_FINE;
		cells->units[side][i] = cells->budget->per_work ? run_work(runs, side, run, cells->budget->measure) : 1;
		if (cells->fault == SUMS_FINE && !(cells->units[side][i] > 0))
			cells->fault = SUMS_NO_WORK;
	}
}

void cells_open(struct cells *cells, const struct check_runs *runs, const struct budget *budget, struct sites *sites)
{
	*cells = (struct cells){.budget = budget, .runs = runs, .count = sites_cell_count(sites, budget)};
	side_open(cells, SIDE_AFTER, sites);
	if (budget->is_relative)
		side_open(cells, SIDE_BASE, sites);
	if (cells->fault != SUMS_FINE)
		return;
	cells->degrees[0] = (uint32_t)cells->run_count[SIDE_AFTER] - 1;
	cells->degrees[1] = cells->degrees[0];
	if (budget->is_relative)
		cells->degrees[1] += (uint32_t)cells->run_count[SIDE_BASE] - 1;
	for (int i = 0; i < 2; i++)
		cells->usual_t[i] = cells->degrees[i] ? student_quantile(ALPHA, cells->degrees[i]) : 0;
}

void cells_close(struct cells *cells)
{
	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < cells->run_count[side]; i++)
			free(cells->of_run[side][i]);
		free(cells->of_run[side]);
		free(cells->units[side]);
	}
	*cells = (struct cells){0};
}

/* The weight of a run's value in the mean of its side. */
static double run_weight(const struct cells *cells, enum check_side side, size_t run)
{
	return 1 / ((double)cells->run_count[side] * cells->units[side][run]);
}

static double cell_value(const struct cell *cell)
{
	return sum_estimate(&cell->more) - sum_estimate(&cell->less);
}

double cells_mean(const struct cells *cells, enum check_side side, uint32_t cell)
{
	double sum = 0;

	for (size_t i = 0; i < cells->run_count[side]; i++)
		sum += cell_value(&cells->of_run[side][i][cell]) * run_weight(cells, side, i);
	return sum;
}

/* The most that one sample which was not taken could have stood for, on either side. A side knows only the object sizes
 * that it has shown, and one side may have missed those that the other has shown. */
static double cell_unseen(const struct cells *cells, uint32_t index)
{
	double unseen = 0;

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < cells->run_count[side]; i++)
			unseen = fmax(unseen, cells->of_run[side][i][index].unseen);
	return unseen;
}

/* Adds a side's mean, times `factor`, to `more` or to `less`. */
static void contrast_add(struct contrast *contrast, const struct cells *cells, enum check_side side, uint32_t index,
			 double factor)
{
	const double unseen = cell_unseen(cells, index);
	const bool is_after = side == SIDE_AFTER;

	for (size_t i = 0; i < cells->run_count[side]; i++) {
		const double weight = run_weight(cells, side, i) * factor;
		const struct cell *cell = &cells->of_run[side][i][index];
		const struct seep_sum more = sum_times(&cell->more, weight), less = sum_times(&cell->less, weight);
		const bool has_less = cells->budget->measure == CHECK_GROWTH;
		sum_include(is_after ? &contrast->more : &contrast->less, &more);
		sum_include(is_after ? &contrast->less : &contrast->more, &less);
		if (is_after || has_less)
			contrast->unseen_more = fmax(contrast->unseen_more, unseen * weight);
		if (!is_after || has_less)
			contrast->unseen_less = fmax(contrast->unseen_less, unseen * weight);
		contrast->looks = fmax(contrast->looks, cell->looks);
	}
}

/* The squared distances of a side's runs from their mean, and their sampling variances, both times factor^2. */
struct scatter {
	double squares, variance;
};

static struct scatter side_scatter(const struct cells *cells, enum check_side side, uint32_t index, double factor)
{
	const double mean = cells_mean(cells, side, index) * factor;
	struct scatter scatter = {0};

	for (size_t i = 0; i < cells->run_count[side]; i++) {
		const double weight = factor / cells->units[side][i];
		const struct cell *cell = &cells->of_run[side][i][index];
		const double distance = cell_value(cell) * weight - mean;
		scatter.squares += distance * distance;
		scatter.variance += (cell->more.variance + cell->less.variance) * weight * weight;
	}
	return scatter;
}

/* The spread between equal runs is taken to be the same on both sides, since a base is a run of the program, too. */
static void contrast_add_spread(struct contrast *contrast, const struct cells *cells, uint32_t index, double factor)
{
	const size_t after = cells->run_count[SIDE_AFTER], base = factor > 0 ? cells->run_count[SIDE_BASE] : 0;
	const struct scatter a = side_scatter(cells, SIDE_AFTER, index, 1);
	const struct scatter b = base ? side_scatter(cells, SIDE_BASE, index, factor) : (struct scatter){0};
	const uint32_t count = (uint32_t)(after + base), sides = base ? 2 : 1;

	contrast->degrees = cells->degrees[base > 0];
	contrast->usual_t = cells->usual_t[base > 0];
	contrast->spread = spread_between(a.squares + b.squares, a.variance + b.variance, count, sides) *
			   sqrt(1 / (double)after + (base ? 1 / (double)base : 0));
}

static struct contrast contrast_with(const struct cells *cells, uint32_t index, double factor, double constant)
{
	struct contrast contrast = {.constant = constant, .looks = 1};

	contrast_add(&contrast, cells, SIDE_AFTER, index, 1);
	if (factor > 0)
		contrast_add(&contrast, cells, SIDE_BASE, index, factor);
	contrast_add_spread(&contrast, cells, index, factor);
	return contrast;
}

struct standing cells_standing(const struct cells *cells, uint32_t cell)
{
	const struct budget *budget = cells->budget;
	struct standing standing = {.base = NAN};

	if (!budget->is_relative) {
		standing.limits[0] = budget->most;
		standing.contrasts[standing.count++] = contrast_with(cells, cell, 0, budget->most);
		return standing;
	}
	standing.base = cells_mean(cells, SIDE_BASE, cell);
	standing.limits[0] = standing.base * budget->most;
	standing.contrasts[standing.count++] = contrast_with(cells, cell, budget->most, 0);
	if (budget->floor > 0) {
		const int at = budget->floor > standing.limits[0] ? 0 : 1;
		standing.contrasts[1] = standing.contrasts[0];
		standing.limits[1] = standing.limits[0];
		standing.contrasts[at] = contrast_with(cells, cell, 0, budget->floor);
		standing.limits[at] = budget->floor;
		standing.count++;
	}
	return standing;
}
