/* SPDX-License-Identifier: Apache-2.0 */
/* The growing snapshot image: see snapshot_writer.h. */
#include "keeper/image/snapshot_writer.h"

#include "keeper/base/syscall.h"

#define FIRST_BYTES ((size_t)64 << 10)
#define PROCESS_OFFSET (sizeof(struct seep_snapshot_header) + IMAGE_SECTIONS * sizeof(struct seep_section))

bool writer_reserve(struct snapshot_writer *image, size_t bytes)
{
	if (image->failed || bytes > SIZE_MAX / 4 - image->bytes)
		return false;
	size_t needed = image->bytes + bytes, mapped = image->mapped_bytes;
	if (needed <= mapped)
		return true;
	while (mapped < needed)
		mapped *= 2;
	void *moved = system_remap(image->data, image->mapped_bytes, mapped);
	if (system_failed(moved))
		return false;
	image->data = moved;
	image->mapped_bytes = mapped;
	return true;
}

bool writer_image_begin(struct snapshot_writer *image)
{
	*image = (struct snapshot_writer){
	    .data = scratch_map(FIRST_BYTES), .mapped_bytes = FIRST_BYTES, .bytes = PROCESS_OFFSET};
	image->failed = !image->data;
	return !image->failed;
}

void writer_begin(struct snapshot_writer *image)
{
	if (!writer_image_begin(image))
		return;
	writer_section_begin(image, SEEP_SECTION_PROCESS, sizeof(struct seep_process));
	writer_add(image, sizeof(struct seep_process));
	writer_section_end(image, SEEP_SECTION_PROCESS);
}

void *writer_add(struct snapshot_writer *image, size_t bytes)
{
	if (!writer_reserve(image, bytes)) {
		image->failed = true;
		return NULL;
	}
	void *added = image->data + image->bytes;
	image->bytes += bytes;
	return added;
}

void writer_section_begin(struct snapshot_writer *image, enum seep_section_type type, uint32_t entry_bytes)
{
	writer_add(image, -image->bytes & 7);
	image->sections[type - 1] =
	    (struct seep_section){.type = type, .entry_bytes = entry_bytes, .offset = image->bytes};
}

void writer_section_end(struct snapshot_writer *image, enum seep_section_type type)
{
	image->sections[type - 1].bytes = image->bytes - image->sections[type - 1].offset;
}

void *writer_section(const struct snapshot_writer *image, enum seep_section_type type)
{
	return image->data + image->sections[type - 1].offset;
}

uint64_t writer_entries(const struct snapshot_writer *image, enum seep_section_type type)
{
	const struct seep_section *section = &image->sections[type - 1];
	return section->bytes / section->entry_bytes;
}

void writer_header_seal(struct seep_snapshot_header *header)
{
	header->header_crc = 0;
	header->header_crc = seep_crc32(0, header, sizeof *header);
}

void writer_renumber(struct seep_image *sealed, uint64_t number)
{
	struct seep_snapshot_header *header = sealed->data;
	header->number = number;
	writer_header_seal(header);
}

void writer_drop(struct snapshot_writer *image)
{
	if (image->data)
		system_unmap(image->data, image->mapped_bytes);
	*image = (struct snapshot_writer){.failed = true};
}

void seep_snapshot_free(struct seep_image *image)
{
	if (image->data)
		system_unmap(image->data, image->mapped_bytes);
	*image = (struct seep_image){0};
}
