/* SPDX-License-Identifier: Apache-2.0 */
/* Huffman codes as deflate has them: canonical, no longer than so many bits. */
#ifndef SEEP_ENCODING_HUFFMAN_H
#define SEEP_ENCODING_HUFFMAN_H

#include <stdint.h>

struct huffman_code {
	uint16_t bits;  /* the first one lowest */
	uint8_t length; /* 0: the symbol does not occur */
};

enum { HUFFMAN_SYMBOLS_MOST = 286, HUFFMAN_BITS_MOST = 15 };

/* By symbol, of how often each occurs: less than 2^32 times in all. */
void huffman_make(struct huffman_code *codes, const uint32_t *counts, unsigned symbols, unsigned most_bits);

#endif
