/* SPDX-License-Identifier: Apache-2.0 */
/* Binary search in tables that are sorted by a number of 64 bits that each entry has. */
#ifndef SEEP_SEARCH_H
#define SEEP_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/* The number of entries whose number is below the limit. `at`: where in an entry the number is. */
static inline size_t seep_count_below(const void *entries, size_t count, size_t entry_bytes, size_t at, uint64_t limit)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (*(const uint64_t *)(const void *)((const char *)entries + middle * entry_bytes + at) < limit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same, with a number that is the limit or below. */
static inline size_t seep_count_to(const void *entries, size_t count, size_t entry_bytes, size_t at, uint64_t last)
{
	return last == UINT64_MAX ? count : seep_count_below(entries, count, entry_bytes, at, last + 1);
}

#define SEEP_COUNT_BELOW(entries, count, member, limit)                                                                \
	seep_count_below(entries, count, sizeof *(entries), offsetof(__typeof__(*(entries)), member), limit)
#define SEEP_COUNT_TO(entries, count, member, last)                                                                    \
	seep_count_to(entries, count, sizeof *(entries), offsetof(__typeof__(*(entries)), member), last)

#endif
