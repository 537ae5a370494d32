/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formatting without stdio: append to a caller's buffer, always
 * NUL-terminated, never beyond its end. Text that does not fit is cut, and
 * `cut` says so. For code that runs where the C library may not be used
 * (hooks, the keeper's thread).
 */
#ifndef SEEP_BASE_TEXT_H
#define SEEP_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data;
	size_t size;   /* of the buffer, at least 1 */
	size_t length; /* without the NUL */
	bool cut;      /* something did not fit */
};

/* Starts an empty text in a buffer. */
struct text text_begin(char *buffer, size_t size);

void text_add(struct text *text, const char *more);
/* At most `bytes` bytes of `more`, which need not be NUL-terminated. */
void text_add_bounded(struct text *text, const char *more, size_t bytes);
void text_add_unsigned(struct text *text, uint64_t value);
/* Decimal, with zeros in front up to `digits` digits (at most 20). */
void text_add_padded(struct text *text, uint64_t value, unsigned digits);
/* Lower-case hexadecimal without 0x. */
void text_add_hex(struct text *text, uint64_t value);

/* The value of a digit 0-9, a-f; -1: it is none. */
int text_hex_digit(char c);

/* Reads a decimal number and moves *at behind it. False: no digit there, or it does not fit 64 bits (then *at stays).
 */
bool text_take_unsigned(const char **at, uint64_t *value);

/* The number behind a name that begins a line, and blanks, as /proc writes it. False: no such line, or no number there. */
bool text_line_number(const char *text, const char *name, uint64_t *number);

/* Length of a text in a field of `size` bytes, NUL or not. */
size_t text_length(const char *field, size_t size);

#endif
