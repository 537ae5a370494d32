/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format of protocol buffers (protobuf.dev/programming-guides/encoding). The writer appends varints and fields
 * that have a length. The reader steps through the fields of one message, never beyond its end; a message within it is
 * read by another reader. */
#ifndef SEEP_ENCODING_PROTOBUF_H
#define SEEP_ENCODING_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* Appends a varint without a field's key, for packed arrays. */
void protobuf_varint(struct buffer *out, uint64_t value);

/* Appends a numeric field. A reader takes a missing field for 0, so a 0 is left out. */
void protobuf_unsigned(struct buffer *out, uint32_t field, uint64_t value);

/* Appends a text, a packed array, or a message from a buffer of its own; also an empty one. */
void protobuf_bytes(struct buffer *out, uint32_t field, const void *data, size_t bytes);

/* The same from a buffer, which is emptied for the next message. */
void protobuf_message(struct buffer *out, uint32_t field, struct buffer *message);

struct protobuf_reader {
	const unsigned char *at, *end;
	const char *fault; /* why protobuf_next() stopped; NULL: it reached the end */
};

struct protobuf_field {
	uint32_t number;
	bool is_bytes;                /* the value is bytes; otherwise it is a number */
	uint64_t value;               /* the number */
	struct protobuf_reader bytes; /* the text, packed array or message */
};

/* Steps to the next field; false at the end, or at a fault. */
bool protobuf_next(struct protobuf_reader *message, struct protobuf_field *field);

/* Steps to the next number of a packed array; false at the end, or at a fault. */
bool protobuf_next_packed(struct protobuf_reader *array, uint64_t *value);

#endif
