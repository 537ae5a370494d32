/* SPDX-License-Identifier: Apache-2.0 */
/* The value that would stand at a place if the values were sorted, found in time that is linear in their number. */
#ifndef SEEP_STATISTICS_SELECTION_H
#define SEEP_STATISTICS_SELECTION_H

#include <stddef.h>

struct selection {
	double *values;  /* changes its order */
	double *scratch; /* as long */
	size_t count;
};

/* The value at `place`, below `count`, of the ascending order. Several may be asked for, in any order. */
double select_place(struct selection *selection, size_t place);

#endif
