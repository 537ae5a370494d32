/* SPDX-License-Identifier: Apache-2.0 */
/* A hash map from 64-bit keys to 64-bit values, and the hash used to make keys. */
#ifndef SEEP_BASE_MAP_H
#define SEEP_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map; /* opaque */

struct map *map_create(void);
void map_free(struct map *map);
/* Makes room for so many more entries at once. */
void map_reserve(struct map *map, size_t more);
/* The value's place; inserted with value 0 if it was not there (*inserted then true; may be NULL). Valid until the
 * next map_put(). */
uint64_t *map_put(struct map *map, uint64_t key, bool *inserted);
/* NULL if the key is not there. */
uint64_t *map_get(const struct map *map, uint64_t key);
size_t map_count(const struct map *map);

/* 64-bit mixing of bytes, seeded with the hash of what came before. The same in every process and version. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t length);

/* A seed that differs between processes, for hashes of untrusted keys that are never stored or compared across
 * processes: nobody can make a file whose keys all collide. */
uint64_t hash_secret(void);

#endif
