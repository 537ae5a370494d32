/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib, piece by piece: zlib counts in 32 bits, and a stream that unpacks to a thousand times its size must be
 * stopped on its way. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "encoding/gzip.h"
#include "base/memory.h"

enum {
	WINDOW_GZIP = 15 + 16,
	MEMORY_LEVEL = 8,
	PIECE_BYTES = 64 * 1024,
	DRAINED_BYTES = 256 * 1024, /* of a packing at once */
	FED_BYTES = 1 << 30,        /* in one call */
};

/* zlib fails here only for want of memory, which ends seep as every other allocation does. */
static void *zlib_allocate(void *unused, unsigned count, unsigned size)
{
	(void)unused;
	return memory_allocate(count, size);
}

static void zlib_free(void *unused, void *memory)
{
	(void)unused;
	free(memory);
}

static void stream_feed(z_stream *stream, const unsigned char *data, size_t bytes, size_t *fed)
{
	if (stream->avail_in || *fed == bytes)
		return;
	const size_t rest = bytes - *fed;
	stream->next_in = (unsigned char *)data + *fed;
	stream->avail_in = rest > FED_BYTES ? FED_BYTES : (unsigned)rest;
	*fed += stream->avail_in;
}

static z_stream *packing_begin(int level, int strategy)
{
	z_stream *stream = memory_allocate(1, sizeof *stream);

	stream->zalloc = zlib_allocate;
	stream->zfree = zlib_free;
	deflateInit2(stream, level, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL, strategy);
	return stream;
}

/* Packs the bytes; `flush`: Z_FINISH for the last ones. */
static void packing_feed(struct buffer *out, z_stream *stream, const void *data, size_t bytes, int flush)
{
	unsigned char piece[PIECE_BYTES];
	size_t fed = 0;
	int status;

	do {
		stream_feed(stream, data, bytes, &fed);
		stream->next_out = piece;
		stream->avail_out = sizeof piece;
		status = deflate(stream, fed == bytes ? flush : Z_NO_FLUSH);
		buffer_append(out, piece, sizeof piece - stream->avail_out);
	} while (flush == Z_FINISH ? status != Z_STREAM_END : stream->avail_in || fed < bytes);
}

static void packing_end(z_stream *stream)
{
	deflateEnd(stream);
	free(stream);
}

static void pack(struct buffer *out, const void *data, size_t bytes, int level, int strategy)
{
	z_stream *stream = packing_begin(level, strategy);

	packing_feed(out, stream, data, bytes, Z_FINISH);
	packing_end(stream);
}

static void packing_drain(struct buffer *buffer)
{
	struct gzip_packing *packing = (struct gzip_packing *)buffer;

	if (!packing->stream)
		packing->stream = packing_begin(Z_BEST_SPEED, Z_DEFAULT_STRATEGY);
	packing_feed(packing->out, packing->stream, buffer->data, buffer->length, Z_NO_FLUSH);
	packing->bytes += buffer->length;
	buffer->length = 0;
	buffer->drain_bytes = DRAINED_BYTES;
}

void gzip_packing_open(struct gzip_packing *packing, struct buffer *out, size_t whole_bytes)
{
	*packing = (struct gzip_packing){.buffer = {.drain = packing_drain, .drain_bytes = whole_bytes}, .out = out};
}

size_t gzip_packing_close(struct gzip_packing *packing)
{
	struct buffer *buffer = &packing->buffer;

	packing->bytes += buffer->length;
	if (!packing->stream)
		packing->stream = packing_begin(
		    buffer->length < buffer->drain_bytes ? Z_DEFAULT_COMPRESSION : Z_BEST_SPEED, Z_DEFAULT_STRATEGY);
	packing_feed(packing->out, packing->stream, buffer->data, buffer->length, Z_FINISH);
	packing_end(packing->stream);
	buffer_free(buffer);
	return packing->bytes;
}

void gzip_pack(struct buffer *out, const void *data, size_t bytes)
{
	pack(out, data, bytes, Z_DEFAULT_COMPRESSION, Z_DEFAULT_STRATEGY);
}

void gzip_pack_quickly(struct buffer *out, const void *data, size_t bytes)
{
	pack(out, data, bytes, Z_BEST_SPEED, Z_DEFAULT_STRATEGY);
}

void gzip_pack_dense(struct buffer *out, const void *data, size_t bytes)
{
	pack(out, data, bytes, Z_BEST_SPEED, Z_RLE);
}

size_t gzip_limit(size_t bytes, size_t ratio, size_t most)
{
	const size_t always = (size_t)4 << 20;

	return bytes > (most - always) / ratio ? most : always + bytes * ratio;
}

bool gzip_is_gzip(const void *data, size_t bytes)
{
	return bytes >= 2 && memcmp(data, "\x1f\x8b", 2) == 0;
}

enum unpack_end gzip_unpack_each(struct unpacking *unpacking)
{
	unsigned char piece[PIECE_BYTES];
	z_stream stream = {.zalloc = zlib_allocate, .zfree = zlib_free};
	size_t fed = 0, unpacked = 0;
	enum unpack_end end = UNPACK_WHOLE;
	const char *fault = NULL;

	inflateInit2(&stream, WINDOW_GZIP);
	while (!fault) {
		stream_feed(&stream, unpacking->data, unpacking->bytes, &fed);
		stream.next_out = piece;
		stream.avail_out = sizeof piece;
		int status = inflate(&stream, Z_NO_FLUSH);
		const size_t got = sizeof piece - stream.avail_out;
		unpacked += got;
		if (unpacked > unpacking->limit_bytes) {
			fault = UNPACK_TOO_MUCH;
		} else if (got && !unpacking->take(unpacking->context, piece, got)) {
			end = UNPACK_STOPPED;
			break;
		}
		if (status == Z_STREAM_END) {
			if (stream.avail_in == 0 && fed == unpacking->bytes)
				break;
			inflateReset(&stream); /* another member follows */
		} else if (status == Z_BUF_ERROR ||
			   (status == Z_OK && got == 0 && fed == unpacking->bytes && !stream.avail_in)) {
			fault = "the gzip data is truncated";
		} else if (status != Z_OK) {
			fault = stream.msg ? stream.msg : "the gzip data is broken";
		}
	}
	unpacking->offset = fed - stream.avail_in;
	if (fault)
		error_set(&unpacking->fault, "%s", fault);
	inflateEnd(&stream);
	return fault ? UNPACK_BROKEN : end;
}

static bool buffer_take(void *out, const unsigned char *piece, size_t bytes)
{
	buffer_append(out, piece, bytes);
	return true;
}

bool gzip_unpack(struct buffer *out, const void *data, size_t bytes, size_t limit_bytes, size_t *offset,
		 struct error *error)
{
	struct unpacking unpacking = {
	    .data = data, .bytes = bytes, .limit_bytes = limit_bytes, .take = buffer_take, .context = out};
	const bool whole = gzip_unpack_each(&unpacking) == UNPACK_WHOLE;

	*offset = unpacking.offset;
	*error = unpacking.fault;
	return whole;
}
