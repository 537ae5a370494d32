/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First, the cells of every budget are sorted into those within their limits, those that may be beyond, and those that
 * can't be told. Once the number of all tests is known, Holm's method decides which of those that may be beyond really
 * are: one false failure stops a release as well as many do, so the chance of even one must be small.
 */
#include "check/check.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check/blame.h"
#include "check/values/cells.h"
#include "check/values/leak_count.h"
#include "check/values/lost.h"
#include "check/values/suppress.h"
#include "check/weigh.h"
#include "profile/lost.h"
#include "statistics/discovery.h"
#include "statistics/measure.h"

const char *check_result_name(enum check_result result)
{
	static const char *const names[] = {"pass", "undecided", "fail"};

	return names[result];
}

struct runs_need check_need(const struct budgets *budgets)
{
	struct runs_need need = {0};

	for (size_t i = 0; i < budgets->count; i++) {
		const struct budget *budget = &budgets->items[i];
		need.leaks |= budget->measure == CHECK_LEAKS;
		need.moments |= 1u << measure_moment(budget->measure);
		if (budget->measure == CHECK_GROWTH)
			need.moments |= 1u << MOMENT_BEFORE;
		if (budget->measure == CHECK_PEAK)
			need.moments |= 1u << MOMENT_LAST;
	}
	return need;
}

/* A test that may have found something: a row with the p-value that it has taken alone. */
struct suspect {
	struct check_row row;
	struct contrast contrast;
	double p;
};

/* Of cells with the same result: the one nearest to its limit, or farthest beyond it. */
struct nearest {
	struct check_row row;
	struct contrast contrast;
	uint32_t count;
};

/* The results of a budget's cells. */
struct findings {
	struct nearest within, open;
	struct suspect *suspects;
	size_t suspect_count, suspect_capacity;
	double tests;
};

static struct check_row row_begin(const struct budget *budget)
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

/* How near to its limit the row is, as a share of the limit. */
static double nearness(const struct check_row *row)
{
	return row->limit > 0 ? row->value / row->limit : row->value;
}

static void nearest_keep(struct nearest *nearest, const struct check_row *row, const struct contrast *contrast)
{
	if (nearest->count++ > 0 && nearness(row) <= nearness(&nearest->row))
		return;
	nearest->row = *row;
	nearest->contrast = *contrast;
}

static void suspect_add(struct findings *findings, const struct check_row *row, const struct contrast *contrast,
			double p)
{
	ARRAY_RESERVE(findings->suspects, findings->suspect_count, findings->suspect_capacity);
	findings->suspects[findings->suspect_count++] = (struct suspect){*row, *contrast, p};
}

static void cell_judge(struct findings *findings, const struct cells *cells, uint32_t cell, const struct group *group)
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
static void findings_doubt(struct findings *findings, const struct budget *budget, enum check_doubt doubt)
{
	findings->open = (struct nearest){.row = row_begin(budget), .count = 1};
	findings->open.row.doubt = doubt;
}

static void cells_judge(struct check *check, struct findings *findings, const struct cells *cells)
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

static void values_judge(struct check *check, struct findings *findings, const struct budget *budget)
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

/* Leaks beyond those that the budget allows are suspects, each with its own evidence. */
static void run_judge_leaks(struct check *check, struct findings *findings, const struct budget *budget,
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
		row.leak = count.sure[i];
		row.group = row.leak->spread ? NULL : &run->leaks.groups.groups[row.leak->group];
		suspect_add(findings, &row, &(struct contrast){0}, row.leak->evidence.p);
	}
	if (row.high <= budget->most) {
		nearest_keep(&findings->within, &row, &(struct contrast){0});
	} else if (row.value <= budget->most) {
		row.doubt = DOUBT_CAUTIONS;
		nearest_keep(&findings->open, &row, &(struct contrast){0});
	}
	leak_count_free(&count);
}

static void leaks_judge(struct check *check, struct findings *findings, const struct budget *budget)
{
	for (size_t i = 0; i < check->runs->count[SIDE_AFTER]; i++) {
		const struct check_run *run = &check->runs->items[SIDE_AFTER][i];
		if (run->is_judged && run->leaks.can_judge) {
			run_judge_leaks(check, findings, budget, run);
			continue;
		}
		findings_doubt(findings, budget, DOUBT_UNJUDGED);
		findings->open.row.text =
		    run->is_judged ? "the recording is too short to tell a leak" : run->unjudged.text;
	}
}

/* Lost memory is not a matter of chance: nothing refers to it. */
static void run_judge_lost(struct check *check, struct findings *findings, const struct budget *budget,
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

static void lost_judge(struct check *check, struct findings *findings, const struct budget *budget)
{
	for (size_t i = 0; i < check->runs->count[SIDE_AFTER]; i++)
		run_judge_lost(check, findings, budget, &check->runs->items[SIDE_AFTER][i]);
}

/* How losses weaken a decision. `more`: there may be more than the runs of a side show; `less`: there may be less. */
struct lost {
	bool more, less;
};

static struct lost side_lost(const struct check_runs *runs, enum check_side side, enum check_measure measure)
{
	struct lost lost = {0};

	for (size_t i = 0; i < runs->count[side] && !check_measure_is_of_process(measure); i++) {
		const struct profile *profile = run_profile(runs, &runs->items[side][i], measure_moment(measure));
		lost.more |= profile_is_lower_bound(profile);
		lost.less |= profile->losses[SEEP_LOSS_EVENTS_DOUBTED] || (profile->flags & SEEP_SNAPSHOT_DOUBTED);
	}
	return lost;
}

static void row_heed_losses(struct check_row *row, const struct check_runs *runs)
{
	const enum check_measure measure = row->budget->measure;
	const struct lost after = side_lost(runs, SIDE_AFTER, measure);
	const struct lost base = row->budget->is_relative ? side_lost(runs, SIDE_BASE, measure) : (struct lost){0};

	if (row->result == CHECK_PASS && (after.more || base.less)) {
		row->result = CHECK_UNDECIDED;
		row->doubt = DOUBT_LOST_AFTER;
	} else if (row->result == CHECK_FAIL && (after.less || base.more)) {
		row->result = CHECK_UNDECIDED;
		row->doubt = DOUBT_LOST;
	}
}

/* RSS of one run a side is exact, but says nothing about the next run. */
static bool is_one_of_many(const struct check *check, const struct budget *budget)
{
	return check_measure_is_of_process(budget->measure) && budget->is_relative &&
	       check->runs->count[SIDE_AFTER] + check->runs->count[SIDE_BASE] < 3;
}

static void row_add(struct check *check, const struct check_row *row)
{
	ARRAY_RESERVE(check->rows, check->count, check->capacity);
	struct check_row *added = &check->rows[check->count++];
	*added = *row;
	row_heed_losses(added, check->runs);
	if (added->result == CHECK_FAIL && is_one_of_many(check, added->budget)) {
		added->result = CHECK_UNDECIDED;
		added->doubt = DOUBT_ONE_RUN;
		added->needed_runs = 3;
	}
	if (added->result != CHECK_PASS && !added->group && !added->leak && isfinite(added->value) &&
	    added->budget->measure != CHECK_LOST)
		added->group = blame_find(check, added->budget, &added->share);
}

static void nearest_add(struct check *check, struct nearest *nearest, enum check_result result)
{
	struct check_row *row = &nearest->row;

	row->result = result;
	row->others = nearest->count - 1;
	if (!check_measure_is_of_places(row->budget->measure) && row->doubt != DOUBT_MANY && isfinite(row->value))
		row_fill(row, &nearest->contrast);
	if (result == CHECK_UNDECIDED && row->doubt == DOUBT_NONE)
		row->doubt = DOUBT_SAMPLING;
	if (row->doubt == DOUBT_SAMPLING)
		row_advise(row, &nearest->contrast, check->runs, check->chance / fmax(check->tests, 1));
	row_add(check, row);
}

/* Suspects that are beyond their limits even among all tests fail; the others join the cells that can't be told. */
static void suspects_add(struct check *check, struct findings *findings, const double *adjusted)
{
	for (size_t i = 0; i < findings->suspect_count; i++) {
		struct suspect *suspect = &findings->suspects[i];
		struct check_row *row = &suspect->row;
		const bool fails = adjusted[i] <= check->chance;
		row->p = adjusted[i];
		row->result = fails ? CHECK_FAIL : CHECK_UNDECIDED;
		row->doubt = fails ? DOUBT_NONE : DOUBT_MANY;
		const bool is_sum = !check_measure_is_of_places(row->budget->measure);
		if (is_sum)
			row_fill(row, &suspect->contrast);
		if (is_sum && !fails)
			row_advise(row, &suspect->contrast, check->runs, check->chance / check->tests);
		if (fails)
			row_add(check, row);
		else
			nearest_keep(&findings->open, row, &suspect->contrast);
	}
}

/* Makes the rows of a budget, once all tests are counted: one for each failure, or the one that says most. */
static void budget_close(struct check *check, const struct budget *budget, struct findings *findings,
			 const double *adjusted)
{
	const size_t first = check->count;

	suspects_add(check, findings, adjusted);
	if (check->count == first && findings->open.count) {
		nearest_add(check, &findings->open, CHECK_UNDECIDED);
	} else if (check->count == first) {
		if (!findings->within.count) {
			findings->within = (struct nearest){.row = row_begin(budget), .count = 1};
			findings->within.row.value = 0;
		}
		nearest_add(check, &findings->within, CHECK_PASS);
	}
	enum check_result result = CHECK_PASS;
	for (size_t i = first; i < check->count; i++)
		result = check->rows[i].result > result ? check->rows[i].result : result;
	check->results[result]++;
	check->result = result > check->result ? result : check->result;
}

/* Adjusts the p-values of all suspects together, and gives each budget its own. */
static void budgets_close(struct check *check, struct findings *findings)
{
	const size_t count = check->budgets->count;
	size_t all = 0;

	for (size_t i = 0; i < count; i++)
		all += findings[i].suspect_count;
	double *p = memory_allocate(all + 1, sizeof *p), *adjusted = memory_allocate(all + 1, sizeof *adjusted);
	for (size_t i = 0, at = 0; i < count; i++)
		for (size_t k = 0; k < findings[i].suspect_count; k++)
			p[at++] = findings[i].suspects[k].p;
	holm_values(p, adjusted, all, check->tests);
	for (size_t i = 0, at = 0; i < count; at += findings[i++].suspect_count)
		budget_close(check, &check->budgets->items[i], &findings[i], adjusted + at);
	free(p);
	free(adjusted);
}

static int row_compare(const void *left, const void *right)
{
	const struct check_row *a = left, *b = right;

	if (a->result != b->result)
		return a->result > b->result ? -1 : 1;
	if (a->budget != b->budget)
		return a->budget < b->budget ? -1 : 1;
	return (nearness(a) < nearness(b)) - (nearness(a) > nearness(b));
}

void check_make(struct check *check, const struct budgets *budgets, struct check_runs *runs, double chance)
{
	struct findings *findings = memory_allocate(budgets->count, sizeof *findings);

	*check = (struct check){.budgets = budgets, .runs = runs, .chance = chance};
	sites_init(&check->sites, runs->profiles, runs->profile_count);
	for (size_t i = 0; i < budgets->count; i++) {
		if (budgets->items[i].measure == CHECK_LEAKS)
			leaks_judge(check, &findings[i], &budgets->items[i]);
		else if (budgets->items[i].measure == CHECK_LOST)
			lost_judge(check, &findings[i], &budgets->items[i]);
		else
			values_judge(check, &findings[i], &budgets->items[i]);
		check->tests += findings[i].tests;
	}
	budgets_close(check, findings);
	for (size_t i = 0; i < budgets->count; i++)
		free(findings[i].suspects);
	free(findings);
	if (check->count)
		qsort(check->rows, check->count, sizeof *check->rows, row_compare);
}

void check_free(struct check *check)
{
	sites_free(&check->sites);
	free(check->rows);
	*check = (struct check){0};
}
