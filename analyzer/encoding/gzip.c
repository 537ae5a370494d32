/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by zlib and igzip, piece by piece: these libraries count in 32 bits, and unpacking must stop early if a stream
 * unpacks to a thousand times its size. */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "encoding/gzip.h"
#include "base/memory.h"

enum {
	WINDOW_GZIP = 15 + 16,
	MEMORY_LEVEL = 8,
	PIECE_BYTES = 64 * 1024,
	DRAINED_BYTES = 256 * 1024, /* bytes that a packing gathers before it packs them */
	FED_BYTES = 1 << 30,        /* most bytes in one call */
};

/* zlib can fail here only for lack of memory, which ends seep as it does at every other allocation. */
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

/* igzip packs large data, in a fifth of zlib's time, to about the same size. */
struct quick {
	struct isal_zstream stream;
	unsigned char level[ISAL_DEF_LVL3_DEFAULT];
};

static struct quick *quick_begin(void)
{
	struct quick *quick = memory_allocate(1, sizeof *quick);

	isal_deflate_init(&quick->stream);
	quick->stream.gzip_flag = IGZIP_GZIP;
	quick->stream.level = 3;
	quick->stream.level_buf = quick->level;
	quick->stream.level_buf_size = sizeof quick->level;
	return quick;
}

/* This never fails: it has all the memory that it needs. */
static void quick_feed(struct buffer *out, struct quick *quick, const void *data, size_t bytes, bool is_last)
{
	struct isal_zstream *stream = &quick->stream;
	unsigned char piece[PIECE_BYTES];
	size_t fed = 0;

	do {
		if (!stream->avail_in) {
			stream->next_in = (unsigned char *)data + fed;
			stream->avail_in = bytes - fed > FED_BYTES ? FED_BYTES : (uint32_t)(bytes - fed);
			fed += stream->avail_in;
		}
		stream->end_of_stream = is_last && fed == bytes;
		stream->next_out = piece;
		stream->avail_out = sizeof piece;
		isal_deflate(stream);
		buffer_append(out, piece, sizeof piece - stream->avail_out);
	} while (stream->avail_in || fed < bytes || (is_last && stream->internal_state.state != ZSTATE_END));
}

static void packing_drain(struct buffer *buffer)
{
	struct gzip_packing *packing = (struct gzip_packing *)buffer;

	if (!packing->stream)
		packing->stream = quick_begin();
	quick_feed(packing->out, packing->stream, buffer->data, buffer->length, false);
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
	if (packing->stream)
		quick_feed(packing->out, packing->stream, buffer->data, buffer->length, true);
	else
		gzip_pack(packing->out, buffer->data, buffer->length);
	free(packing->stream);
	buffer_free(buffer);
	return packing->bytes;
}

void gzip_pack(struct buffer *out, const void *data, size_t bytes)
{
	z_stream stream = {.zalloc = zlib_allocate, .zfree = zlib_free};
	unsigned char piece[PIECE_BYTES];
	size_t fed = 0;
	int status;

	deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
	do {
		stream_feed(&stream, data, bytes, &fed);
		stream.next_out = piece;
		stream.avail_out = sizeof piece;
		status = deflate(&stream, fed == bytes ? Z_FINISH : Z_NO_FLUSH);
		buffer_append(out, piece, sizeof piece - stream.avail_out);
	} while (status != Z_STREAM_END);
	deflateEnd(&stream);
}

void gzip_pack_quickly(struct buffer *out, const void *data, size_t bytes)
{
	struct quick *quick = quick_begin();

	quick_feed(out, quick, data, bytes, true);
	free(quick);
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
