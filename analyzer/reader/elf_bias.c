/* SPDX-License-Identifier: Apache-2.0 */
/* The bias of a mapping, from the program headers; they stand at the file's beginning in every file that is linked. */
#include "reader/elf_bias.h"

#include <elf.h>
#include <string.h>

#include "reader/input.h"

#define PAGE_MASK UINT64_C(4095)
#define CHOSEN_BY_KERNEL UINT64_C(0x10000000)

static bool segment_find(const struct input *input, uint64_t start, uint64_t file_offset, uint64_t *bias)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (input->bytes < sizeof header)
		return false;
	memcpy(&header, input->data, sizeof header);
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_phentsize != sizeof segment)
		return false;
	for (uint64_t i = 0; i < header.e_phnum; i++) {
		if (header.e_phoff > input->bytes || (i + 1) * sizeof segment > input->bytes - header.e_phoff)
			return false;
		memcpy(&segment, input->data + header.e_phoff + i * sizeof segment, sizeof segment);
		const uint64_t first = segment.p_offset & ~PAGE_MASK;
		if (segment.p_type != PT_LOAD || file_offset < first ||
		    file_offset - first >= segment.p_filesz + (segment.p_offset & PAGE_MASK))
			continue;
		*bias = start - file_offset + segment.p_offset - segment.p_vaddr;
		return true;
	}
	return false;
}

bool elf_bias_find(const char *path, uint64_t start, uint64_t file_offset, uint64_t *bias)
{
	struct input input;
	struct error ignored;

	if (*path != '/' || !input_open(&input, path, &ignored))
		return false;
	const bool found = segment_find(&input, start, file_offset, bias);
	input_close(&input);
	return found;
}

uint64_t elf_bias_guess(uint64_t start, uint64_t file_offset)
{
	return start < CHOSEN_BY_KERNEL ? 0 : start - file_offset;
}
