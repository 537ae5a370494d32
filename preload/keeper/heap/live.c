/* SPDX-License-Identifier: Apache-2.0 */
/* The live table: see live.h for its states and its invariant. */
#include "keeper/heap/live.h"

#include "keeper/base/atomics.h"
#include "keeper/base/invariant.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/site_users.h"

/* Neighbouring objects get neighbouring homes no more often than chance. Two rounds: after one, addresses a page apart
 * (large blocks, the ones that are sampled most) fill the table to half only. */
static uint64_t address_hash(uint64_t address)
{
	uint64_t hash = (address >> 3) * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 32) * UINT64_C(0xbf58476d1ce4e5b9);
	return hash ^ hash >> 32;
}

static uint32_t level_mask(const struct heap *heap, uint32_t level)
{
	return heap->capacity[SEEP_AREA_LIVE0 + level] - 1;
}

static void home_raise(_Atomic uint8_t *home, uint8_t reach)
{
	uint8_t old = load_relaxed(home);
	while (old < reach &&
	       !atomic_compare_exchange_weak_explicit(home, &old, reach, memory_order_relaxed, memory_order_relaxed))
		;
}

static void slot_write(struct seep_heap_live *slot, const struct live_entry *entry)
{
	/* release, each: a reader that sees one of these words then sees WRITING, or the new address, too */
	store_release(&slot->size_rate, (entry->size & SEEP_SIZE_LIMIT) | (uint64_t)entry->rate_index << 48);
	store_release(&slot->site_thread, entry->site | (uint64_t)entry->thread << 32);
	store_release(&slot->birth_ns, entry->birth_ns);
	INVARIANT(load_relaxed(&slot->address) == SEEP_LIVE_WRITING); /* the slot is ours */
	store_release(&slot->address, entry->address);
}

static bool level_insert(const struct heap *heap, uint32_t level, uint64_t hash, const struct live_entry *entry)
{
	uint32_t mask = level_mask(heap, level), home = (uint32_t)hash & mask;
	for (uint32_t distance = 0; distance < live_window(level); distance++) {
		struct seep_heap_live *slot = &heap->live[level][(home + distance) & mask];
		uint64_t expected = SEEP_LIVE_FREE;
		if (load_relaxed(&slot->address) != SEEP_LIVE_FREE ||
		    !atomic_compare_exchange_strong_explicit(&slot->address, &expected, SEEP_LIVE_WRITING,
							     memory_order_acquire, memory_order_relaxed))
			continue;
		home_raise(&heap->homes[level][home], (uint8_t)(distance + 1));
		slot_write(slot, entry);
		return true;
	}
	return false;
}

bool live_insert(const struct heap *heap, const struct live_entry *entry)
{
	INVARIANT(entry->address > SEEP_LIVE_WRITING && !(entry->address & SEEP_LIVE_MOVING));
	uint64_t hash = address_hash(entry->address);
	for (uint32_t level = 0; level < SEEP_LIVE_LEVELS && entry->address <= SEEP_LIVE_ADDRESS; level++) {
		if (!area_room_for_level(heap, level))
			return false;
		if (level_insert(heap, level, hash, entry)) {
			add_relaxed(&heap->header->live_inserted, 1);
			return true;
		}
	}
	return false;
}

static void slot_copy(struct seep_heap_live *slot, uint64_t address, struct live_entry *entry)
{
	uint64_t size_rate = load_acquire(&slot->size_rate), site_thread = load_acquire(&slot->site_thread);
	*entry = (struct live_entry){.address = address,
				     .size = size_rate & SEEP_SIZE_LIMIT,
				     .rate_index = (uint32_t)(size_rate >> 48) & 0xff,
				     .site = (uint32_t)site_thread,
				     .thread = (uint32_t)(site_thread >> 32),
				     .birth_ns = load_acquire(&slot->birth_ns)};
}

static uint64_t word_address(uint64_t word)
{
	return word & SEEP_LIVE_MOVING ? word & SEEP_LIVE_ADDRESS : word;
}

/* The slot of an address, and the word that it had. */
static struct seep_heap_live *slot_find(const struct heap *heap, uint64_t address, uint32_t *level, uint64_t *word)
{
	if (address <= SEEP_LIVE_WRITING) /* free(NULL): 0 is a slot's state and no object */
		return NULL;
	uint64_t hash = address_hash(address);
	for (*level = 0; *level < SEEP_LIVE_LEVELS && area_has_level(heap, *level); ++*level) {
		uint32_t mask = level_mask(heap, *level), home = (uint32_t)hash & mask;
		uint32_t reach = load_relaxed(&heap->homes[*level][home]);
		for (uint32_t distance = 0; distance < reach; distance++) {
			struct seep_heap_live *slot = &heap->live[*level][(home + distance) & mask];
			*word = load_acquire(&slot->address);
			if (word_address(*word) == address)
				return slot;
		}
	}
	return NULL;
}

/* release: the slot has been copied before anybody can claim it */
static bool slot_change(struct seep_heap_live *slot, uint64_t from, uint64_t to)
{
	return atomic_compare_exchange_strong_explicit(&slot->address, &from, to, memory_order_release,
						       memory_order_relaxed);
}

/* The caller becomes a user of the site before the table stops naming it. */
static bool slot_empty(const struct heap *heap, struct seep_heap_live *slot, uint64_t word, uint32_t site)
{
	site_use(heap, site);
	if (slot_change(slot, word, SEEP_LIVE_FREE))
		return true;
	site_let_go(heap, site);
	return false;
}

bool live_remove(const struct heap *heap, uint64_t address, struct live_entry *entry)
{
	uint32_t level;
	uint64_t word;
	struct seep_heap_live *slot = slot_find(heap, address, &level, &word);
	if (!slot)
		return false;
	slot_copy(slot, address, entry);
	/* fails if the realloc that held it has just returned, or if the program frees twice at once */
	if (!slot_empty(heap, slot, word, entry->site))
		return false;
	add_relaxed(&heap->header->live_removed, 1);
	return true;
}

bool live_hold(const struct heap *heap, uint64_t address, uint32_t thread, struct live_hold *hold)
{
	uint64_t word;
	struct seep_heap_live *slot = slot_find(heap, address, &hold->level, &word);
	if (!slot)
		return false;
	slot_copy(slot, address, &hold->entry);
	hold->slot = (uint32_t)(slot - heap->live[hold->level]);
	hold->word = SEEP_LIVE_MOVING | (uint64_t)(thread & 127) << 56 | address;
	return slot_change(slot, word, hold->word);
}

/* The slot may hold another entry by now. The tag tells an entry that another thread holds; the birth tells one that a
 * thread with equal low bits holds. */
static struct seep_heap_live *hold_slot(const struct heap *heap, const struct live_hold *hold)
{
	struct seep_heap_live *slot = &heap->live[hold->level][hold->slot];
	return load_acquire(&slot->birth_ns) == hold->entry.birth_ns ? slot : NULL;
}

bool live_drop(const struct heap *heap, const struct live_hold *hold)
{
	struct seep_heap_live *slot = hold_slot(heap, hold);
	if (!slot || !slot_empty(heap, slot, hold->word, hold->entry.site))
		return false;
	add_relaxed(&heap->header->live_removed, 1);
	return true;
}

bool live_keep(const struct heap *heap, const struct live_hold *hold)
{
	struct seep_heap_live *slot = hold_slot(heap, hold);
	return slot && slot_change(slot, hold->word, hold->entry.address);
}

enum live_read live_read(const struct heap *heap, uint32_t level, uint32_t number, struct live_entry *entry)
{
	struct seep_heap_live *slot = &heap->live[level][number];
	for (int attempt = 0; attempt < 4; attempt++) {
		uint64_t address = word_address(load_acquire(&slot->address));
		if (address == SEEP_LIVE_FREE)
			return LIVE_EMPTY;
		if (address == SEEP_LIVE_WRITING)
			return LIVE_TORN;
		uint64_t birth_ns = load_acquire(&slot->birth_ns);
		slot_copy(slot, address, entry);
		uint64_t again = word_address(load_acquire(&slot->address));
		if (again == address && load_relaxed(&slot->birth_ns) == birth_ns && entry->birth_ns == birth_ns)
			return LIVE_ENTRY;
	}
	return LIVE_TORN;
}
