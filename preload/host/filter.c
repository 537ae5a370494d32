/* SPDX-License-Identifier: Apache-2.0 */
/* The filter's counters: see filter.h. */
#include "host/filter.h"

_Atomic uint8_t filter_counters[FILTER_SLOTS];

void filter_mark(const void *address)
{
	_Atomic uint8_t *slot = filter_slot(address);
	uint8_t count = load_relaxed(slot);
	while (count < FILTER_STUCK &&
	       !atomic_compare_exchange_weak_explicit(slot, &count, (uint8_t)(count + 1), memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void filter_unmark(const void *address)
{
	_Atomic uint8_t *slot = filter_slot(address);
	uint8_t count = load_relaxed(slot);
	while (count > 0 && count < FILTER_STUCK &&
	       !atomic_compare_exchange_weak_explicit(slot, &count, (uint8_t)(count - 1), memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void filter_mark_for_ever(const void *address)
{
	store_relaxed(filter_slot(address), FILTER_STUCK);
}

void filter_reset(void)
{
	for (uint32_t i = 0; i < FILTER_SLOTS; i++) {
		uint8_t count = load_relaxed(&filter_counters[i]);
		if (count > 0 && count < FILTER_STUCK) /* don't touch pages that are zero */
			store_relaxed(&filter_counters[i], 0);
	}
}
