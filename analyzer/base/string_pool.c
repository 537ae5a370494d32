/* SPDX-License-Identifier: Apache-2.0 */
/* Interned texts. An open-addressed table of pointers into chunks that never move, so that a text's pointer is its
 * identity for the life of the pool. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/string_pool.h"
#include "base/utf8.h"

enum { CHUNK_BYTES_AT_FIRST = 512, CHUNK_BYTES_MAX = 16 << 20, SLOTS_AT_FIRST = 32 };

struct chunk {
	struct chunk *next;
	size_t used, capacity;
	char text[];
};

struct slot {
	const char *text; /* NULL: free */
	size_t length;
	uint64_t hash;
};

struct string_pool {
	struct chunk *chunks;
	struct slot *slots; /* a power of two, at most half of them taken */
	size_t slot_count, text_count;
};

struct string_pool *string_pool_create(void)
{
	struct string_pool *pool = memory_allocate(1, sizeof *pool);

	pool->slots = memory_allocate(SLOTS_AT_FIRST, sizeof *pool->slots);
	pool->slot_count = SLOTS_AT_FIRST;
	return pool;
}

void string_pool_free(struct string_pool *pool)
{
	if (!pool)
		return;
	for (struct chunk *chunk = pool->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(pool->slots);
	free(pool);
}

const char *string_pool_store(struct string_pool *pool, const char *bytes, size_t length)
{
	struct chunk *chunk = pool->chunks;

	if (!chunk || chunk->capacity - chunk->used <= length) {
		/* Small at first, because a long series has a pool for each of its snapshots. */
		size_t usual = chunk ? 2 * chunk->capacity : CHUNK_BYTES_AT_FIRST;
		usual = usual < CHUNK_BYTES_MAX ? usual : CHUNK_BYTES_MAX;
		size_t capacity = length >= usual ? length + 1 : usual;
		chunk = memory_allocate(1, sizeof *chunk + capacity);
		chunk->capacity = capacity;
		chunk->next = pool->chunks;
		pool->chunks = chunk;
	}
	char *text = chunk->text + chunk->used;
	if (length)
		memcpy(text, bytes, length);
	text[length] = '\0';
	chunk->used += length + 1;
	return text;
}

/* The slot of the text, or the free one where it belongs. */
static struct slot *string_pool_find(const struct string_pool *pool, uint64_t hash, const char *bytes, size_t length)
{
	size_t index = hash & (pool->slot_count - 1);

	for (;; index = (index + 1) & (pool->slot_count - 1)) {
		struct slot *slot = &pool->slots[index];
		if (!slot->text)
			return slot;
		if (slot->hash == hash && slot->length == length && memcmp(slot->text, bytes, length) == 0)
			return slot;
	}
}

static void string_pool_grow(struct string_pool *pool)
{
	struct slot *old = pool->slots;
	size_t old_count = pool->slot_count;

	pool->slot_count = 2 * old_count;
	pool->slots = memory_allocate(pool->slot_count, sizeof *pool->slots);
	for (size_t i = 0; i < old_count; i++)
		if (old[i].text)
			*string_pool_find(pool, old[i].hash, old[i].text, old[i].length) = old[i];
	free(old);
}

const char *string_pool_intern_bytes(struct string_pool *pool, const char *bytes, size_t length)
{
	if (length == 0)
		bytes = "";
	uint64_t hash = hash_bytes(hash_secret(), bytes, length);
	struct slot *slot = string_pool_find(pool, hash, bytes, length);

	if (slot->text)
		return slot->text;
	const char *text = string_pool_store(pool, bytes, length);
	*slot = (struct slot){.text = text, .length = length, .hash = hash};
	if (++pool->text_count * 2 > pool->slot_count)
		string_pool_grow(pool);
	return text;
}

const char *string_pool_intern(struct string_pool *pool, const char *text)
{
	return string_pool_intern_bytes(pool, text, strlen(text));
}

/* Appends the character at `bytes`, escaped if necessary; returns the number of bytes that it took from there. */
static size_t safe_append(struct buffer *safe, const char *bytes, size_t length)
{
	uint32_t code_point;
	size_t width = utf8_decode(bytes, length, &code_point);

	if (width && utf8_is_printable(code_point)) {
		buffer_append(safe, bytes, width);
		return width;
	}
	/* Escapes an unprintable character byte by byte: its other bytes don't begin a well-formed one. */
	buffer_printf(safe, "\\x%02x", (unsigned char)*bytes);
	return 1;
}

/* How much printable ASCII the bytes begin with. */
static size_t plain_length(const char *bytes, size_t length)
{
	size_t plain = 0;

	while (plain < length && bytes[plain] >= ' ' && bytes[plain] <= '~')
		plain++;
	return plain;
}

void text_make_safe(struct buffer *safe, const char *bytes, size_t length, size_t limit)
{
	size_t room = limit > 3 ? limit - 3 : 0;
	size_t cut = 0; /* the longest beginning that leaves room for the dots */
	size_t at = 0;

	safe->length = 0;
	while (at < length && safe->length <= limit) {
		/* Nearly every name is plain ASCII. Only the part that reaches into the place of the dots goes
		 * character by character. */
		const size_t plain = plain_length(bytes + at, length - at < room - cut ? length - at : room - cut);
		buffer_append(safe, bytes + at, plain);
		at += plain;
		if (safe->length <= room)
			cut = safe->length;
		if (at == length)
			break;
		at += safe_append(safe, bytes + at, length - at);
		if (safe->length <= room)
			cut = safe->length;
	}
	if (safe->length > limit) {
		safe->length = cut;
		buffer_append(safe, "...", limit - cut < 3 ? limit - cut : 3);
	}
	buffer_append(safe, "", 0); /* ends the text, however short it is */
}

const char *string_pool_intern_safe(struct string_pool *pool, const char *bytes, size_t length, size_t limit)
{
	struct buffer safe = {0};

	text_make_safe(&safe, bytes, length, limit);
	const char *text = string_pool_intern_bytes(pool, safe.data, safe.length);
	buffer_free(&safe);
	return text;
}
