/* SPDX-License-Identifier: Apache-2.0 */
/* Sets a snapshot's checksums and counts right again after a mutation: they would stop every change at the door. */
#ifndef TESTS_FUZZ_MEND_H
#define TESTS_FUZZ_MEND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include <seep/snapshot.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline uint32_t mend_checksum(const void *data, size_t bytes)
{
	return (uint32_t)crc32(0, data, (uInt)bytes);
}

static inline void mend_snapshot(uint8_t *data, size_t size)
{
	struct seep_snapshot_header header;
	struct seep_section section;

	if (size < sizeof header)
		return;
	memcpy(&header, data, sizeof header);
	memcpy(header.magic, SEEP_SNAPSHOT_MAGIC, sizeof header.magic);
	if (header.version < SEEP_SNAPSHOT_VERSION_PLAIN || header.version > SEEP_SNAPSHOT_VERSION)
		header.version = SEEP_SNAPSHOT_VERSION;
	header.header_bytes = sizeof header;
	header.file_bytes = size;
	header.section_count %= 16;
	if (size - sizeof header < header.section_count * sizeof section)
		header.section_count = (uint32_t)((size - sizeof header) / sizeof section);
	for (uint32_t i = 0; i < header.section_count; i++) {
		uint8_t *at = data + sizeof header + i * sizeof section;
		memcpy(&section, at, sizeof section);
		if (section.offset <= size && section.bytes <= size - section.offset)
			section.crc = mend_checksum(data + section.offset, section.bytes);
		memcpy(at, &section, sizeof section);
	}
	header.table_crc = mend_checksum(data + sizeof header, header.section_count * sizeof section);
	header.header_crc = 0;
	header.header_crc = mend_checksum(&header, sizeof header);
	memcpy(data, &header, sizeof header);
}

#endif
