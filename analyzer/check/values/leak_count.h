/* SPDX-License-Identifier: Apache-2.0 */
/* The leaks of a run that a budget counts. */
#ifndef SEEP_CHECK_VALUES_LEAK_COUNT_H
#define SEEP_CHECK_VALUES_LEAK_COUNT_H

#include "check/file/budgets.h"
#include "check/values/runs.h"

struct leak_count {
	const struct leak_row **sure; /* leaks without a caution, by p-value, the smallest first */
	uint32_t sure_count;
	uint32_t doubtful_count;         /* leaks with a caution, and growth that may be a cache */
	const struct leak_row *doubtful; /* the first of them */
	uint32_t tests;                  /* places that were judged */
};

void leak_count_make(struct leak_count *count, const struct check_run *run, const struct budget *budget,
		     const struct budgets *budgets);
void leak_count_free(struct leak_count *count);

#endif
