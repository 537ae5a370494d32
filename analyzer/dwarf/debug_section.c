/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and inflates a section as it is asked for; see the header. */
#include "dwarf/debug_section.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <isa-l/igzip_lib.h>

#include "base/memory.h"

#define INPUT_BYTES ((size_t)256 << 10)
#define INFLATE_BYTES_MAX ((size_t)1 << 30) /* igzip counts in 32 bits */

static ssize_t file_read(struct debug_section *section, void *data, size_t bytes)
{
	const uint64_t left = section->end - section->next;
	ssize_t got;

	do {
		got = pread(section->descriptor, data, bytes < left ? bytes : left, (off_t)section->next);
	} while (got < 0 && errno == EINTR);
	section->next += got > 0 ? (uint64_t)got : 0;
	return got;
}

bool debug_section_open(struct debug_section *section, int descriptor, const GElf_Shdr *header)
{
	Elf64_Chdr packed;

	*section = (struct debug_section){.descriptor = descriptor,
					  .next = header->sh_offset,
					  .end = header->sh_offset + header->sh_size,
					  .bytes = header->sh_size};
	if (section->end < section->next || header->sh_type == SHT_NOBITS)
		return false;
	if (!(header->sh_flags & SHF_COMPRESSED))
		return true;
	if (file_read(section, &packed, sizeof packed) != sizeof packed || packed.ch_type != ELFCOMPRESS_ZLIB)
		return false;
	section->inflater = memory_allocate(1, sizeof *section->inflater);
	isal_inflate_init(section->inflater);
	section->inflater->crc_flag = ISAL_ZLIB;
	section->bytes = packed.ch_size;
	section->input = memory_allocate(INPUT_BYTES, 1);
	return true;
}

void debug_section_close(struct debug_section *section)
{
	free(section->inflater);
	free(section->input);
	*section = (struct debug_section){0};
}

static bool inflate_exactly(struct debug_section *section, unsigned char *data, size_t bytes)
{
	struct inflate_state *inflater = section->inflater;

	inflater->next_out = data;
	inflater->avail_out = (uint32_t)bytes;
	while (inflater->avail_out > 0) {
		const uint32_t wanted = inflater->avail_out, had = inflater->avail_in;
		if (isal_inflate(inflater) < ISAL_DECOMP_OK)
			return false;
		if (inflater->avail_out < wanted || inflater->avail_in < had)
			continue;
		/* it made no progress: its input is missing, or it is at the end */
		ssize_t got = had == 0 && inflater->block_state != ISAL_BLOCK_FINISH
				  ? file_read(section, section->input, INPUT_BYTES)
				  : 0;
		if (got <= 0)
			return false;
		inflater->next_in = section->input;
		inflater->avail_in = (uint32_t)got;
	}
	return true;
}

bool debug_section_read(struct debug_section *section, void *data, size_t bytes)
{
	unsigned char *at = data;

	if (bytes > section->bytes - section->given)
		return false;
	section->given += bytes;
	while (bytes > 0) {
		const size_t step = bytes < INFLATE_BYTES_MAX ? bytes : INFLATE_BYTES_MAX;
		ssize_t got = (ssize_t)step;
		if (section->inflater ? !inflate_exactly(section, at, step) : (got = file_read(section, at, step)) <= 0)
			return false;
		at += got;
		bytes -= (size_t)got;
	}
	return true;
}
