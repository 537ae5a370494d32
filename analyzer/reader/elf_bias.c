/* SPDX-License-Identifier: Apache-2.0 */
/* The bias of a mapping, from the program headers; they stand at the file's beginning in every file that is linked. */
#include "reader/elf_bias.h"

#include <elf.h>
#include <string.h>

#include "reader/input.h"

#define PAGE_MASK UINT64_C(4095)
#define CHOSEN_BY_KERNEL UINT64_C(0x10000000)

/* The file's header, if it is an ELF file of this kind of machine. */
static bool header_read(const struct input *input, Elf64_Ehdr *header)
{
	if (input->bytes < sizeof *header)
		return false;
	memcpy(header, input->data, sizeof *header);
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_phentsize == sizeof(Elf64_Phdr);
}

/* Program header number `index`, as far as it stands in what was read of the file. */
static bool segment_read(const struct input *input, const Elf64_Ehdr *header, uint64_t index, Elf64_Phdr *segment)
{
	if (index >= header->e_phnum || header->e_phoff > input->bytes ||
	    (index + 1) * sizeof *segment > input->bytes - header->e_phoff)
		return false;
	memcpy(segment, input->data + header->e_phoff + index * sizeof *segment, sizeof *segment);
	return true;
}

static bool segment_find(const struct input *input, uint64_t start, uint64_t file_offset, uint64_t *bias)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (!header_read(input, &header))
		return false;
	for (uint64_t i = 0; segment_read(input, &header, i, &segment); i++) {
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

uint32_t elf_code_find(const char *path, struct elf_code codes[ELF_CODES_MAX])
{
	struct input input;
	struct error ignored;
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	uint32_t count = 0;

	if (*path != '/' || !input_open(&input, path, &ignored))
		return 0;
	const bool is_elf = header_read(&input, &header);
	for (uint64_t i = 0; is_elf && count < ELF_CODES_MAX && segment_read(&input, &header, i, &segment); i++) {
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		codes[count++] = (struct elf_code){
		    .address = segment.p_vaddr & ~PAGE_MASK,
		    .file_offset = segment.p_offset & ~PAGE_MASK,
		    .bytes = ((segment.p_vaddr & PAGE_MASK) + segment.p_memsz + PAGE_MASK) & ~PAGE_MASK,
		};
	}
	input_close(&input);
	return count;
}

uint64_t elf_bias_guess(uint64_t start, uint64_t file_offset)
{
	return start < CHOSEN_BY_KERNEL ? 0 : start - file_offset;
}
