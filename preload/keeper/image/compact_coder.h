/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers in as few bytes as they need, to a buffer and from it. Each function
 * goes both ways, so that they cannot differ; `decode` is a constant where it is
 * called. What is decoded may be anything: `bad` is set where it is not a number,
 * and nothing is read beyond its end.
 */
#ifndef SEEP_IMAGE_COMPACT_CODER_H
#define SEEP_IMAGE_COMPACT_CODER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct coder {
	uint8_t *at;
	const uint8_t *from, *end; /* of what is decoded */
	bool bad;
};

#define EITHER static inline __attribute__((always_inline))

/* Eight groups of seven bits, each in a byte, to one number. */
static inline uint64_t groups_join(uint64_t groups)
{
	groups = (groups & 0x007f007f007f007f) | (groups & 0x7f007f007f007f00) >> 1;
	groups = (groups & 0x00003fff00003fff) | (groups & 0x3fff00003fff0000) >> 2;
	return (groups & 0x0fffffff) | (groups & 0x0fffffff00000000) >> 4;
}

/* A number of up to eight bytes is taken at once: the first byte without its highest bit is the last one. */
static __attribute__((noinline)) uint64_t number_get_long(struct coder *coder)
{
	uint64_t number = 0, ends;
	if (coder->end - coder->from >= (int)sizeof number) {
		memcpy(&number, coder->from, sizeof number);
		ends = ~number & 0x8080808080808080;
		if (ends) {
			coder->from += __builtin_ctzll(ends) / 8 + 1;
			return groups_join(number & (ends ^ (ends - 1)));
		}
		number = 0;
	}
	for (unsigned shift = 0; coder->from < coder->end && shift < 64; shift += 7) {
		uint8_t byte = *coder->from++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	coder->bad = true;
	return 0;
}

EITHER void code_number(struct coder *coder, bool decode, uint64_t *number)
{
	if (decode) {
		bool is_short = coder->from < coder->end && *coder->from < 0x80;
		*number = is_short ? *coder->from++ : number_get_long(coder);
		return;
	}
	uint64_t rest = *number;
	for (; rest >= 0x80; rest >>= 7)
		*coder->at++ = (uint8_t)(rest | 0x80);
	*coder->at++ = (uint8_t)rest;
}

EITHER void code_number32(struct coder *coder, bool decode, uint32_t *number)
{
	uint64_t wide = *number;
	code_number(coder, decode, &wide);
	coder->bad |= wide > UINT32_MAX;
	*number = (uint32_t)wide;
}

/* Differences wrap around, so the difference of any two numbers has 64 bits. Small differences of either sign become
 * small numbers. */
EITHER void code_difference(struct coder *coder, bool decode, uint64_t *number, uint64_t predicted)
{
	uint64_t difference = *number - predicted, folded = difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
	code_number(coder, decode, &folded);
	if (decode)
		*number = predicted + (folded >> 1 ^ -(folded & 1));
}

static inline uint64_t double_bits(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

static inline double double_of_bits(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Packs a double by its distance from the expected one, in units of the last place. */
EITHER void code_double(struct coder *coder, bool decode, double *value, double predicted)
{
	uint64_t expected = double_bits(predicted), bits = double_bits(*value);
	if ((expected >> 52 & 0x7ff) == 0x7ff)
		expected = 0;
	code_difference(coder, decode, &bits, expected);
	*value = double_of_bits(bits);
}

/* Packs an amount of bytes, which is mostly a whole number. */
EITHER void code_whole(struct coder *coder, bool decode, double *value)
{
	bool is_whole =
	    !decode && *value >= 0 && *value < 0x1p62 && double_bits((double)(uint64_t)*value) == double_bits(*value);
	uint64_t number = is_whole ? (uint64_t)*value << 1 : 1;
	code_number(coder, decode, &number);
	if (number & 1)
		code_double(coder, decode, value, 0);
	else
		*value = (double)(number >> 1);
}

/* The average of one sample in a sum, to the byte: a guess, which the file holds for its reader. */
static inline uint64_t size_guess(double bytes, double objects)
{
	double size = bytes / objects;
	return size >= 0 && size < 0x1p52 ? (uint64_t)(size + 0.5) : 0;
}

#endif
