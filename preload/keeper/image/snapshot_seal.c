/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a snapshot image: sections are packed, checksums made. See snapshot_writer.h. */
#include "keeper/image/snapshot_writer.h"

#include <string.h>

#include "keeper/image/compact.h"

static void section_pack(struct snapshot_writer *packed, const struct snapshot_writer *image,
			 enum seep_section_type type, bool compact)
{
	const struct seep_section *from = &image->sections[type - 1];
	const char *entries = writer_section(image, type);
	uint64_t count = writer_entries(image, type);
	writer_section_begin(packed, type, from->entry_bytes);
	if (compact && count && count <= UINT32_MAX && compact_is_for(type)) {
		packed->sections[type - 1].compact_entries = (uint32_t)count;
		packed->failed |= !compact_add(packed, type, entries, (uint32_t)count);
	} else {
		void *plain = writer_add(packed, from->bytes);
		if (plain)
			memcpy(plain, entries, from->bytes);
	}
	writer_section_end(packed, type);
}

static bool image_pack(struct snapshot_writer *packed, const struct snapshot_writer *image, bool compact)
{
	writer_image_begin(packed);
	for (int type = SEEP_SECTION_PROCESS; type <= IMAGE_SECTIONS && !packed->failed; type++)
		if (image->sections[type - 1].type)
			section_pack(packed, image, type, compact);
	if (!packed->failed)
		return true;
	writer_drop(packed);
	return false;
}

/* Readers refuse a file that unpacks to far more than its size. No snapshot that we know comes near that limit. */
static bool is_within_bounds(const struct snapshot_writer *packed, const struct snapshot_writer *image)
{
	return image->bytes <= SEEP_COMPACT_LEAST + SEEP_COMPACT_RATIO * packed->bytes;
}

static struct seep_image image_seal(struct snapshot_writer *image, const struct seep_snapshot_header *header)
{
	struct seep_snapshot_header *out = (void *)image->data;
	struct seep_section *table = (void *)(out + 1);
	uint32_t count = 0;
	for (int i = 0; i < IMAGE_SECTIONS; i++) {
		struct seep_section section = image->sections[i];
		if (!section.type)
			continue;
		section.crc = seep_crc32(0, image->data + section.offset, section.bytes);
		table[count++] = section;
	}
	*out = *header;
	memcpy(out->magic, SEEP_SNAPSHOT_MAGIC, sizeof out->magic);
	out->version = SEEP_SNAPSHOT_VERSION;
	out->header_bytes = sizeof *out;
	out->file_bytes = image->bytes;
	out->section_count = count;
	out->table_crc = seep_crc32(0, table, count * sizeof *table);
	writer_header_seal(out);
	return (struct seep_image){.data = image->data, .bytes = image->bytes, .mapped_bytes = image->mapped_bytes};
}

bool writer_seal(const struct snapshot_writer *image, const struct seep_snapshot_header *header,
		 struct seep_image *sealed)
{
	struct snapshot_writer packed;
	if (image->failed || !image_pack(&packed, image, true))
		return false;
	if (!is_within_bounds(&packed, image)) {
		writer_drop(&packed);
		if (!image_pack(&packed, image, false))
			return false;
	}
	*sealed = image_seal(&packed, header);
	return true;
}
