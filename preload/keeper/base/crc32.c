/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32 as in zlib, eight bytes a step ("slicing by 8").
 *
 * The eight tables of 256 are constant data that the compiler writes out: a
 * table of a CRC is linear, so each entry is the exclusive or of those entries
 * whose index has a single bit, and the 64 of these (eight a table) are just
 * the successive states of the shift register, beginning with the polynomial.
 * No table is filled at run time: nothing is dirtied, no thread waits.
 */
#include <string.h>

#include <seep/keeper.h>

#define BIT(n, bit, state) (((n) >> (bit)&1) * (state))
#define ENTRY(n, s7, s6, s5, s4, s3, s2, s1, s0)                                                                       \
	(uint32_t)(BIT(n, 7, s7) ^ BIT(n, 6, s6) ^ BIT(n, 5, s5) ^ BIT(n, 4, s4) ^ BIT(n, 3, s3) ^ BIT(n, 2, s2) ^     \
		   BIT(n, 1, s1) ^ BIT(n, 0, s0))
#define ENTRIES4(n, ...)                                                                                               \
	ENTRY((n), __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), ENTRY((n) + 2, __VA_ARGS__), ENTRY((n) + 3, __VA_ARGS__)
#define ENTRIES16(n, ...)                                                                                              \
	ENTRIES4((n), __VA_ARGS__), ENTRIES4((n) + 4, __VA_ARGS__), ENTRIES4((n) + 8, __VA_ARGS__),                    \
	    ENTRIES4((n) + 12, __VA_ARGS__)
#define ENTRIES64(n, ...)                                                                                              \
	ENTRIES16((n), __VA_ARGS__), ENTRIES16((n) + 16, __VA_ARGS__), ENTRIES16((n) + 32, __VA_ARGS__),               \
	    ENTRIES16((n) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                                     \
	{                                                                                                              \
		ENTRIES64(0u, __VA_ARGS__), ENTRIES64(64u, __VA_ARGS__), ENTRIES64(128u, __VA_ARGS__),                 \
		    ENTRIES64(192u, __VA_ARGS__)                                                                       \
	}

static const uint32_t table[8][256] = {
    TABLE(0xedb88320, 0x76dc4190, 0x3b6e20c8, 0x1db71064, 0x0edb8832, 0x076dc419, 0xee0e612c, 0x77073096),
    TABLE(0x3b83984b, 0xf0794f05, 0x958424a2, 0x4ac21251, 0xc8d98a08, 0x646cc504, 0x32366282, 0x191b3141),
    TABLE(0xe1351b80, 0x709a8dc0, 0x384d46e0, 0x1c26a370, 0x0e1351b8, 0x0709a8dc, 0x0384d46e, 0x01c26a37),
    TABLE(0xed59b63b, 0x9b14583d, 0xa032af3e, 0x5019579f, 0xc5b428ef, 0x8f629757, 0xaa09c88b, 0xb8bc6765),
    TABLE(0xb1e6b092, 0x58f35849, 0xc1c12f04, 0x60e09782, 0x30704bc1, 0xf580a6c0, 0x7ac05360, 0x3d6029b0),
    TABLE(0x1eb014d8, 0x0f580a6c, 0x07ac0536, 0x03d6029b, 0xec53826d, 0x9b914216, 0x4dc8a10b, 0xcb5cd3a5),
    TABLE(0x8816eaf2, 0x440b7579, 0xcfbd399c, 0x67de9cce, 0x33ef4e67, 0xf44f2413, 0x979f1129, 0xa6770bb4),
    TABLE(0x533b85da, 0x299dc2ed, 0xf9766256, 0x7cbb312b, 0xd3e51bb5, 0x844a0efa, 0x4225077d, 0xccaa009e),
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little-endian, and so is this step of 8 bytes");

uint32_t seep_crc32(uint32_t crc, const void *data, size_t bytes)
{
	const unsigned char *at = data;
	crc = ~crc;
	for (; bytes >= 8; bytes -= 8, at += 8) {
		uint64_t word;
		memcpy(&word, at, sizeof word);
		word ^= crc;
		crc = table[7][word & 255] ^ table[6][word >> 8 & 255] ^ table[5][word >> 16 & 255] ^
		      table[4][word >> 24 & 255] ^ table[3][word >> 32 & 255] ^ table[2][word >> 40 & 255] ^
		      table[1][word >> 48 & 255] ^ table[0][word >> 56];
	}
	for (; bytes; bytes--)
		crc = crc >> 8 ^ table[0][(crc ^ *at++) & 255];
	return ~crc;
}
