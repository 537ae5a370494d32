/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle (docs/BUNDLE_FORMAT.md): the snapshots of a recording and the names of every address in them, in one file.
 * It is untrusted: the table of contents is checked when the file is opened, each part when it is unpacked. */
#ifndef SEEP_READER_BUNDLE_READER_H
#define SEEP_READER_BUNDLE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "reader/input.h"

#define BUNDLE_MAGIC "SEEPBNDL"
enum { BUNDLE_VERSION = 1, BUNDLE_PARTS_MAX = 1 << 20 };
enum bundle_part_type { BUNDLE_SNAPSHOT = 1, BUNDLE_SYMBOLS = 2 };

struct bundle_header {
	char magic[8];
	uint32_t version;
	uint32_t part_count;
	uint64_t file_bytes;
	uint32_t table_crc;
	uint32_t header_crc; /* of this header, with this field taken as 0 */
};

struct bundle_part {
	uint32_t type;
	uint32_t crc; /* of the packed bytes */
	uint64_t offset, packed_bytes, bytes;
	uint64_t number, time_ns; /* for a snapshot: as in its header */
	uint32_t trigger;
	uint32_t reserved;
};

/* The part SYMBOLS, unpacked: this header, then modules, addresses, lines, and the texts, to which the others refer by
 * offset. */
struct bundle_symbols_header {
	uint32_t module_count, address_count, line_count, text_bytes;
};

struct bundle_module {
	uint32_t path, source; /* texts */
	uint32_t has_lines;
	uint32_t build_id_bytes;
	uint8_t build_id[32];
};

struct bundle_address {
	uint64_t address;
	uint32_t module;
	uint32_t exact;
	uint32_t first_line, line_count;
};

struct bundle_line {
	uint32_t function, file; /* texts; file 0: unknown */
	uint32_t line;
	uint32_t inlined;
};

_Static_assert(sizeof(struct bundle_header) == 32 && sizeof(struct bundle_part) == 56, "the format's sizes");
_Static_assert(sizeof(struct bundle_module) == 48 && sizeof(struct bundle_address) == 24 &&
		   sizeof(struct bundle_line) == 16,
	       "the format's sizes");

struct bundle {
	const struct input *input; /* borrowed, open */
	struct bundle_part *parts;
	uint32_t part_count;
};

/* Borrows from the unpacked part, which must be aligned like memory from memory_allocate() or struct buffer. */
struct bundle_symbols {
	struct bundle_symbols_header header;
	const struct bundle_module *modules;
	const struct bundle_address *addresses;
	const struct bundle_line *lines;
	const char *texts;
};

bool bundle_is_bundle(const void *data, size_t bytes);

/* Reads and checks the table of contents of a file; `input` has the file's head. */
bool bundle_open(struct bundle *bundle, const struct input *input, struct error *error);
void bundle_close(struct bundle *bundle);

/* Appends a part's content. */
bool bundle_unpack(const struct bundle *bundle, const struct bundle_part *part, struct buffer *out,
		   struct error *error);

/* Checks every index and text of an unpacked SYMBOLS. */
bool bundle_symbols_verify(struct bundle_symbols *symbols, const struct buffer *part, const char *name,
			   struct error *error);

#endif
