/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holm's method decides which suspects (budget_findings.h) are really beyond their limits: one false failure stops a
 * release as well as many do, so the chance of even one must be small.
 */
#include "check/check.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check/blame.h"
#include "check/budget_findings.h"
#include "check/values/names.h"
#include "check/weigh.h"
#include "profile/lost.h"
#include "statistics/discovery.h"

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
		lost.less |= profile_may_exceed(profile);
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

/* Matching is by names: nothing fails, and no function passes, because only one side has them. */
static void row_heed_names(struct check *check, struct check_row *row)
{
	const struct budget *budget = row->budget;
	bool are_alike = true;

	if (!budget->is_relative || row->result == CHECK_UNDECIDED)
		return;
	if (budget->scope == SCOPE_CALLS) {
		are_alike = names_are_all_alike(check->runs);
	} else if (budget->scope == SCOPE_EACH && budget->each != GROUP_BY_MODULE && row->result == CHECK_FAIL &&
		   row->group && group_location(row->group)) {
		const struct profile *profile = row->group->profile;
		const uint32_t module = group_location(row->group)->module;
		if (check->named != &profile->modules[module])
			check->is_named_alike = names_are_alike(check->runs, profile, module);
		check->named = &profile->modules[module];
		are_alike = check->is_named_alike;
	}
	if (!are_alike) {
		row->result = CHECK_UNDECIDED;
		row->doubt = DOUBT_NAMES;
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
	row_heed_names(check, added);
	if (added->result == CHECK_FAIL && is_one_of_many(check, added->budget)) {
		added->result = CHECK_UNDECIDED;
		added->doubt = DOUBT_ONE_RUN;
		added->needed_runs = 3;
	}
	if (added->result != CHECK_PASS && !added->group && !added->leak && isfinite(added->value) &&
	    added->budget->measure != CHECK_LOST)
		added->group = blame_find(check, added->budget, added->limit, &added->share);
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
static void suspects_add(struct check *check, struct budget_findings *findings, const double *adjusted)
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
static void budget_close(struct check *check, const struct budget *budget, struct budget_findings *findings,
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
static void budgets_close(struct check *check, struct budget_findings *findings)
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
	return (row_nearness(a) < row_nearness(b)) - (row_nearness(a) > row_nearness(b));
}

void check_make(struct check *check, const struct budgets *budgets, struct check_runs *runs, double chance)
{
	struct budget_findings *findings = memory_allocate(budgets->count, sizeof *findings);

	*check = (struct check){.budgets = budgets, .runs = runs, .chance = chance};
	sites_init(&check->sites, runs->profiles, runs->profile_count);
	for (size_t i = 0; i < budgets->count; i++) {
		budget_findings_make(&findings[i], check, &budgets->items[i]);
		check->tests += findings[i].tests;
	}
	budgets_close(check, findings);
	for (size_t i = 0; i < budgets->count; i++)
		budget_findings_free(&findings[i]);
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
