/* SPDX-License-Identifier: Apache-2.0 */
/* See places.h. */
#include "keeper/ledger/places.h"

static void place_sink(struct place *places, uint32_t at, uint32_t count)
{
	const struct place sinking = places[at];
	for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
		child += child + 1 < count && places[child + 1].address > places[child].address;
		if (places[child].address <= sinking.address)
			break;
		places[at] = places[child];
	}
	places[at] = sinking;
}

void places_sort(struct place *places, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		place_sink(places, i, count);
	while (count > 1) {
		const struct place last = places[--count];
		places[count] = places[0];
		places[0] = last;
		place_sink(places, 0, count);
	}
}
