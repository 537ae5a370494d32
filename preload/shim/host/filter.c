/* SPDX-License-Identifier: Apache-2.0 */
/* The filter's counters: see filter.h. */
#include "shim/host/filter.h"

#include "keeper/base/invariant.h"

#define PAGE_SLOTS 4096u
#define PAGES (FILTER_SLOTS / PAGE_SLOTS)
#define WORD_PAGES 64u

_Atomic uint8_t filter_counters[FILTER_SLOTS];
static seep_atomic64
    marked_pages[(PAGES + WORD_PAGES - 1) / WORD_PAGES]; /* a bit for each page that something was marked in */

static void page_note(const _Atomic uint8_t *slot)
{
	uint32_t page = (uint32_t)(slot - filter_counters) / PAGE_SLOTS;
	uint64_t bit = UINT64_C(1) << page % WORD_PAGES;
	if (!(load_relaxed(&marked_pages[page / WORD_PAGES]) & bit))
		or_relaxed(&marked_pages[page / WORD_PAGES], bit);
}

void filter_mark(const void *address)
{
	_Atomic uint8_t *slot = filter_slot(address);
	uint8_t count = load_relaxed(slot);
	page_note(slot);
	while (count < FILTER_STUCK &&
	       !atomic_compare_exchange_weak_explicit(slot, &count, (uint8_t)(count + 1), memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void filter_unmark(const void *address)
{
	_Atomic uint8_t *slot = filter_slot(address);
	uint8_t count = load_relaxed(slot);
	INVARIANT(count > 0); /* each mark is taken back once */
	while (count > 0 && count < FILTER_STUCK &&
	       !atomic_compare_exchange_weak_explicit(slot, &count, (uint8_t)(count - 1), memory_order_relaxed,
						      memory_order_relaxed))
		;
}

void filter_mark_for_ever(const void *address)
{
	store_relaxed(filter_slot(address), FILTER_STUCK);
}

static void page_reset(_Atomic uint8_t *counters)
{
	for (uint32_t i = 0; i < PAGE_SLOTS; i++) {
		if (load_relaxed(&counters[i]) < FILTER_STUCK)
			store_relaxed(&counters[i], 0);
	}
}

void filter_reset(void)
{
	for (uint32_t page = 0; page < PAGES; page++) {
		if (load_relaxed(&marked_pages[page / WORD_PAGES]) >> page % WORD_PAGES & 1)
			page_reset(&filter_counters[page * PAGE_SLOTS]);
	}
}

/* The hash grows with the address, by one at most over so many bytes: an address in between has the counter of the
 * first or of the last. */
#define STRIDE ((1u << (32 - FILTER_BITS)) / FILTER_FACTOR & ~7u)
_Static_assert(STRIDE >= 8, "the search must get on");

const void *filter_find(const void *from, const void *end)
{
	for (const char *at = from; at < (const char *)end; at += filter_test(at + STRIDE) ? 8 : STRIDE) {
		if (filter_test(at))
			return at;
	}
	return NULL;
}
