/* SPDX-License-Identifier: Apache-2.0 */
/* Steps through the fields of one protocol buffers message, never beyond its end. Nested messages are messages again.
 */
#ifndef SEEP_READER_PROTOBUF_READER_H
#define SEEP_READER_PROTOBUF_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct protobuf_message {
	const unsigned char *at, *end;
	const char *fault; /* what was wrong where protobuf_next() stopped; NULL: it had reached the end */
};

struct protobuf_field {
	uint32_t number;
	bool is_bytes;                 /* otherwise a number */
	uint64_t value;                /* of a number */
	struct protobuf_message bytes; /* a text, a packed array or a message */
};

/* The next field; false at the end, or at a fault. */
bool protobuf_next(struct protobuf_message *message, struct protobuf_field *field);

/* The next number of a packed array; false at the end, or at a fault. */
bool protobuf_next_packed(struct protobuf_message *array, uint64_t *value);

#endif
