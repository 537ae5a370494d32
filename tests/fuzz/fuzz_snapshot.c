/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot reader under libFuzzer. Checksums would stop every change at
 * the door, so the mutator sets them right again, but for one input in eight.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include <seep/snapshot.h>

#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint32_t checksum(const void *data, size_t bytes)
{
	return (uint32_t)crc32(0, data, (uInt)bytes);
}

static void checksums_mend(uint8_t *data, size_t size)
{
	struct seep_snapshot_header header;
	struct seep_section section;

	if (size < sizeof header)
		return;
	memcpy(&header, data, sizeof header);
	memcpy(header.magic, SEEP_SNAPSHOT_MAGIC, sizeof header.magic);
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
			section.crc = checksum(data + section.offset, section.bytes);
		memcpy(at, &section, sizeof section);
	}
	header.table_crc = checksum(data + sizeof header, header.section_count * sizeof section);
	header.header_crc = 0;
	header.header_crc = checksum(&header, sizeof header);
	memcpy(data, &header, sizeof header);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 8)
		checksums_mend(data, size);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	struct profile *profile = profile_open_snapshot(data, size, "fuzz", &error);
	struct profile_totals totals;

	if (!profile)
		return 0;
	profile_totals(profile, &totals);
	profile_free(profile);
	return 0;
}
