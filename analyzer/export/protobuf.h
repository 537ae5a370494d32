/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format of protocol buffers, as far as a writer needs it: varints, and fields that have a length. */
#ifndef SEEP_EXPORT_PROTOBUF_H
#define SEEP_EXPORT_PROTOBUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* A varint without a field's key, as packed arrays are made of. */
void protobuf_varint(struct buffer *out, uint64_t value);

/* A numeric field. 0 is what a reader takes a missing field for, so it is left out. */
void protobuf_unsigned(struct buffer *out, uint32_t field, uint64_t value);
void protobuf_signed(struct buffer *out, uint32_t field, int64_t value);

/* A text, a packed array, or a message that has been written to a buffer of its own; also an empty one. */
void protobuf_bytes(struct buffer *out, uint32_t field, const void *data, size_t bytes);

/* The same from a buffer, which is emptied for the next message. */
void protobuf_message(struct buffer *out, uint32_t field, struct buffer *message);

#endif
