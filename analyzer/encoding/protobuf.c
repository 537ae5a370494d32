/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading the wire format; see the header. */
#include "encoding/protobuf.h"

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };
enum { VARINT_BYTES_MAX = 10, FIELD_MAX = (1 << 29) - 1 };

void protobuf_varint(struct buffer *out, uint64_t value)
{
	buffer_reserve(out, VARINT_BYTES_MAX);
	char *end = out->data + out->length;
	for (; value >= 0x80; value >>= 7)
		*end++ = (char)(value | 0x80);
	*end++ = (char)value;
	*end = '\0';
	out->length = (size_t)(end - out->data);
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

static bool stop(struct protobuf_reader *message, const char *fault)
{
	message->fault = fault;
	return false;
}

bool protobuf_next_packed(struct protobuf_reader *array, uint64_t *value)
{
	const unsigned char *at = array->at;

	if (at == array->end)
		return false;
	*value = 0;
	for (int i = 0; i < VARINT_BYTES_MAX; i++, at++) {
		if (at == array->end)
			return stop(array, "a number is cut");
		*value |= (uint64_t)(*at & 0x7f) << (7 * i);
		if (!(*at & 0x80)) {
			array->at = at + 1;
			return true;
		}
	}
	return stop(array, "a number has more than ten bytes");
}

static bool fixed_next(struct protobuf_reader *message, struct protobuf_field *field, size_t width)
{
	if ((size_t)(message->end - message->at) < width)
		return stop(message, "a number is cut");
	field->value = 0;
	for (size_t i = 0; i < width; i++)
		field->value |= (uint64_t)message->at[i] << (8 * i);
	message->at += width;
	return true;
}

bool protobuf_next(struct protobuf_reader *message, struct protobuf_field *field)
{
	uint64_t key, length;

	if (!protobuf_next_packed(message, &key))
		return false;
	if (key >> 3 == 0 || key >> 3 > FIELD_MAX)
		return stop(message, "a field has an impossible number");
	*field = (struct protobuf_field){.number = (uint32_t)(key >> 3)};
	switch (key & 7) {
	case WIRE_VARINT:
		return protobuf_next_packed(message, &field->value) ||
		       (message->fault ? false : stop(message, "a field has no value"));
	case WIRE_FIXED64:
		return fixed_next(message, field, 8);
	case WIRE_FIXED32:
		return fixed_next(message, field, 4);
	case WIRE_LENGTH:
		if (!protobuf_next_packed(message, &length))
			return message->fault ? false : stop(message, "a field has no length");
		if (length > (uint64_t)(message->end - message->at))
			return stop(message, "a field is longer than the message that holds it");
		field->is_bytes = true;
		field->bytes = (struct protobuf_reader){.at = message->at, .end = message->at + length};
		message->at += length;
		return true;
	default:
		return stop(message, "a field has an unknown wire type");
	}
}
