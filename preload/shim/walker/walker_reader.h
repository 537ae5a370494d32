/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded reader of unwind tables. Past its end it reads zeros and is marked
 * as failed, so that callers check once. If the module that the tables belong
 * to may be on its way out, the kernel is asked about each page before it is
 * read.
 */
#ifndef SEEP_WALKER_WALKER_READER_H
#define SEEP_WALKER_WALKER_READER_H

#include <dwarf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "shim/sample/memory_probe.h"

struct table_reader {
	uintptr_t at, end;
	uintptr_t known_page; /* careful: the page found readable last, 1 to begin with; 0: not careful */
	bool failed;
};

/* Can up to 8 bytes at this address be read, by a reader that is careful or not? */
static inline bool reader_may_read(struct table_reader *reader, uintptr_t address, size_t bytes)
{
	uintptr_t first = probe_page_of(address), last = probe_page_of(address + bytes - 1);
	if (reader->known_page == 0 || (first == reader->known_page && last == first))
		return true;
	if (!probe_page_readable(first) || (last != first && !probe_page_readable(last)))
		return false;
	reader->known_page = last;
	return true;
}

static inline uint64_t reader_bytes(struct table_reader *reader, size_t bytes)
{
	uint64_t value = 0;
	if (reader->at > reader->end || reader->end - reader->at < bytes ||
	    !reader_may_read(reader, reader->at, bytes)) {
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

/* A pointer in one of the encodings that compilers use: 4 or 8 bytes, absolute or relative to itself. */
static inline uintptr_t reader_pointer(struct table_reader *reader, uint8_t encoding, bool is_size)
{
	uintptr_t base = (encoding & 0x70) == DW_EH_PE_pcrel && !is_size ? reader->at : 0;
	if ((encoding & 0x70) != 0 && (encoding & 0x70) != DW_EH_PE_pcrel)
		reader->failed = true;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return base + reader_bytes(reader, 8);
	case DW_EH_PE_udata4:
		return base + reader_u32(reader);
	case DW_EH_PE_sdata4:
		return base + (uintptr_t)(intptr_t)(int32_t)reader_u32(reader);
	default:
		reader->failed = true;
		return 0;
	}
}

/* A mapped module, as the loader gives it. */
struct table_module {
	uintptr_t start, end;
	uintptr_t eh_frame_header; /* of PT_GNU_EH_FRAME; 0: none */
	bool careful;              /* it may be gone: ask about each page before reading it */
};

/* Reads from an address of the module to the module's end. */
static inline struct table_reader module_reader(const struct table_module *module, uintptr_t at)
{
	bool inside = at >= module->start && at < module->end;
	return (struct table_reader){
	    .at = inside ? at : module->end, .end = module->end, .known_page = module->careful, .failed = !inside};
}

#endif
