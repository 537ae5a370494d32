/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32 by carry-less multiplication, where the processor has it: V. Gopal and others, "Fast CRC computation for generic
 * polynomials using PCLMULQDQ instruction", Intel 2009. A polynomial over many bytes is congruent, modulo the CRC's, to the
 * sum of its 128-bit pieces, each multiplied by a power of x; so four pieces at a time are folded onto the next four, then
 * these onto one, which is reduced at last. All is reflected: the lowest bit is the highest power. zlib does the rest.
 */
#include "encoding/checksum.h"

#include <string.h>
#include <zlib.h>

#ifdef __x86_64__
#include <immintrin.h>

#define FOLDED __attribute__((target("pclmul,sse4.1")))

enum { PIECE = 16, STEP = 4 * PIECE };

FOLDED static inline __m128i piece_load(const unsigned char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Multiplies the piece by a power of x; `powers` are that power's remainders for the piece's two halves. */
FOLDED static inline __m128i piece_fold(__m128i piece, __m128i powers, __m128i onto)
{
	const __m128i low = _mm_clmulepi64_si128(piece, powers, 0x00), high = _mm_clmulepi64_si128(piece, powers, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

/* Reduces 128 bits to 64, then to 32, by multiplying with the polynomial's inverse (Barrett). */
FOLDED static uint32_t piece_reduce(__m128i piece)
{
	const __m128i powers = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0), last = _mm_set_epi64x(0, 0x0163cd6124);
	const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641), word = _mm_set_epi32(0, -1, 0, -1);

	piece = _mm_xor_si128(_mm_srli_si128(piece, 8), _mm_clmulepi64_si128(piece, powers, 0x10));
	piece = _mm_xor_si128(_mm_srli_si128(piece, 4), _mm_clmulepi64_si128(_mm_and_si128(piece, word), last, 0x00));
	__m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(piece, word), barrett, 0x10);
	quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, word), barrett, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(piece, quotient), 1);
}

/* The checksum of `bytes` bytes, which must be at least STEP and a multiple of PIECE. */
FOLDED static uint32_t checksum_fold(const unsigned char *at, size_t bytes)
{
	const __m128i far = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4),
		      near = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
	__m128i pieces[4];

	for (int i = 0; i < 4; i++)
		pieces[i] = piece_load(at + PIECE * i);
	pieces[0] = _mm_xor_si128(pieces[0], _mm_cvtsi32_si128(-1)); /* a CRC begins with all bits set */
	for (at += STEP, bytes -= STEP; bytes >= STEP; at += STEP, bytes -= STEP)
		for (int i = 0; i < 4; i++)
			pieces[i] = piece_fold(pieces[i], far, piece_load(at + PIECE * i));
	for (int i = 1; i < 4; i++)
		pieces[0] = piece_fold(pieces[0], near, pieces[i]);
	for (; bytes >= PIECE; at += PIECE, bytes -= PIECE)
		pieces[0] = piece_fold(pieces[0], near, piece_load(at));
	return ~piece_reduce(pieces[0]);
}

static size_t folded_bytes(size_t bytes)
{
	const int can_fold = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");

	return can_fold && bytes >= STEP ? bytes / PIECE * PIECE : 0;
}
#else
static uint32_t checksum_fold(const unsigned char *at, size_t bytes)
{
	return (uint32_t)crc32_z(0, at, bytes);
}

static size_t folded_bytes(size_t bytes)
{
	return bytes;
}
#endif

uint32_t checksum_of(const void *data, size_t bytes)
{
	const size_t folded = folded_bytes(bytes);
	const uint32_t crc = folded ? checksum_fold(data, folded) : 0;

	return (uint32_t)crc32_z(crc, (const unsigned char *)data + folded, bytes - folded);
}
