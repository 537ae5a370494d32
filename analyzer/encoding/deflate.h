/* SPDX-License-Identifier: Apache-2.0 */
/* Deflate (RFC 1951) for documents of hundreds of megabytes, in less time than zlib takes at its quickest. */
#ifndef SEEP_ENCODING_DEFLATE_H
#define SEEP_ENCODING_DEFLATE_H

#include "base/buffer.h"

struct deflating; /* opaque */

struct deflating *deflate_begin(void);
/* Appends the bytes in packed form. Equal texts are found within one such piece; the largest are best. */
void deflate_add(struct deflating *deflating, struct buffer *out, const void *data, size_t bytes);
/* Ends the stream, and frees all but `out`. */
void deflate_end(struct deflating *deflating, struct buffer *out);

#endif
