/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 in untrusted text: which bytes are well-formed, and which characters may go to a terminal. */
#ifndef SEEP_BASE_UTF8_H
#define SEEP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of bytes (1 to 4) of the first character, and its code point; 0 if `bytes` does not begin with a
 * well-formed character. Overlong forms, surrogates and characters cut off by `length` are not well-formed. */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* False for control characters (C0, DEL, C1), line and paragraph separators, and the characters that reorder text:
 * they could forge what a terminal shows. */
bool utf8_is_printable(uint32_t code_point);

#endif
