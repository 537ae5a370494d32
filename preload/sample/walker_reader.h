/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded reader of unwind tables: past its end it reads zeros and is marked
 * as failed, so that callers check once.
 */
#ifndef SEEP_SAMPLE_WALKER_READER_H
#define SEEP_SAMPLE_WALKER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct table_reader {
	uintptr_t at, end;
	bool failed;
};

static inline uint64_t reader_bytes(struct table_reader *reader, size_t bytes)
{
	uint64_t value = 0;
	if (reader->at > reader->end || reader->end - reader->at < bytes) {
		reader->failed = true;
		reader->at = reader->end;
		return 0;
	}
	memcpy(&value, (const void *)reader->at, bytes);
	reader->at += bytes;
	return value;
}

static inline uint8_t reader_u8(struct table_reader *reader)
{
	return (uint8_t)reader_bytes(reader, 1);
}

static inline uint32_t reader_u32(struct table_reader *reader)
{
	return (uint32_t)reader_bytes(reader, 4);
}

static inline void reader_skip(struct table_reader *reader, uint64_t bytes)
{
	if (reader->at > reader->end || reader->end - reader->at < bytes) {
		reader->failed = true;
		reader->at = reader->end;
		return;
	}
	reader->at += bytes;
}

static inline uint64_t reader_uleb(struct table_reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; !reader->failed; shift += 7) {
		uint8_t byte = reader_u8(reader);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static inline int64_t reader_sleb(struct table_reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; !reader->failed;) {
		uint8_t byte = reader_u8(reader);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte & 0x80)
			continue;
		if (byte & 0x40 && shift < 64)
			value |= ~UINT64_C(0) << shift;
		break;
	}
	return (int64_t)value;
}

#endif
