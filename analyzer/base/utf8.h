/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 in untrusted text: which of it is well-formed, and which of it may go to a terminal as it is. */
#ifndef SEEP_BASE_UTF8_H
#define SEEP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes that the first character takes (1 to 4) and its code point; 0 if `bytes` does not begin with a well-formed
 * character (overlong forms, surrogates and what is cut at `length` are not). */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* False for control characters (C0, DEL, C1), line and paragraph separators, and the characters that reorder text:
 * they could forge what a terminal shows. */
bool utf8_is_printable(uint32_t code_point);

#endif
