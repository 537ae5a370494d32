/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from 64-bit keys to 64-bit values: open addressing with linear probing, at most half full. Entries are
 * never removed, so there are no tombstones. Key 0 marks a free slot; the entry of key 0 itself lies behind all slots,
 * under key 1. */
#include <stdlib.h>
#include <sys/random.h>

#include "base/map.h"
#include "base/memory.h"

enum { SLOTS_AT_FIRST = 64 };

struct map_slot {
	uint64_t key;
	uint64_t value;
};

struct map {
	struct map_slot *slots;
	size_t slot_count; /* a power of two; one more slot behind them is for key 0 */
	size_t entry_count;
	uint64_t secret;
};

uint64_t hash_secret(void)
{
	static uint64_t secret;

	/* Without entropy, the address of a variable must do: an attacker can hardly guess it. */
	if (!secret && getrandom(&secret, sizeof secret, GRND_NONBLOCK) != (ssize_t)sizeof secret)
		secret = (uintptr_t)&secret;
	return secret;
}

struct map *map_create(void)
{
	struct map *map = memory_allocate(1, sizeof *map);

	map->slots = memory_allocate(SLOTS_AT_FIRST + 1, sizeof *map->slots);
	map->slot_count = SLOTS_AT_FIRST;
	map->secret = hash_secret();
	return map;
}

void map_free(struct map *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map);
}

/* The key's slot, or the free one where it belongs. */
static struct map_slot *map_find(const struct map *map, uint64_t key)
{
	size_t index = key ? hash_word(key ^ map->secret) & (map->slot_count - 1) : map->slot_count;

	while (key && map->slots[index].key && map->slots[index].key != key)
		index = (index + 1) & (map->slot_count - 1);
	return &map->slots[index];
}

static void map_grow(struct map *map, size_t slot_count)
{
	struct map_slot *old = map->slots;
	size_t old_count = map->slot_count;

	map->slot_count = slot_count;
	map->slots = memory_allocate(map->slot_count + 1, sizeof *map->slots);
	map->slots[slot_count] = old[old_count];
	for (size_t i = 0; i < old_count; i++)
		if (old[i].key)
			*map_find(map, old[i].key) = old[i];
	free(old);
}

void map_reserve(struct map *map, size_t more)
{
	size_t slot_count = map->slot_count;

	while (slot_count < 2 * (map->entry_count + more))
		slot_count *= 2;
	if (slot_count > map->slot_count)
		map_grow(map, slot_count);
}

uint64_t *map_put(struct map *map, uint64_t key, bool *inserted)
{
	struct map_slot *slot = map_find(map, key);

	if (inserted)
		*inserted = !slot->key;
	if (slot->key)
		return &slot->value;
	if (2 * (map->entry_count + 1) > map->slot_count) {
		map_grow(map, 2 * map->slot_count);
		slot = map_find(map, key);
	}
	slot->key = key ? key : 1;
	map->entry_count++;
	return &slot->value;
}

uint64_t *map_get(const struct map *map, uint64_t key)
{
	struct map_slot *slot = map_find(map, key);

	return slot->key ? &slot->value : NULL;
}

/* ---- indices alone ---- */

struct index_table index_table_create(size_t most)
{
	size_t slots = SLOTS_AT_FIRST;

	while (2 * slots < 3 * most)
		slots *= 2;
	return (struct index_table){memory_allocate(slots, sizeof(uint32_t)), slots - 1};
}

void index_table_free(struct index_table *table)
{
	free(table->slots);
	*table = (struct index_table){0};
}

void index_table_reserve(struct index_table *table, size_t most, uint32_t count,
			 uint64_t (*hash_of)(const void *context, uint32_t index), const void *context)
{
	if (table->slots && 3 * most <= 2 * (table->mask + 1))
		return;
	index_table_free(table);
	*table = index_table_create(most);
	for (uint32_t i = 0; i < count; i++) {
		size_t at = hash_of(context, i);
		while (*index_table_slot(table, at))
			at++;
		*index_table_slot(table, at) = i + 1;
	}
}

static uint64_t numbering_hash(const void *keys, uint32_t index)
{
	return hash_word(((const uint64_t *)keys)[index] ^ hash_secret());
}

void numbering_reserve(struct numbering *numbering, size_t more)
{
	index_table_reserve(&numbering->table, numbering->count + more, numbering->count, numbering_hash,
			    numbering->keys);
}

void numbering_prefetch(const struct numbering *numbering, uint64_t key)
{
	__builtin_prefetch(index_table_slot(&numbering->table, numbering_hash(&key, 0)), 1);
}

uint32_t numbering_get(const struct numbering *numbering, uint64_t key)
{
	for (size_t at = numbering_hash(&key, 0); numbering->count; at++) {
		const uint32_t *slot = index_table_slot(&numbering->table, at);
		if (*slot == 0)
			break;
		if (numbering->keys[*slot - 1] == key)
			return *slot - 1;
	}
	return NUMBERING_NONE;
}

uint32_t numbering_put(struct numbering *numbering, uint64_t key, bool *is_new)
{
	numbering_reserve(numbering, 1);
	for (size_t at = numbering_hash(&key, 0);; at++) {
		uint32_t *slot = index_table_slot(&numbering->table, at);
		*is_new = *slot == 0;
		if (*is_new) {
			ARRAY_RESERVE(numbering->keys, numbering->count, numbering->capacity);
			numbering->keys[numbering->count] = key;
			*slot = ++numbering->count;
		}
		if (numbering->keys[*slot - 1] == key)
			return *slot - 1;
	}
}

void numbering_free(struct numbering *numbering)
{
	free(numbering->keys);
	index_table_free(&numbering->table);
	*numbering = (struct numbering){0};
}
