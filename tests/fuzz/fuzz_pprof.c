/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of pprof profiles under libFuzzer, packed by gzip and plain. The
 * mutator knows protocol buffers: it changes one field, at any depth, and sets
 * the lengths around it right, so that changes get past the wire format; one
 * input in eight is changed blindly, as it lies on the disk.
 */
#include "foreign.h"

#include "base/buffer.h"
#include "encoding/gzip.h"
#include "encoding/protobuf.h"

enum { PLAIN_MAX = 1 << 20, DEPTH_MAX = 3 };

/* One field of a message, with its place in the input. */
struct span {
	const uint8_t *start, *end;
	struct protobuf_field field;
};

static void varint_append(struct buffer *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buffer_append_byte(out, (char)(value | 0x80));
	buffer_append_byte(out, (char)value);
}

/* The fields of a message; 0: it is none. */
static size_t spans_find(const uint8_t *data, size_t size, struct span *spans, size_t limit)
{
	struct protobuf_reader message = {.at = data, .end = data + size};
	size_t count = 0;

	for (const uint8_t *start = data; count < limit && protobuf_next(&message, &spans[count].field); count++) {
		spans[count].start = start;
		start = spans[count].end = message.at;
	}
	return message.fault ? 0 : count;
}

static void message_mutate(struct buffer *out, const uint8_t *data, size_t size, int depth);

/* A changed value under the same number. */
static void field_mutate(struct buffer *out, const struct span *span, int depth)
{
	const struct protobuf_field *field = &span->field;
	struct buffer value = {0};

	if (!field->is_bytes) {
		static const uint64_t values[] = {0, 1, 2, INT32_MAX, INT64_MAX, UINT64_MAX};
		varint_append(out, (uint64_t)field->number << 3);
		varint_append(out, rand() % 2 ? (uint64_t)rand() % 32 : values[rand() % 6]);
		return;
	}
	message_mutate(&value, field->bytes.at, (size_t)(field->bytes.end - field->bytes.at), depth + 1);
	varint_append(out, (uint64_t)field->number << 3 | 2);
	varint_append(out, value.length);
	buffer_append(out, value.data, value.length);
	buffer_free(&value);
}

static void bytes_mutate(struct buffer *out, const uint8_t *data, size_t size)
{
	size_t room = size + 64;
	uint8_t *copy = malloc(room);

	if (size)
		memcpy(copy, data, size);
	size = LLVMFuzzerMutate(copy, size, room);
	buffer_append(out, copy, size);
	free(copy);
}

static void message_mutate(struct buffer *out, const uint8_t *data, size_t size, int depth)
{
	static struct span stack[DEPTH_MAX][4096];
	struct span *spans = depth < DEPTH_MAX ? stack[depth] : NULL;
	size_t count = spans ? spans_find(data, size, spans, 4096) : 0;

	if (count == 0 || rand() % 16 == 0) {
		bytes_mutate(out, data, size);
		return;
	}
	size_t chosen = (size_t)rand() % count, other = (size_t)rand() % count;
	int what = rand() % 8;
	for (size_t i = 0; i < count; i++) {
		const struct span span = spans[i], second = spans[other];
		if (i != chosen || what == 0) /* 0: one field twice */
			buffer_append(out, span.start, (size_t)(span.end - span.start));
		if (i == chosen && what <= 1) /* 1: another in its place; 2: none */
			buffer_append(out, second.start, (size_t)(second.end - second.start));
		else if (i == chosen && what > 2)
			field_mutate(out, &span, depth);
	}
	buffer_append(out, spans[count - 1].end, (size_t)(data + size - spans[count - 1].end));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct buffer plain = {0}, changed = {0}, packed = {0};
	struct error ignored;
	size_t offset;

	srand(seed);
	if (seed % 8 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	if (!gzip_is_gzip(data, size) || !gzip_unpack(&plain, data, size, PLAIN_MAX, &offset, &ignored)) {
		plain.length = 0;
		buffer_append(&plain, data, size);
	}
	message_mutate(&changed, (const uint8_t *)plain.data, plain.length, 0);
	if (rand() % 4 == 0)
		gzip_pack(&packed, changed.data, changed.length);
	const struct buffer *result = packed.length ? &packed : &changed;
	size = result->length < max_size ? result->length : max_size;
	if (size)
		memcpy(data, result->data, size);
	buffer_free(&plain);
	buffer_free(&changed);
	buffer_free(&packed);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	foreign_read(FOREIGN_PPROF, data, size);
	foreign_read(FOREIGN_PACKED, data, size);
	return 0;
}
