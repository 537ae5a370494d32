/* SPDX-License-Identifier: Apache-2.0 */
/* See module_ends.h. */
#include "keeper/ledger/module_ends.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/program/process.h"

#define PAGE_BYTES UINT64_C(4096)
#define HEADERS_MOST 32

struct module_head {
	Elf64_Ehdr elf;
	Elf64_Phdr headers[HEADERS_MOST];
};

/* The end of the module as its program headers, which may say anything, have it; 0: they have none. */
static uint64_t end_of_headers(const struct module_head *head, uint64_t start)
{
	uint64_t low = UINT64_MAX, high = 0, sum;
	for (unsigned i = 0; i < head->elf.e_phnum && i < HEADERS_MOST; i++) {
		const Elf64_Phdr *header = &head->headers[i];
		if (header->p_type != PT_LOAD || __builtin_add_overflow(header->p_vaddr, header->p_memsz, &sum))
			continue;
		low = header->p_vaddr < low ? header->p_vaddr : low;
		high = sum > high ? sum : high;
	}
	low -= low % PAGE_BYTES;
	if (low >= high || __builtin_add_overflow(start, high - low, &sum))
		return 0;
	return (sum + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static uint64_t module_end(int memory, uint64_t start)
{
	struct module_head head = {0};
	const long got = file_read_at(memory, &head, sizeof head, start);
	const bool is_elf = got >= (long)sizeof head.elf && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0 &&
			    head.elf.e_phoff == sizeof head.elf && head.elf.e_phentsize == sizeof *head.headers;
	return is_elf ? end_of_headers(&head, start) : 0;
}

/* Marks the mapping as lying behind its module from `end` on. */
static void mapping_cut(struct ledger *ledger, uint32_t index, uint64_t end)
{
	struct ledger_mapping *mapping = &ledger->mappings[index];
	if (!end || end >= mapping->end)
		return;
	if (end <= mapping->start) {
		mapping->is_behind_module = true;
		return;
	}
	if (ledger->count == LEDGER_MAPPINGS)
		return;
	memmove(mapping + 1, mapping, (ledger->count - index) * sizeof *mapping);
	ledger->count++;
	mapping[0].end = mapping[1].start = end;
	mapping[1].is_behind_module = true;
}

/* Is this private memory without a known owner, right behind a file's last segment? */
static bool may_be_joined(const struct ledger_mapping *mapping)
{
	const struct ledger_mapping *before = mapping - 1;
	return before->end == mapping->start && before->permission & LEDGER_WRITE && !mapping->inode &&
	       mapping->permission & LEDGER_WRITE && !(mapping->permission & (LEDGER_EXECUTE | LEDGER_SHARE)) &&
	       mapping->owner == LEDGER_OWNER_UNKNOWN;
}

void ledger_cut_modules(struct ledger *ledger, uint64_t pid)
{
	char path[48];
	process_path(path, sizeof path, pid, "mem");
	const int memory = file_open(AT_FDCWD, path, O_RDONLY, 0);
	if (memory < 0)
		return;
	for (uint32_t first = 0, next; first < ledger->count; first = next) {
		const struct ledger_mapping *start = &ledger->mappings[first];
		next = first + 1;
		while (next < ledger->count && ledger->mappings[next].inode == start->inode &&
		       ledger->mappings[next].device == start->device)
			next++;
		if (!start->inode || next == ledger->count || !may_be_joined(&ledger->mappings[next]))
			continue;
		const uint64_t end = module_end(memory, start->start);
		for (uint32_t i = next; i < ledger->count && may_be_joined(&ledger->mappings[i]); i++)
			mapping_cut(ledger, i, end);
	}
	system_close(memory);
}
