/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/leak_count.h"

#include <stdlib.h>

#include "base/memory.h"
#include "check/values/sites.h"
#include "check/values/suppress.h"

/* What a budget counts, by group of a run's leaks. Growth over many places belongs to no single group: it counts for
 * the process. */
struct counted {
	const struct budget *budget;
	const struct leaks *leaks;
	bool *below, *suppressed; /* NULL: all are below, none is suppressed */
};

static bool is_counted(const struct counted *counted, const struct leak_row *row)
{
	if (row->spread)
		return counted->budget->scope == SCOPE_PROCESS;
	if (counted->suppressed && counted->suppressed[row->group])
		return false;
	if (counted->budget->scope == SCOPE_MODULE)
		return group_is_of_module(&counted->leaks->groups.groups[row->group], counted->budget->module);
	return !counted->below || counted->below[row->group];
}

static void doubt_count(struct leak_count *count, const struct leak_row *row)
{
	if (count->doubtful_count++ == 0) /* rows come in the order in which leaks are shown */
		count->doubtful = row;
}

static void row_count(struct leak_count *count, const struct counted *counted, const struct leak_row *row)
{
	if (!is_counted(counted, row))
		return;
	count->tests++;
	if (leak_is_sure(row))
		count->sure[count->sure_count++] = row;
	else if (row->verdict == LEAK_LEAK || row->verdict == LEAK_GROWING)
		doubt_count(count, row);
}

static int surest_first(const void *left, const void *right)
{
	const struct leak_row *a = *(const struct leak_row *const *)left, *b = *(const struct leak_row *const *)right;

	if (a->evidence.p != b->evidence.p)
		return a->evidence.p < b->evidence.p ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

void leak_count_make(struct leak_count *count, const struct check_run *run, const struct budget *budget,
		     const struct budgets *budgets)
{
	const struct leaks *leaks = &run->leaks;
	struct counted counted = {.budget = budget, .leaks = leaks, .suppressed = suppressed_leaks(budgets, leaks)};

	if (budget->scope == SCOPE_CALLS)
		counted.below = leaks_below(leaks, &budget->calls);
	*count = (struct leak_count){
	    .sure = memory_allocate((size_t)leaks->count + leaks->spread_count + 1, sizeof *count->sure)};
	for (uint32_t i = 0; i < leaks->count; i++)
		row_count(count, &counted, &leaks->rows[i]);
	for (uint32_t i = 0; i < leaks->spread_count; i++)
		row_count(count, &counted, &leaks->spreads[i].row);
	qsort(count->sure, count->sure_count, sizeof(const struct leak_row *), surest_first);
	free(counted.below);
	free(counted.suppressed);
}

void leak_count_free(struct leak_count *count)
{
	free(count->sure);
	*count = (struct leak_count){0};
}
