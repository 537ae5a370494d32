/* SPDX-License-Identifier: Apache-2.0 */
/* Interned texts: equal texts have equal pointers and live until the pool is freed. */
#ifndef SEEP_BASE_STRING_POOL_H
#define SEEP_BASE_STRING_POOL_H

#include <stddef.h>

#include "base/buffer.h"

struct string_pool;

struct string_pool *string_pool_create(void);
void string_pool_free(struct string_pool *pool);
const char *string_pool_intern(struct string_pool *pool, const char *text);
const char *string_pool_intern_bytes(struct string_pool *pool, const char *bytes, size_t length);

/* Keeps a text without interning it: for many names of which no two are equal. */
const char *string_pool_store(struct string_pool *pool, const char *bytes, size_t length);

/* Makes untrusted text fit to print, and puts it into the buffer in place of its contents. Control characters and
 * broken UTF-8 become \xNN; a text of more than `limit` bytes is cut with "...". */
void text_make_safe(struct buffer *safe, const char *bytes, size_t length, size_t limit);
/* The same, interned in the pool. */
const char *string_pool_intern_safe(struct string_pool *pool, const char *bytes, size_t length, size_t limit);

#endif
