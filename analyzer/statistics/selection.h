/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the value that would be at a given place if the values were sorted, in linear time. */
#ifndef SEEP_STATISTICS_SELECTION_H
#define SEEP_STATISTICS_SELECTION_H

#include <stddef.h>

enum { SELECTION_SETTLED = 64 };

struct selection {
	double *values;  /* their order changes */
	double *scratch; /* of the same length */
	size_t count;
	struct selection_settled {
		size_t begin, end;
	} settled[SELECTION_SETTLED]; /* equal values that are in their places: earlier calls found them */
	size_t settled_count;
};

/* The value at `place`, below `count`, of the ascending order. It may be called several times, with places in any
 * order. */
double select_place(struct selection *selection, size_t place);

#endif
