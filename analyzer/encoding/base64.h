/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4). */
#ifndef SEEP_ENCODING_BASE64_H
#define SEEP_ENCODING_BASE64_H

#include <stddef.h>

#include "base/buffer.h"

/* The digits by value. */
extern const char base64_digits[];

void base64_append(struct buffer *out, const void *data, size_t bytes);

#endif
