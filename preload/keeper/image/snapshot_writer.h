/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot image while it is written: an anonymous mapping that grows at its
 * end, section after section, and gets its checksums last. Running out of
 * memory is sticky: writer_add() then returns NULL, and writer_seal() fails.
 * Also plain scratch memory from the same source, for code without malloc.
 */
#ifndef SEEP_IMAGE_SNAPSHOT_WRITER_H
#define SEEP_IMAGE_SNAPSHOT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seep/keeper.h>
#include <seep/snapshot.h>

#define IMAGE_SECTIONS (SEEP_SECTION_TYPES - 1) /* each at most once */

struct snapshot_writer {
	char *data;
	size_t bytes, mapped_bytes;
	bool failed;
	struct seep_section sections[IMAGE_SECTIONS]; /* by type - 1; those that nobody begins are not written */
};

/* Room for header, section table and PROCESS, which so lies at a fixed place. */
void writer_begin(struct snapshot_writer *image);
/* Sections follow each other; one is open at a time. */
void writer_section_begin(struct snapshot_writer *image, enum seep_section_type type, uint32_t entry_bytes);
void writer_section_end(struct snapshot_writer *image, enum seep_section_type type);
/* Room for so many more bytes. False: no memory. */
bool writer_reserve(struct snapshot_writer *image, size_t bytes);
/* Zeroed bytes at the end, valid until the next call; NULL: no memory. */
void *writer_add(struct snapshot_writer *image, size_t bytes);
/* Start of a section that was begun, valid until writer_add() is called again. Not after a failure. */
void *writer_section(const struct snapshot_writer *image, enum seep_section_type type);
uint64_t writer_entries(const struct snapshot_writer *image, enum seep_section_type type);
/* For snapshot_seal.c: an image without sections, and the checksum of a finished header. */
bool writer_image_begin(struct snapshot_writer *image);
void writer_header_seal(struct seep_snapshot_header *header);
void writer_drop(struct snapshot_writer *image);
/* Packs the sections, completes the header (its trigger, number, time and flags are the caller's) and hands the result
 * over. False: no memory. */
bool writer_seal(const struct snapshot_writer *image, const struct seep_snapshot_header *header,
		 struct seep_image *sealed);
/* Another number for a sealed image. */
void writer_renumber(struct seep_image *sealed, uint64_t number);

#endif
