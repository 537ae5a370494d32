/* SPDX-License-Identifier: Apache-2.0 */
/* The bias of a mapping, from the program headers. Every linker writes them behind the ELF header, so the file's first
 * bytes are enough for libelf, and it sees no more of an untrusted file. */
#include "reader/elf_bias.h"

#include <gelf.h>
#include <libelf.h>

#include "reader/input.h"

#define PAGE_MASK UINT64_C(4095)
#define CHOSEN_BY_KERNEL UINT64_C(0x10000000)

/* The head of a file, and libelf's view of it. */
struct elf_head {
	struct input input;
	Elf *elf;
	size_t segment_count;
};

static bool head_open(struct elf_head *head, const char *path)
{
	struct error ignored;

	*head = (struct elf_head){0};
	if (*path != '/' || !input_open(&head->input, path, &ignored))
		return false;
	elf_version(EV_CURRENT);
	head->elf = elf_memory((char *)head->input.data, head->input.bytes);
	if (!head->elf || elf_getphdrnum(head->elf, &head->segment_count) < 0)
		head->segment_count = 0;
	return true;
}

static void head_close(struct elf_head *head)
{
	elf_end(head->elf);
	input_close(&head->input);
}

bool elf_bias_find(const char *path, uint64_t start, uint64_t file_offset, uint64_t *bias)
{
	struct elf_head head;
	GElf_Phdr segment;
	bool found = false;

	if (!head_open(&head, path))
		return false;
	for (size_t i = 0; i < head.segment_count && !found && gelf_getphdr(head.elf, (int)i, &segment); i++) {
		const uint64_t first = segment.p_offset & ~PAGE_MASK;
		found = segment.p_type == PT_LOAD && file_offset >= first &&
			file_offset - first < segment.p_filesz + (segment.p_offset & PAGE_MASK);
		if (found)
			*bias = start - file_offset + segment.p_offset - segment.p_vaddr;
	}
	head_close(&head);
	return found;
}

uint32_t elf_code_find(const char *path, struct elf_code codes[ELF_CODES_MAX])
{
	struct elf_head head;
	GElf_Phdr segment;
	uint32_t count = 0;

	if (!head_open(&head, path))
		return 0;
	for (size_t i = 0; i < head.segment_count && count < ELF_CODES_MAX && gelf_getphdr(head.elf, (int)i, &segment);
	     i++) {
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		codes[count++] = (struct elf_code){
		    .address = segment.p_vaddr & ~PAGE_MASK,
		    .file_offset = segment.p_offset & ~PAGE_MASK,
		    .bytes = ((segment.p_vaddr & PAGE_MASK) + segment.p_memsz + PAGE_MASK) & ~PAGE_MASK,
		};
	}
	head_close(&head);
	return count;
}

uint64_t elf_bias_guess(uint64_t start, uint64_t file_offset)
{
	return start < CHOSEN_BY_KERNEL ? 0 : start - file_offset;
}
