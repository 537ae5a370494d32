/* SPDX-License-Identifier: Apache-2.0 */
/* gzip of whole buffers. Unpacking is bounded, whatever the packed bytes promise. */
#ifndef SEEP_ENCODING_GZIP_H
#define SEEP_ENCODING_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "encoding/unpacking.h"

/* Appends a gzip stream; equal data give equal streams. The quick one takes a tenth of the time, and is a tenth
 * larger. */
void gzip_pack(struct buffer *out, const void *data, size_t bytes);
void gzip_pack_quickly(struct buffer *out, const void *data, size_t bytes);

/*
 * A buffer that packs its contents as they come, for documents that are too large to hold in memory. Contents of at
 * most `whole_bytes` are packed at the end, as gzip_pack() does it; larger ones quickly.
 */
struct gzip_packing {
	struct buffer buffer; /* packs everything that is appended to it */
	struct buffer *out;
	void *stream; /* NULL: nothing has been packed yet */
	size_t bytes; /* appended so far, without those in the buffer */
};
void gzip_packing_open(struct gzip_packing *packing, struct buffer *out, size_t whole_bytes);
/* Finishes the stream. Returns how many bytes were appended in all. */
size_t gzip_packing_close(struct gzip_packing *packing);

bool gzip_is_gzip(const void *data, size_t bytes);

/* Hands the contents of the gzip members to the taker, piece by piece. */
enum unpack_end gzip_unpack_each(struct unpacking *unpacking);

/* Appends the contents of the gzip members. False: the error says what is wrong (without the file's name) and `*offset`
 * where; `out` then holds what came before. More than `limit_bytes` is a fault. */
bool gzip_unpack(struct buffer *out, const void *data, size_t bytes, size_t limit_bytes, size_t *offset,
		 struct error *error);

/* The most that `bytes` packed bytes may unpack to: `ratio` times as much, plus an allowance for small files of little
 * variety, but no more than `most`. So the size of the file bounds its reader's memory. */
size_t gzip_limit(size_t bytes, size_t ratio, size_t most);

#endif
