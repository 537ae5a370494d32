/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The heap-file reader under libFuzzer: whatever a heap file contains, the snapshot built from it can be read, or there
 * is an error that says why not.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seep/heap.h>
#include <seep/keeper.h>

#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* The fields at the door, set right but for one input in eight. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct seep_heap_header *header;

	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < sizeof *header || seed % 8 == 0)
		return size;
	uint64_t file_bytes = size;
	uint32_t version = SEEP_HEAP_VERSION, header_bytes = sizeof *header;
	memcpy(data + offsetof(struct seep_heap_header, magic), SEEP_HEAP_MAGIC, 8);
	memcpy(data + offsetof(struct seep_heap_header, version), &version, sizeof version);
	memcpy(data + offsetof(struct seep_heap_header, header_bytes), &header_bytes, sizeof header_bytes);
	memcpy(data + offsetof(struct seep_heap_header, file_bytes), &file_bytes, sizeof file_bytes);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t rounded = (size + SEEP_HEAP_PAGE - 1) / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
	struct seep_heap_view view = {.map = aligned_alloc(SEEP_HEAP_PAGE, rounded ? rounded : SEEP_HEAP_PAGE),
				      .bytes = size};
	struct seep_fault fault = {0};
	struct seep_image image = {0};
	struct error error;

	memcpy(view.map, data, size);
	if (seep_snapshot_build(&view, SEEP_TRIGGER_POSTMORTEM, 1, &image, &fault)) {
		struct profile *profile = profile_open_snapshot(image.data, image.bytes, "fuzz", &error);
		if (!profile) {
			fprintf(stderr, "a snapshot was built that can't be read: %s\n", error.text);
			abort();
		}
		profile_free(profile);
		seep_snapshot_free(&image);
	}
	free(view.map);
	return 0;
}
