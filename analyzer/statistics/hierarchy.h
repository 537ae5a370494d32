/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of elements may prove what no element proves alone. Sets contain each other, or overlap, and each has a test.
 * This finds the sets that explain the growth at the lowest level, with false discoveries controlled over all of them.
 */
#ifndef SEEP_STATISTICS_HIERARCHY_H
#define SEEP_STATISTICS_HIERARCHY_H

#include <stddef.h>
#include <stdint.h>

struct hierarchy {
	const size_t *begin; /* by set, with one entry more: where its elements begin in `elements` */
	const uint32_t *elements;
	size_t set_count, element_count;
};

/*
 * `p`: by set, for "it does not grow"; NaN: no test. `growth`: by element; NaN: the element counts in no set. Writes
 * the indices of the sets found, at a false discovery rate of `q` (no two of them share an element), and returns how
 * many. Of the significant sets, these are the smallest that hold at least half of the growth of each larger one.
 */
size_t hierarchy_explain(const struct hierarchy *hierarchy, const double *p, const double *growth, double q,
			 uint32_t *found);

#endif
