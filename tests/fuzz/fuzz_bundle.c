/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of bundles under libFuzzer. The mutator unpacks one part, changes it, corrects the checksums inside, packs
 * it and makes the table anew; one input in eight is changed blindly.
 */
#include "mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "encoding/gzip.h"
#include "profile/bundle.h"
#include "profile/profile.h"
#include "reader/bundle_reader.h"
#include "reader/input.h"

enum { PARTS_MAX = 16, PLAIN_MAX = 4 << 20 };

/* The input as a file that is in no directory. */
static const char *file_of(const uint8_t *data, size_t size)
{
	static char path[64];
	static int descriptor = -1;

	if (descriptor < 0) {
		descriptor = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	}
	if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != (ssize_t)size)
		abort();
	return path;
}

/* A part's content; if it can't be unpacked, the part as it is. */
static void part_unpack(struct buffer *out, const uint8_t *data, size_t size, const struct bundle_part *part)
{
	struct error ignored;
	size_t offset;

	if (part->offset > size || part->packed_bytes > size - part->offset)
		return;
	if (!gzip_unpack(out, data + part->offset, part->packed_bytes, PLAIN_MAX, &offset, &ignored)) {
		out->length = 0;
		buffer_append(out, data + part->offset, part->packed_bytes);
	}
}

static void part_mutate(struct buffer *content, struct bundle_part *part)
{
	size_t room = content->length + 256;
	uint8_t *copy = calloc(1, room);

	memcpy(copy, content->length ? content->data : "", content->length);
	content->length = 0;
	size_t size = LLVMFuzzerMutate(copy, room - 256, room);
	if (part->type == BUNDLE_SNAPSHOT)
		mend_snapshot(copy, size);
	buffer_append(content, copy, size);
	free(copy);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	struct bundle_header header;
	struct bundle_part parts[PARTS_MAX];
	struct buffer body = {0};

	if (size < sizeof header || seed % 8 == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	srand(seed);
	memcpy(&header, data, sizeof header);
	header.part_count = header.part_count % PARTS_MAX;
	if (header.part_count == 0 || (size - sizeof header) / sizeof *parts < header.part_count)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(parts, data + sizeof header, header.part_count * sizeof *parts);
	const uint32_t chosen = (uint32_t)rand() % header.part_count;
	const size_t start = sizeof header + header.part_count * sizeof *parts;
	if (rand() % 8 == 0)
		parts[chosen].type = 1 + rand() % 3;
	for (uint32_t i = 0; i < header.part_count; i++) {
		struct buffer content = {0}, packed = {0};
		part_unpack(&content, data, size, &parts[i]);
		if (i == chosen)
			part_mutate(&content, &parts[i]);
		gzip_pack(&packed, content.length ? content.data : "", content.length);
		parts[i].offset = start + body.length;
		parts[i].packed_bytes = packed.length;
		parts[i].bytes = content.length;
		parts[i].crc = mend_checksum(packed.data, packed.length);
		buffer_append(&body, packed.data, packed.length);
		buffer_free(&content);
		buffer_free(&packed);
	}
	if (start + body.length <= max_size) {
		memcpy(header.magic, BUNDLE_MAGIC, sizeof header.magic);
		header.version = BUNDLE_VERSION;
		header.file_bytes = start + body.length;
		header.table_crc = mend_checksum(parts, header.part_count * sizeof *parts);
		header.header_crc = 0;
		header.header_crc = mend_checksum(&header, sizeof header);
		memcpy(data, &header, sizeof header);
		memcpy(data + sizeof header, parts, header.part_count * sizeof *parts);
		memcpy(data + start, body.data, body.length);
		size = start + body.length;
	}
	buffer_free(&body);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input;
	struct error error;
	struct recording list = {0};
	const char *path = file_of(data, size);

	if (!input_open(&input, path, &error))
		return 0;
	if (bundle_is_bundle(input.data, input.bytes)) {
		struct profile *profile = bundle_profile(&input, 0, &error);
		if (profile)
			profile_free(profile);
		bundle_list(path, &list, &error);
		recording_free(&list);
	}
	input_close(&input);
	return 0;
}
