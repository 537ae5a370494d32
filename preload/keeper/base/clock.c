/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up in the vDSO's image, which the kernel has mapped and nobody relocates: see clock.h. */
#include "keeper/base/clock.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

#include "keeper/base/atomics.h"
#include "keeper/base/epoch.h"
#include "keeper/base/syscall.h"

typedef int clock_function(clockid_t clock, struct timespec *time);

static _Atomic(clock_function *) vdso_clock;

struct image {
	uintptr_t base; /* what addresses in it are relative to */
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash, *gnu_hash;
};

static bool image_read(uintptr_t vdso, struct image *image)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(vdso + header->e_phoff);
	const Elf64_Dyn *dynamic = NULL;
	*image = (struct image){0};
	for (int i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD && !image->base)
			image->base = vdso + segments[i].p_offset - segments[i].p_vaddr;
		else if (segments[i].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(vdso + segments[i].p_offset);
	}
	if (!image->base || !dynamic)
		return false;
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t address = image->base + dynamic->d_un.d_ptr;
		if (dynamic->d_tag == DT_SYMTAB)
			image->symbols = (const Elf64_Sym *)address;
		else if (dynamic->d_tag == DT_STRTAB)
			image->strings = (const char *)address;
		else if (dynamic->d_tag == DT_HASH)
			image->hash = (const uint32_t *)address;
		else if (dynamic->d_tag == DT_GNU_HASH)
			image->gnu_hash = (const uint32_t *)address;
	}
	return image->symbols && image->strings;
}

/* By the old table, which tells it, or by the end of the last chain of the new one. */
static uint32_t symbol_count(const struct image *image)
{
	if (image->hash)
		return image->hash[1];
	if (!image->gnu_hash)
		return 0;
	uint32_t buckets = image->gnu_hash[0], first = image->gnu_hash[1], words = image->gnu_hash[2], last = 0;
	const uint32_t *bucket = image->gnu_hash + 4 + 2 * words, *chain = bucket + buckets;
	for (uint32_t i = 0; i < buckets; i++)
		last = bucket[i] > last ? bucket[i] : last;
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

static bool equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

void clock_prepare(uintptr_t vdso)
{
	struct image image;
	if (!vdso || !image_read(vdso, &image))
		return;
	for (uint32_t i = 0, count = symbol_count(&image); i < count; i++) {
		const Elf64_Sym *symbol = &image.symbols[i];
		if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
		    equal(image.strings + symbol->st_name, "__vdso_clock_gettime"))
			store_relaxed(&vdso_clock, (clock_function *)(image.base + symbol->st_value));
	}
}

uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now = {0};
	clock_function *function = load_relaxed(&vdso_clock);
	if (!function || function(clock, &now) != 0)
		system_call(SYS_clock_gettime, clock, (long)&now, 0, 0, 0, 0);
	uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	return clock == CLOCK_MONOTONIC ? now_ns - (uint64_t)epoch_monotonic_ns() : now_ns;
}
