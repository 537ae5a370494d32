/* SPDX-License-Identifier: Apache-2.0 */
/* Digit by digit from the lowest one on, each by counting; a digit that all keys share is passed over. */
#include "work/keyed.h"

#include <stdlib.h>

#include "base/memory.h"

/* Of a few items, wide digits would cost more to count than the items do to move; of a handful, any digits would. */
enum { HANDFUL = 32, FEW = 4096, BITS_OF_FEW = 8, BITS = 11 };

static size_t digit_of(uint64_t key, unsigned digit, unsigned bits)
{
	return key >> digit * bits & ((1u << bits) - 1);
}

/* Puts the items into `to` by one digit; `places`: how many have each value, and then where the next one of it belongs. */
static void digit_sort(const struct keyed *items, struct keyed *to, size_t count, unsigned digit, unsigned bits,
		       uint32_t *places)
{
	uint32_t next = 0;

	for (size_t value = 0; value >> bits == 0; value++) {
		const uint32_t begin = next;
		next += places[value];
		places[value] = begin;
	}
	for (size_t i = 0; i < count; i++)
		to[places[digit_of(items[i].key, digit, bits)]++] = items[i];
}

static void handful_sort(struct keyed *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct keyed item = items[i];
		size_t place = i;
		for (; place > 0 && items[place - 1].key > item.key; place--)
			items[place] = items[place - 1];
		items[place] = item;
	}
}

void keyed_sort(struct keyed *items, size_t count)
{
	if (count <= HANDFUL) {
		handful_sort(items, count);
		return;
	}
	const unsigned bits = count < FEW ? BITS_OF_FEW : BITS, digits = (64 + bits - 1) / bits;
	uint32_t *places = memory_allocate((size_t)digits << bits, sizeof *places);
	struct keyed *from = items, *to = memory_allocate(count, sizeof *to), *room = to;

	for (size_t i = 0; i < count; i++)
		for (unsigned digit = 0; digit < digits; digit++)
			places[(digit << bits) + digit_of(items[i].key, digit, bits)]++;
	for (unsigned digit = 0; digit < digits; digit++) {
		uint32_t *const of_digit = places + (digit << bits);
		if (of_digit[digit_of(items[0].key, digit, bits)] == count)
			continue;
		digit_sort(from, to, count, digit, bits, of_digit);
		struct keyed *const sorted = to;
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, count * sizeof *items);
	free(room);
	free(places);
}
