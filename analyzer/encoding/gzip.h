/* SPDX-License-Identifier: Apache-2.0 */
/* gzip of whole buffers. Unpacking is bounded, whatever the packed bytes promise. */
#ifndef SEEP_ENCODING_GZIP_H
#define SEEP_ENCODING_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "encoding/unpacking.h"

/* Appends a gzip stream, equal for equal data. The quick one takes a tenth of the time, and is a tenth larger. */
void gzip_pack(struct buffer *out, const void *data, size_t bytes);
void gzip_pack_quickly(struct buffer *out, const void *data, size_t bytes);

/*
 * A buffer whose contents are packed as they come: those of a document larger than memory should hold. What has at most
 * `whole_bytes` is packed at the end, as gzip_pack() does it, all else quickly.
 */
struct gzip_packing {
	struct buffer buffer; /* what is appended to it is packed */
	struct buffer *out;
	void *stream; /* NULL: nothing was packed yet */
	size_t bytes; /* that were appended, without those in the buffer */
};
void gzip_packing_open(struct gzip_packing *packing, struct buffer *out, size_t whole_bytes);
/* Gives the bytes that were appended in all. */
size_t gzip_packing_close(struct gzip_packing *packing);

bool gzip_is_gzip(const void *data, size_t bytes);

/* Hands out the contents of the gzip members. */
enum unpack_end gzip_unpack_each(struct unpacking *unpacking);

/* Appends the contents of the gzip members. False: the error says what is wrong (without the file's name) and `*offset`
 * where; `out` then holds what came before. More than `limit_bytes` is a fault. */
bool gzip_unpack(struct buffer *out, const void *data, size_t bytes, size_t limit_bytes, size_t *offset,
		 struct error *error);

/* The size to which `bytes` may unpack: `ratio` times as much, and some more that small files of little variety need,
 * but at most `most`. So the size of the file bounds its reader's memory. */
size_t gzip_limit(size_t bytes, size_t ratio, size_t most);

#endif
