/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are taken back: see exports.h. */
#include "shim/host/exports.h"

#include <link.h>
#include <sys/mman.h>

#include "keeper/elf/image.h"
#include "keeper/base/syscall.h"

extern __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

#define PAGE ((uintptr_t)4096)

static uintptr_t own_base(void)
{
	return (uintptr_t)&__ehdr_start;
}

/* The protection of the segment that an address of ours lies in; 0: it lies in none. */
static int protection_of(const void *address)
{
	const ElfW(Phdr) *segments = (const void *)(own_base() + __ehdr_start.e_phoff);
	uintptr_t offset = (uintptr_t)address - own_base();
	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		const ElfW(Phdr) *segment = &segments[i];
		if (segment->p_type == PT_LOAD && offset - segment->p_vaddr < segment->p_memsz)
			return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
			       (segment->p_flags & PF_X ? PROT_EXEC : 0);
	}
	return 0;
}

/* The table's protection is changed once, since each program that starts waits for it. */
void exports_withdraw(const char *const *names, size_t count)
{
	struct image own;
	uintptr_t low = UINTPTR_MAX, high = 0;
	ElfW(Sym) * symbol;
	if (!image_read(own_base(), _DYNAMIC, &own))
		return;
	for (size_t i = 0; i < count; i++) {
		symbol = image_find(&own, names[i]);
		if (symbol && (uintptr_t)symbol < low)
			low = (uintptr_t)symbol & ~(PAGE - 1);
		if (symbol && (uintptr_t)(symbol + 1) > high)
			high = (uintptr_t)(symbol + 1);
	}
	int protection = low < high ? protection_of((const void *)low) : 0;
	long bytes = (long)(high - low);
	if (!protection || system_call(SYS_mprotect, (long)low, bytes, protection | PROT_WRITE, 0, 0, 0))
		return;
	for (size_t i = 0; i < count; i++) {
		symbol = image_find(&own, names[i]);
		if (symbol) /* another thread's look-up sees the old value or 0 */
			__atomic_store_n(&symbol->st_value, 0, __ATOMIC_RELEASE);
	}
	system_call(SYS_mprotect, (long)low, bytes, protection, 0, 0, 0);
}
