/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quickselect (C. A. R. Hoare, Communications of the ACM 4 (1961) 321), with the median of three as its pivot. Parts
 * are written from both ends of the scratch, so that no branch depends on a value. If pivots keep failing, as with
 * values that were made for that purpose, the rest is sorted.
 */
#include "statistics/selection.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MOST 40 /* chance needs about twelve for the slopes of a whole series */

static int value_compare(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median_of_three(double a, double b, double c)
{
	const double low = a < b ? a : b, high = a < b ? b : a;

	return c < low ? low : c > high ? high : c;
}

/* Puts the values below the pivot first and those above it last. `*above`: the end of those equal to it. */
static size_t part(double *values, double *scratch, size_t count, double pivot, size_t *above)
{
	size_t low = 0, high = count - 1;

	for (size_t i = 0; i < count; i++) {
		const double value = values[i];
		scratch[low] = scratch[high] = value;
		low += value < pivot;
		high -= value > pivot;
	}
	*above = high + 1;
	memcpy(values, scratch, low * sizeof *values);
	for (size_t i = low; i < *above; i++)
		values[i] = pivot;
	memcpy(values + *above, scratch + *above, (count - *above) * sizeof *values);
	return low;
}

/* Narrows the part that the place is in; false: what belongs there is there. */
static bool part_find(const struct selection *selection, size_t place, size_t *begin, size_t *end)
{
	*begin = 0;
	*end = selection->count;
	for (size_t i = 0; i < selection->settled_count; i++) {
		const size_t first = selection->settled[i].begin, behind = selection->settled[i].end;
		if (place >= first && place < behind)
			return false;
		if (behind <= place && behind > *begin)
			*begin = behind;
		if (first > place && first < *end)
			*end = first;
	}
	return true;
}

static void settle(struct selection *selection, size_t begin, size_t end)
{
	if (selection->settled_count < SELECTION_SETTLED)
		selection->settled[selection->settled_count++] = (struct selection_settled){begin, end};
}

double select_place(struct selection *selection, size_t place)
{
	size_t begin, end;

	if (!part_find(selection, place, &begin, &end))
		return selection->values[place];
	for (int round = 0; end - begin > 1; round++) {
		double *values = selection->values + begin;
		const size_t count = end - begin;
		size_t above;
		if (round == ROUNDS_MOST) {
			qsort(values, count, sizeof *values, value_compare);
			break;
		}
		const double pivot = median_of_three(values[0], values[count / 2], values[count - 1]);
		const size_t below = part(values, selection->scratch, count, pivot, &above);
		settle(selection, begin + below, begin + above);
		if (place < begin + below)
			end = begin + below;
		else if (place >= begin + above)
			begin += above;
		else
			return pivot;
	}
	return selection->values[place];
}
