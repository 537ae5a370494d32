/* SPDX-License-Identifier: Apache-2.0 */
/* Digit by digit from the lowest one on, each by counting; a digit that all keys share is passed over. */
#include "work/keyed.h"

#include <stdlib.h>

#include "base/memory.h"

enum { DIGIT_BITS = 11, VALUES = 1 << DIGIT_BITS, DIGITS = (64 + DIGIT_BITS - 1) / DIGIT_BITS };

static size_t digit_of(uint64_t key, int digit)
{
	return key >> digit * DIGIT_BITS & (VALUES - 1);
}

/* Puts the items into `to` by one digit; `places`: how many have each value, and then where the next one of it belongs. */
static void digit_sort(const struct keyed *items, struct keyed *to, size_t count, int digit, uint32_t *places)
{
	uint32_t next = 0;

	for (size_t value = 0; value < VALUES; value++) {
		const uint32_t begin = next;
		next += places[value];
		places[value] = begin;
	}
	for (size_t i = 0; i < count; i++)
		to[places[digit_of(items[i].key, digit)]++] = items[i];
}

void keyed_sort(struct keyed *items, size_t count)
{
	uint32_t(*places)[VALUES] = memory_allocate(DIGITS, sizeof *places);
	struct keyed *from = items, *to = memory_allocate(count, sizeof *to), *room = to;

	for (size_t i = 0; i < count; i++)
		for (int digit = 0; digit < DIGITS; digit++)
			places[digit][digit_of(items[i].key, digit)]++;
	for (int digit = 0; digit < DIGITS && count; digit++) {
		if (places[digit][digit_of(items[0].key, digit)] == count)
			continue;
		digit_sort(from, to, count, digit, places[digit]);
		struct keyed *const sorted = to;
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, count * sizeof *items);
	free(room);
	free(places);
}
