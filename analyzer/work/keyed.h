/* SPDX-License-Identifier: Apache-2.0 */
/* Millions of items by a number, sorted without comparing them. */
#ifndef SEEP_WORK_KEYED_H
#define SEEP_WORK_KEYED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct keyed {
	uint64_t key;
	uint32_t item;
};

/* Ascending by key; items with the same key keep their order. */
void keyed_sort(struct keyed *items, size_t count);

/* The key that puts the largest number first, or the smallest. It must be a number. */
static inline uint64_t keyed_descending(double number)
{
	const uint64_t sign = UINT64_C(1) << 63;
	uint64_t bits;

	number += 0.0; /* there are two zeros, which are the same */
	memcpy(&bits, &number, sizeof bits);
	return bits & sign ? bits : ~(bits | sign);
}

static inline uint64_t keyed_ascending(double number)
{
	return ~keyed_descending(number);
}

#endif
