/* SPDX-License-Identifier: Apache-2.0 */
/* A writer of protocol buffers: see the header, and protobuf.dev/programming-guides/encoding for the format. */
#include "export/protobuf.h"

enum wire_type { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

void protobuf_varint(struct buffer *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buffer_append_byte(out, (char)(value | 0x80));
	buffer_append_byte(out, (char)value);
}

static void field_begin(struct buffer *out, uint32_t field, enum wire_type type)
{
	protobuf_varint(out, (uint64_t)field << 3 | type);
}

void protobuf_unsigned(struct buffer *out, uint32_t field, uint64_t value)
{
	if (value == 0)
		return;
	field_begin(out, field, WIRE_VARINT);
	protobuf_varint(out, value);
}

void protobuf_signed(struct buffer *out, uint32_t field, int64_t value)
{
	protobuf_unsigned(out, field, (uint64_t)value);
}

void protobuf_bytes(struct buffer *out, uint32_t field, const void *data, size_t bytes)
{
	field_begin(out, field, WIRE_LENGTH);
	protobuf_varint(out, bytes);
	buffer_append(out, data, bytes);
}

void protobuf_message(struct buffer *out, uint32_t field, struct buffer *message)
{
	protobuf_bytes(out, field, message->data, message->length);
	message->length = 0;
}
