/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Y. Benjamini & Y. Hochberg, "Controlling the false discovery rate", Journal
 * of the Royal Statistical Society B 57 (1995) 289-300, in the form of
 * adjusted p-values: q(i) = min over j >= i of p(j) m / j, p ascending. And S. Holm, "A simple sequentially rejective
 * multiple test procedure", Scandinavian Journal of Statistics 6 (1979) 65-70: max over j <= i of p(j) (m - j + 1).
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

/* The known p-values, in ascending order; the caller frees them. */
static struct ranked *ranked_make(const double *p, size_t count, size_t *known)
{
	struct ranked *order = memory_allocate(count ? count : 1, sizeof *order);

	*known = 0;
	for (size_t i = 0; i < count; i++)
		if (!isnan(p[i]))
			order[(*known)++] = (struct ranked){p[i], i};
	qsort(order, *known, sizeof *order, ranked_compare);
	return order;
}

void q_values(const double *p, double *q, size_t count, size_t tests)
{
	size_t known;
	struct ranked *order = ranked_make(p, count, &known);

	for (size_t i = 0; i < count; i++)
		q[i] = NAN;
	double least = 1;
	for (size_t j = known; j > 0; j--) {
		const double p_here = order[j - 1].p;
		/* q is never below p, not even by rounding. */
		least = fmin(least, fmax(p_here, p_here * (double)tests / (double)j));
		q[order[j - 1].index] = least;
	}
	free(order);
}

void holm_values(const double *p, double *adjusted, size_t count, double tests)
{
	size_t known;
	struct ranked *order = ranked_make(p, count, &known);
	double most = 0;

	for (size_t i = 0; i < count; i++)
		adjusted[i] = NAN;
	for (size_t j = 0; j < known; j++) {
		most = fmax(most, fmin(order[j].p * fmax(tests - (double)j, 1), 1));
		adjusted[order[j].index] = most;
	}
	free(order);
}
