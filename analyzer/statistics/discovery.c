/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Y. Benjamini & Y. Hochberg, "Controlling the false discovery rate", Journal
 * of the Royal Statistical Society B 57 (1995) 289-300, in the form of
 * adjusted p-values: q(i) = min over j >= i of p(j) m / j, p ascending.
 */
#include "statistics/discovery.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

struct ranked {
	double p;
	size_t index;
};

static int ranked_compare(const void *left, const void *right)
{
	const struct ranked *a = left;
	const struct ranked *b = right;

	return (a->p > b->p) - (a->p < b->p);
}

void q_values(const double *p, double *q, size_t count, size_t tests)
{
	struct ranked *order = memory_allocate(count ? count : 1, sizeof *order);
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		q[i] = NAN;
		if (!isnan(p[i]))
			order[known++] = (struct ranked){p[i], i};
	}
	qsort(order, known, sizeof *order, ranked_compare);
	double least = 1;
	for (size_t j = known; j > 0; j--) {
		const double p_here = order[j - 1].p;
		/* q is never below p, not even by rounding. */
		least = fmin(least, fmax(p_here, p_here * (double)tests / (double)j));
		q[order[j - 1].index] = least;
	}
	free(order);
}
