/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at each budget's cells: see budget_findings.h. */
#include "check/budget_findings.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check/values/cells.h"
#include "check/values/leak_count.h"
#include "check/values/lost.h"
#include "check/values/suppress.h"
#include "check/weigh.h"
#include "statistics/measure.h"

struct check_row row_begin(const struct budget *budget)
{
	return (struct check_row){.budget = budget,
				  .result = CHECK_UNDECIDED,
				  .value = NAN,
				  .low = NAN,
				  .high = NAN,
				  .limit = budget->is_relative ? NAN : budget->most,
				  .base = NAN,
				  .p = NAN,
				  .share = NAN};
}

double row_nearness(const struct check_row *row)
{
	return row->limit > 0 ? row->value / row->limit : row->value;
}

void nearest_keep(struct nearest *nearest, const struct check_row *row, const struct contrast *contrast)
{
	if (nearest->count++ > 0 && row_nearness(row) <= row_nearness(&nearest->row))
		return;
	nearest->row = *row;
	nearest->contrast = *contrast;
}

static void suspect_add(struct budget_findings *findings, const struct check_row *row, const struct contrast *contrast,
			double p)
{
	ARRAY_RESERVE(findings->suspects, findings->suspect_count, findings->suspect_capacity);
	findings->suspects[findings->suspect_count++] = (struct suspect){*row, *contrast, p};
}

static void cell_judge(struct budget_findings *findings, const struct cells *cells, uint32_t cell,
		       const struct group *group)
{
	const struct standing standing = cells_standing(cells, cell);
	const struct contrast *contrast = &standing.contrasts[0];
	struct check_row row = row_begin(cells->budget);

	row.value = cells_mean(cells, SIDE_AFTER, cell);
	row.base = standing.base;
	row.limit = standing.limits[0];
	row.group = group;
	if (row.value == 0 && !(row.base > 0) && row.limit > 0 && cells->budget->scope != SCOPE_PROCESS &&
	    cells->budget->scope != SCOPE_EACH) {
		row.doubt = DOUBT_NO_SITE;
		nearest_keep(&findings->open, &row, contrast);
		return;
	}
	/* A cell that shows nothing can't fail, so it is not a test. */
	findings->tests += row.value > 0;
	switch (standing_weigh(&standing)) {
	case WEIGHT_WITHIN:
		nearest_keep(&findings->within, &row, contrast);
		return;
	case WEIGHT_OPEN:
		nearest_keep(&findings->open, &row, contrast);
		return;
	case WEIGHT_BEYOND:
		suspect_add(findings, &row, contrast, standing_p_beyond(&standing));
	}
}

static enum check_doubt fault_doubt(enum sums_fault fault)
{
	static const enum check_doubt doubts[] = {[SUMS_ABSENT] = DOUBT_NO_VALUE,
						  [SUMS_NO_RATE] = DOUBT_NO_RATE,
						  [SUMS_NO_WORK] = DOUBT_NO_WORK,
						  [SUMS_NO_EARLIER_MOMENT] = DOUBT_NO_BEFORE};

	return doubts[fault];
}

/* Notes that a budget can't be decided. */
static void findings_doubt(struct budget_findings *findings, const struct budget *budget, enum check_doubt doubt)
{
	findings->open = (struct nearest){.row = row_begin(budget), .count = 1};
	findings->open.row.doubt = doubt;
}

static void cells_judge(struct check *check, struct budget_findings *findings, const struct cells *cells)
{
	const struct budget *budget = cells->budget;
	const bool each = budget->scope == SCOPE_EACH;
	bool *suppressed = each ? suppressed_groups(check->budgets, &check->sites, budget->each) : NULL;

	for (uint32_t cell = 0; cell < cells->count; cell++)
		if (!suppressed || !suppressed[cell])
			cell_judge(findings, cells, cell,
				   each ? &check->sites.tables[budget->each].groups[cell] : NULL);
	free(suppressed);
}

static void values_judge(struct check *check, struct budget_findings *findings, const struct budget *budget)
{
	struct cells cells;

	if (budget->is_relative && !check->runs->count[SIDE_BASE]) {
		findings_doubt(findings, budget, DOUBT_NO_BASE);
		return;
	}
	if (measure_moment(budget->measure) == MOMENT_NOW && runs_end_differently(check->runs, budget->is_relative)) {
		findings_doubt(findings, budget, DOUBT_MOMENTS);
		return;
	}
	cells_open(&cells, check->runs, budget, &check->sites);
	if (cells.fault != SUMS_FINE)
		findings_doubt(findings, budget, fault_doubt(cells.fault));
	else
		cells_judge(check, findings, &cells);
	cells_close(&cells);
}

static void row_name_leak(struct check_row *row, const struct check_run *run, const struct leak_row *leak)
{
	row->leak = leak;
	row->group = leak->spread ? NULL : &run->leaks.groups.groups[leak->group];
}

/* Leaks beyond those that the budget allows are suspects, each with its own evidence. */
static void run_judge_leaks(struct check *check, struct budget_findings *findings, const struct budget *budget,
			    const struct check_run *run)
{
	struct check_row row = row_begin(budget);
	struct leak_count count;

	leak_count_make(&count, run, budget, check->budgets);
	findings->tests += count.tests;
	row.value = row.low = count.sure_count;
	row.high = count.sure_count + count.doubtful_count;
	for (uint32_t i = 0; i < count.sure_count; i++) {
		if (i < budget->most)
			continue;
		row_name_leak(&row, run, count.sure[i]);
		suspect_add(findings, &row, &(struct contrast){0}, row.leak->evidence.p);
	}
	if (row.high <= budget->most) {
		nearest_keep(&findings->within, &row, &(struct contrast){0});
	} else if (row.value <= budget->most) {
		row.doubt = DOUBT_CAUTIONS;
		row_name_leak(&row, run, count.doubtful);
		nearest_keep(&findings->open, &row, &(struct contrast){0});
	}
	leak_count_free(&count);
}

static void leaks_judge(struct check *check, struct budget_findings *findings, const struct budget *budget)
{
	for (size_t i = 0; i < check->runs->count[SIDE_AFTER]; i++) {
		const struct check_run *run = &check->runs->items[SIDE_AFTER][i];
		if (run->is_judged && run->leaks.can_judge) {
			run_judge_leaks(check, findings, budget, run);
			continue;
		}
		findings_doubt(findings, budget, DOUBT_UNJUDGED);
		findings->open.row.run = run;
	}
}

/* Lost memory is not a matter of chance: nothing refers to it. */
static void run_judge_lost(struct check *check, struct budget_findings *findings, const struct budget *budget,
			   const struct check_run *run)
{
	struct check_row row = row_begin(budget);
	struct lost_places places;

	lost_places_find(&places, run, budget, check->budgets, &check->sites);
	row.value = places.count;
	findings->tests += places.count;
	for (uint32_t i = 0; i < places.count; i++) {
		if (i < budget->most)
			continue;
		row.group = places.items[i].group;
		row.share = sum_estimate(&places.items[i].lost.bytes);
		row.lost_blocks = sum_estimate(&places.items[i].lost.objects);
		row.lost_by_nobody = places.items[i].blocks_by_nobody;
		suspect_add(findings, &row, &(struct contrast){0}, 0);
	}
	if (!places.is_known)
		findings_doubt(findings, budget, DOUBT_NO_LOOK);
	else if (row.value <= budget->most)
		nearest_keep(&findings->within, &row, &(struct contrast){0});
	lost_places_free(&places);
}

static void lost_judge(struct check *check, struct budget_findings *findings, const struct budget *budget)
{
	for (size_t i = 0; i < check->runs->count[SIDE_AFTER]; i++)
		run_judge_lost(check, findings, budget, &check->runs->items[SIDE_AFTER][i]);
}

void budget_findings_make(struct budget_findings *findings, struct check *check, const struct budget *budget)
{
	if (budget->measure == CHECK_LEAKS)
		leaks_judge(check, findings, budget);
	else if (budget->measure == CHECK_LOST)
		lost_judge(check, findings, budget);
	else
		values_judge(check, findings, budget);
}

void budget_findings_free(struct budget_findings *findings)
{
	free(findings->suspects);
}
