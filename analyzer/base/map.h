/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from 64-bit keys to 64-bit values, tables of indices, and the hash used to make keys. */
#ifndef SEEP_BASE_MAP_H
#define SEEP_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct map; /* opaque */

struct map *map_create(void);
void map_free(struct map *map);
/* Makes room for `more` further entries at once. */
void map_reserve(struct map *map, size_t more);
/* The value's place; inserted with value 0 if it was not there (*inserted then true; may be NULL). Valid until the
 * next map_put(). */
uint64_t *map_put(struct map *map, uint64_t key, bool *inserted);
/* NULL if the key is not there. */
uint64_t *map_get(const struct map *map, uint64_t key);

/*
 * Finds the entry of an array that has given content. The table holds nothing but indices: in arrays of millions, a
 * map's keys and values would be larger than the entries. The caller compares, from its hash on, until it finds its
 * entry or a free slot:
 *
 *	for (size_t at = hash;; at++) {
 *		uint32_t *slot = index_table_slot(&table, at);
 *		if (*slot == 0 || is_wanted(&array[*slot - 1]))
 *			...
 */
struct index_table {
	uint32_t *slots; /* 0: free, else index + 1 */
	size_t mask;
};

/* Makes room for `most` entries; at least a third of the slots stays free. */
struct index_table index_table_create(size_t most);
void index_table_free(struct index_table *table);
/* Makes room for `most` entries in all. `hash_of` gives the hashes of the `count` existing entries. */
void index_table_reserve(struct index_table *table, size_t most, uint32_t count,
			 uint64_t (*hash_of)(const void *context, uint32_t index), const void *context);

static inline uint32_t *index_table_slot(const struct index_table *table, size_t at)
{
	return &table->slots[at & table->mask];
}

/* Numbers 64-bit keys from 0 in the order in which they come, in a third of a map's memory. Zero-initialise. */
struct numbering {
	uint64_t *keys; /* by number */
	uint32_t count, capacity;
	struct index_table table;
};

uint32_t numbering_put(struct numbering *numbering, uint64_t key, bool *is_new);
/* Prefetches the memory where the key belongs; with many keys, call it for some ahead. There must be room for the
 * key. */
void numbering_prefetch(const struct numbering *numbering, uint64_t key);
/* NUMBERING_NONE: the key has none. */
#define NUMBERING_NONE UINT32_MAX
uint32_t numbering_get(const struct numbering *numbering, uint64_t key);
/* The same for a key whose number can be guessed. */
static inline uint32_t numbering_get_near(const struct numbering *numbering, uint64_t key, uint32_t guess)
{
	return guess < numbering->count && numbering->keys[guess] == key ? guess : numbering_get(numbering, key);
}
/* Makes room for `more` further keys at once. */
void numbering_reserve(struct numbering *numbering, size_t more);
void numbering_free(struct numbering *numbering);

/* Spreads every bit of the word over all others (the finalizer of MurmurHash3). */
static inline uint64_t hash_word(uint64_t word)
{
	word ^= word >> 33;
	word *= UINT64_C(0xff51afd7ed558ccd);
	word ^= word >> 33;
	word *= UINT64_C(0xc4ceb9fe1a85ec53);
	return word ^ word >> 33;
}

/* 64-bit mixing of bytes, seeded with the hash of what came before. The same in every process and version. */
static inline uint64_t hash_bytes(uint64_t seed, const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint64_t hash = hash_word(hash_word(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ length);

	for (; length >= 8; bytes += 8, length -= 8) {
		uint64_t word;
		memcpy(&word, bytes, 8);
		hash = hash_word(hash ^ word) * 5 + UINT64_C(0x52dce729);
	}
	if (length) {
		uint64_t word = 0;
		memcpy(&word, bytes, length);
		hash = hash_word(hash ^ word) * 5 + UINT64_C(0x38495ab5);
	}
	return hash_word(hash);
}

/* A seed that differs between processes, so that nobody can make a file whose keys all collide. It is for hashes of
 * untrusted keys that are never stored or compared across processes. */
uint64_t hash_secret(void);

#endif
