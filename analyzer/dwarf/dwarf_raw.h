/* SPDX-License-Identifier: Apache-2.0 */
/* DWARF as bytes: sections that lie unpacked in memory, and what is taken from them. libdw looks each entry's form up
 * behind a lock and keeps a row of every line; most entries and rows are only passed. */
#ifndef SEEP_DWARF_DWARF_RAW_H
#define SEEP_DWARF_DWARF_RAW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct dwarf_bytes {
	const unsigned char *at, *end;
	bool
	    is_bad; /* more was asked for than there is, or something that nobody here knows: all that was taken is void */
};

/* Sections that units refer to; empty: the file has none. */
struct dwarf_raw {
	struct dwarf_bytes abbrev, line, line_str, str;
};

/* The next bytes; NULL: there are fewer. */
static inline const unsigned char *dwarf_take(struct dwarf_bytes *bytes, uint64_t count)
{
	const unsigned char *taken = bytes->at;

	if (count > (uint64_t)(bytes->end - bytes->at)) {
		bytes->is_bad = true;
		bytes->at = bytes->end;
		return NULL;
	}
	bytes->at += count;
	return taken;
}

/* A number of up to eight bytes. */
static inline uint64_t dwarf_take_fixed(struct dwarf_bytes *bytes, size_t width)
{
	const unsigned char *taken = dwarf_take(bytes, width);
	uint64_t number = 0;

	if (taken)
		memcpy(&number, taken, width);
	return number;
}

/* LEB128 of up to 64 bits; `bits`: how many were given. */
static inline uint64_t dwarf_take_bits(struct dwarf_bytes *bytes, unsigned *bits)
{
	uint64_t number = 0;

	for (*bits = 0; bytes->at < bytes->end && *bits < 70;) {
		const unsigned char byte = *bytes->at++;
		number |= *bits < 64 ? (uint64_t)(byte & 0x7f) << *bits : 0;
		*bits += 7;
		if (!(byte & 0x80))
			return number;
	}
	bytes->is_bad = true;
	bytes->at = bytes->end;
	return 0;
}

static inline uint64_t dwarf_take_number(struct dwarf_bytes *bytes)
{
	unsigned bits;

	return dwarf_take_bits(bytes, &bits);
}

static inline int64_t dwarf_take_signed(struct dwarf_bytes *bytes)
{
	unsigned bits;
	const uint64_t number = dwarf_take_bits(bytes, &bits);
	const uint64_t sign = bits && bits < 64 ? UINT64_C(1) << (bits - 1) : 0;

	return (int64_t)((number ^ sign) - sign);
}

/* A text that ends with a zero; NULL: it does not end. */
static inline const char *dwarf_take_text(struct dwarf_bytes *bytes)
{
	const unsigned char *end = memchr(bytes->at, 0, (size_t)(bytes->end - bytes->at));

	return (const char *)dwarf_take(bytes, end ? (uint64_t)(end - bytes->at) + 1 : UINT64_MAX);
}

enum { FORM_VARIABLE = -1, FORM_UNKNOWN = -2 };

/* How many bytes a value of this form takes. `offset`: how many an offset takes, 4 or 8. */
int dwarf_form_bytes(uint64_t form, unsigned offset);
void dwarf_form_pass(struct dwarf_bytes *bytes, uint64_t form, unsigned offset);

#endif
