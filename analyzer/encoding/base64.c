/* SPDX-License-Identifier: Apache-2.0 */
/* See base64.h. */
#include "encoding/base64.h"

const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct buffer *out, const void *data, size_t bytes)
{
	const unsigned char *from = data;

	for (size_t i = 0; i < bytes; i += 3) {
		const size_t here = bytes - i < 3 ? bytes - i : 3;
		const uint32_t three = (uint32_t)from[i] << 16 | (here > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
				       (here > 2 ? (uint32_t)from[i + 2] : 0);
		char four[4];
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= here ? base64_digits[three >> (18 - 6 * k) & 63] : '=';
		buffer_append(out, four, 4);
	}
}
