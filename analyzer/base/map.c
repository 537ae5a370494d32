/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of indices by open addressing with linear probing, and what is made of them: keys that are numbered, and a map
 * that has a value by number. Entries are never removed, so there are no tombstones. */
#include <stdlib.h>
#include <sys/random.h>

#include "base/map.h"
#include "base/memory.h"

enum { SLOTS_AT_FIRST = 64 };

uint64_t hash_secret(void)
{
	static uint64_t secret;

	/* Without entropy, the address of a variable must do: an attacker can hardly guess it. */
	if (!secret && getrandom(&secret, sizeof secret, GRND_NONBLOCK) != (ssize_t)sizeof secret)
		secret = (uintptr_t)&secret;
	return secret;
}

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

struct map {
	struct numbering keys;
	uint64_t *values; /* by number */
	size_t capacity;
};

struct map *map_create(void)
{
	return memory_allocate(1, sizeof(struct map));
}

void map_free(struct map *map)
{
	if (!map)
		return;
	numbering_free(&map->keys);
	free(map->values);
	free(map);
}

void map_reserve(struct map *map, size_t more)
{
	numbering_reserve(&map->keys, more);
}

uint64_t *map_put(struct map *map, uint64_t key, bool *inserted)
{
	bool is_new;
	const uint32_t number = numbering_put(&map->keys, key, &is_new);

	if (is_new) {
		ARRAY_RESERVE(map->values, number, map->capacity);
		map->values[number] = 0;
	}
	if (inserted)
		*inserted = is_new;
	return &map->values[number];
}

uint64_t *map_get(const struct map *map, uint64_t key)
{
	const uint32_t number = numbering_get(&map->keys, key);

	return number == NUMBERING_NONE ? NULL : &map->values[number];
}
