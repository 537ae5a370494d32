/* SPDX-License-Identifier: Apache-2.0 */
/* The build id of a module of this process, read from its own memory: see build_id.h. */
#include "keeper/elf/build_id.h"

#include <link.h>
#include <seep/heap.h>
#include <stdatomic.h>

static _Atomic(build_id_page_check *) page_can_be_read; /* NULL: every page can */

void build_id_check_pages(build_id_page_check *check)
{
	atomic_store_explicit(&page_can_be_read, check, memory_order_relaxed);
}

static bool may_read(uint64_t start, uint64_t bytes)
{
	build_id_page_check *check = atomic_load_explicit(&page_can_be_read, memory_order_relaxed);
	for (uint64_t page = start & ~(uint64_t)(SEEP_HEAP_PAGE - 1); check && page < start + bytes;
	     page += SEEP_HEAP_PAGE)
		if (!check(page))
			return false;
	return true;
}

struct extent {
	uint64_t start, end, bias;
};

/* The module's headers lie in its own memory, which its program may have written over or taken away: everything in them is
 * checked. */
struct headers {
	const ElfW(Phdr) * segments;
	unsigned count;
};

static bool headers_find(const struct extent *module, struct headers *headers)
{
	const ElfW(Ehdr) *header = (const void *)(uintptr_t)module->start;
	if (module->end - module->start < SEEP_HEAP_PAGE || !may_read(module->start, SEEP_HEAP_PAGE) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(ElfW(Phdr)) ||
	    header->e_phoff > SEEP_HEAP_PAGE || header->e_phoff % _Alignof(ElfW(Phdr)) != 0 ||
	    header->e_phnum > (SEEP_HEAP_PAGE - header->e_phoff) / sizeof(ElfW(Phdr)))
		return false;
	*headers = (struct headers){(const void *)(uintptr_t)(module->start + header->e_phoff), header->e_phnum};
	return true;
}

/* Are these notes, by their own account, inside one loaded segment and inside the module? */
static bool notes_are_loaded(const struct extent *module, const struct headers *headers, const ElfW(Phdr) * notes)
{
	uint64_t start = module->bias + notes->p_vaddr, bytes = notes->p_memsz;
	if (start % 4 != 0 || start < module->start || start > module->end || bytes > module->end - start ||
	    !may_read(start, bytes))
		return false;
	for (unsigned i = 0; i < headers->count; i++) {
		const ElfW(Phdr) *segment = &headers->segments[i];
		if (segment->p_type == PT_LOAD && notes->p_vaddr >= segment->p_vaddr && bytes <= segment->p_memsz &&
		    notes->p_vaddr - segment->p_vaddr <= segment->p_memsz - bytes)
			return true;
	}
	return false;
}

uint32_t build_id_read(uint64_t start, uint64_t end, uint64_t bias, uint8_t build_id[static 32])
{
	const struct extent module = {start, end, bias};
	struct headers headers;
	if (!headers_find(&module, &headers))
		return 0;
	for (unsigned i = 0; i < headers.count; i++) {
		const ElfW(Phdr) *notes = &headers.segments[i];
		uint32_t bytes;
		if (notes->p_type != PT_NOTE || !notes_are_loaded(&module, &headers, notes))
			continue;
		const uint8_t *found =
		    build_id_find((const char *)(uintptr_t)(bias + notes->p_vaddr), notes->p_memsz, &bytes);
		if (found && bytes <= 32) {
			memcpy(build_id, found, bytes);
			return bytes;
		}
	}
	return 0;
}
