/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 in untrusted text. Names in ELF files, snapshots and command lines are bytes that anybody may have chosen;
 * everything that prints them asks here. */
#include "base/utf8.h"

size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

	if (length == 0)
		return 0;
	unsigned char first = (unsigned char)bytes[0];
	size_t width = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
	if (width == 0 || width > length)
		return 0;
	uint32_t value = width == 1 ? first : first & (0x7fu >> width);
	for (size_t i = 1; i < width; i++) {
		unsigned char next = (unsigned char)bytes[i];
		if ((next & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (next & 0x3f);
	}
	if (value < smallest[width] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code_point = value;
	return width;
}

bool utf8_is_printable(uint32_t code_point)
{
	if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0))
		return false;
	if (code_point == 0x061c || code_point == 0x200e || code_point == 0x200f)
		return false;
	if (code_point >= 0x2028 && code_point <= 0x202e)
		return false;
	return code_point < 0x2066 || code_point > 0x2069;
}
