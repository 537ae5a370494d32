/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each four bytes are looked up where they were last seen, and the first match that is found is taken. What was found
 * is coded by Huffman codes of its own for each 65,536 steps.
 */
#include "encoding/deflate.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoding/huffman.h"

#define HASH_BITS 15
#define REACH 32768 /* bytes back to a match */
#define MATCH_LEAST 4
#define MATCH_MOST 258
#define STEPS_MOST 65536 /* of one block: literals and matches */
#define STEP_BYTES 8     /* that one takes at most */
#define HEAD_BYTES 512   /* that a block's codes take at most */
#define HASH_FACTOR 2654435761u
#define PATIENCE 5 /* after 2^PATIENCE bytes without a match, every second place is looked at, and so on */
#define SKIPPED_MOST 7

enum { LITERALS = 286, DISTANCES = 30, LENGTHS = 19, END = 256, LENGTH_FIRST = 257, LENGTH_LAST = 285 };
enum { CODE_BITS = 15, LENGTH_BITS = 7 };
/* A block's first bits: whether it is the last one, and how it is coded; the end's code follows where that is fixed. */
enum { BLOCK_DYNAMIC = 2 << 1, BLOCK_LAST_EMPTY = 1 | 1 << 1 };
#define MATCH (UINT32_C(1) << 31)

struct deflating {
	uint64_t bits; /* not yet whole bytes: so many */
	unsigned bit_count;
	uint32_t heads[1 << HASH_BITS]; /* where four bytes were last: place in the piece + 1 */
	uint32_t steps[STEPS_MOST]; /* a literal; or MATCH with the length, and from bit 16 on the distance less 1 */
	uint32_t step_count;
	struct huffman_code literals[LITERALS], distances[DISTANCES];
};

struct deflating *deflate_begin(void)
{
	return memory_allocate(1, sizeof(struct deflating));
}

/* There is room for eight bytes more than those that are whole. */
static inline void bits_flush(struct deflating *deflating, struct buffer *out)
{
	memcpy(out->data + out->length, &deflating->bits, sizeof deflating->bits);
	out->length += deflating->bit_count / 8;
	deflating->bits >>= deflating->bit_count & ~7u;
	deflating->bit_count &= 7;
}

static inline void bits_add(struct deflating *deflating, uint64_t bits, unsigned count)
{
	deflating->bits |= bits << deflating->bit_count;
	deflating->bit_count += count;
}

static inline void code_add(struct deflating *deflating, struct huffman_code code)
{
	bits_add(deflating, code.bits, code.length);
}

/* A number as deflate has it: one symbol for several numbers, and in further bits which one of them it is. */
struct ranged {
	unsigned symbol, extra_count;
	uint32_t extra;
};

/* `fine`: how many bits below the highest one are the symbol's. */
static inline struct ranged ranged_of(uint32_t number, unsigned fine)
{
	if (number < 2u << fine)
		return (struct ranged){number, 0, 0};
	const unsigned extra = 31 - (unsigned)__builtin_clz(number) - fine;
	return (struct ranged){(extra << fine) + (number >> extra), extra, number & ((1u << extra) - 1)};
}

static inline struct ranged length_of(uint32_t step)
{
	if ((step & 0xffff) == MATCH_MOST)
		return (struct ranged){LENGTH_LAST, 0, 0};
	struct ranged length = ranged_of((step & 0xffff) - 3, 2);
	length.symbol += LENGTH_FIRST;
	return length;
}

static inline struct ranged distance_of(uint32_t step)
{
	return ranged_of((step & ~MATCH) >> 16, 1);
}

static inline bool step_is_match(uint32_t step)
{
	return step & MATCH;
}

static void codes_make(struct deflating *deflating)
{
	uint32_t literals[LITERALS] = {[END] = 1}, distances[DISTANCES] = {0};

	for (uint32_t i = 0; i < deflating->step_count; i++) {
		const uint32_t step = deflating->steps[i];
		literals[step_is_match(step) ? length_of(step).symbol : step]++;
		if (step_is_match(step))
			distances[distance_of(step).symbol]++;
	}
	huffman_make(deflating->literals, literals, LITERALS, CODE_BITS);
	huffman_make(deflating->distances, distances, DISTANCES, CODE_BITS);
}

/* The lengths of both codes, which are all that a reader needs, in a code of their own. */
static void codes_write(struct deflating *deflating, struct buffer *out)
{
	static const uint8_t order[LENGTHS] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	struct huffman_code lengths[LENGTHS];
	uint32_t counts[LENGTHS] = {0};
	uint8_t all[LITERALS + DISTANCES];

	for (unsigned i = 0; i < LITERALS + DISTANCES; i++) {
		all[i] = i < LITERALS ? deflating->literals[i].length : deflating->distances[i - LITERALS].length;
		counts[all[i]]++;
	}
	huffman_make(lengths, counts, LENGTHS, LENGTH_BITS);
	bits_add(deflating, LITERALS - 257, 5);
	bits_add(deflating, DISTANCES - 1, 5);
	bits_add(deflating, LENGTHS - 4, 4);
	for (unsigned i = 0; i < LENGTHS; i++) {
		bits_add(deflating, lengths[order[i]].length, 3);
		bits_flush(deflating, out);
	}
	for (unsigned i = 0; i < LITERALS + DISTANCES; i++) {
		code_add(deflating, lengths[all[i]]);
		bits_flush(deflating, out);
	}
}

static inline void ranged_add(struct deflating *deflating, const struct huffman_code *codes, struct ranged ranged)
{
	code_add(deflating, codes[ranged.symbol]);
	bits_add(deflating, ranged.extra, ranged.extra_count);
}

static void block_write(struct deflating *deflating, struct buffer *out)
{
	if (!deflating->step_count)
		return;
	buffer_reserve(out, HEAD_BYTES + STEP_BYTES * (size_t)deflating->step_count);
	codes_make(deflating);
	bits_add(deflating, BLOCK_DYNAMIC, 3);
	codes_write(deflating, out);
	for (uint32_t i = 0; i < deflating->step_count; i++) {
		const uint32_t step = deflating->steps[i];
		if (step_is_match(step)) {
			ranged_add(deflating, deflating->literals, length_of(step));
			ranged_add(deflating, deflating->distances, distance_of(step));
		} else {
			code_add(deflating, deflating->literals[step]);
		}
		bits_flush(deflating, out);
	}
	code_add(deflating, deflating->literals[END]);
	bits_flush(deflating, out);
	deflating->step_count = 0;
}

static inline void step_add(struct deflating *deflating, struct buffer *out, uint32_t step)
{
	if (deflating->step_count == STEPS_MOST)
		block_write(deflating, out);
	deflating->steps[deflating->step_count++] = step;
}

static inline uint32_t word_at(const unsigned char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

/* How many bytes are equal from here on, MATCH_MOST at most. */
static uint32_t match_length(const unsigned char *here, const unsigned char *there, const unsigned char *end)
{
	const size_t left = (size_t)(end - here);
	const uint32_t most = left < MATCH_MOST ? (uint32_t)left : MATCH_MOST;
	uint32_t length = MATCH_LEAST;

	while (length + sizeof(uint32_t) <= most && word_at(here + length) == word_at(there + length))
		length += sizeof(uint32_t);
	while (length < most && here[length] == there[length])
		length++;
	return length;
}

void deflate_add(struct deflating *deflating, struct buffer *out, const void *data, size_t bytes)
{
	const unsigned char *begin = data, *end = begin + bytes, *at = begin, *matched = begin;

	memset(deflating->heads, 0, sizeof deflating->heads);
	while (end - at > MATCH_LEAST) {
		uint32_t *head = &deflating->heads[word_at(at) * HASH_FACTOR >> (32 - HASH_BITS)];
		const unsigned char *before = *head ? begin + *head - 1 : at;
		*head = (uint32_t)(at - begin) + 1;
		if (before < at && at - before <= REACH && word_at(before) == word_at(at)) {
			const uint32_t length = match_length(at, before, end);
			step_add(deflating, out, MATCH | (uint32_t)(at - before - 1) << 16 | length);
			at += length;
			matched = at;
			continue;
		}
		const ptrdiff_t more = (at - matched) >> PATIENCE;
		for (ptrdiff_t i = more < SKIPPED_MOST ? more : SKIPPED_MOST; i >= 0 && at < end; i--)
			step_add(deflating, out, *at++);
	}
	while (at < end)
		step_add(deflating, out, *at++);
	block_write(deflating, out);
}

void deflate_end(struct deflating *deflating, struct buffer *out)
{
	buffer_reserve(out, 2 * sizeof deflating->bits);
	bits_add(deflating, BLOCK_LAST_EMPTY, 10);
	bits_add(deflating, 0, 7); /* the rest of the last byte */
	bits_flush(deflating, out);
	out->data[out->length] = '\0';
	free(deflating);
}
