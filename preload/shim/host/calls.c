/* SPDX-License-Identifier: Apache-2.0 */
/* See calls.h. */
#include "shim/host/calls.h"

#include <link.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "keeper/base/syscall.h"
#include "keeper/elf/image.h"

extern __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

#define PAGE ((uintptr_t)4096)

/* Whether the loader has made the program's slot unwritable, as it does where all calls are bound. False: that can't be told. */
static bool seal_find(const uintptr_t *slot, bool *is_sealed)
{
	const ElfW(Phdr) *segments = (const void *)getauxval(AT_PHDR), *own = NULL, *sealed = NULL;
	for (unsigned long i = 0; segments && i < getauxval(AT_PHNUM); i++) {
		if (segments[i].p_type == PT_PHDR)
			own = &segments[i];
		else if (segments[i].p_type == PT_GNU_RELRO)
			sealed = &segments[i];
	}
	/* else it was started by `ld.so PROGRAM`, and these are the loader's */
	if (!own || (uintptr_t)segments - own->p_vaddr != _r_debug.r_map->l_addr)
		return false;
	const uintptr_t offset = (uintptr_t)slot - _r_debug.r_map->l_addr;
	*is_sealed = sealed && offset - sealed->p_vaddr < sealed->p_memsz;
	return true;
}

static bool protect(const uintptr_t *slot, int protection)
{
	const uintptr_t page = (uintptr_t)slot & ~(PAGE - 1);
	return system_call(SYS_mprotect, (long)page, (long)PAGE, protection, 0, 0, 0) == 0;
}

static void change(uintptr_t *slot, const void *to)
{
	bool is_sealed;
	if (!seal_find(slot, &is_sealed) || (is_sealed && !protect(slot, PROT_READ | PROT_WRITE)))
		return;
	__atomic_store_n(slot, (uintptr_t)to, __ATOMIC_RELEASE);
	if (is_sealed)
		protect(slot, PROT_READ);
}

static bool is_whole(const uintptr_t *slot)
{
	return slot && (uintptr_t)slot % sizeof *slot == 0;
}

void calls_pass_on(const char *name, const void *from, const void *to)
{
	uintptr_t *slot = image_slot_of_program(name);
	if (is_whole(slot) && __atomic_load_n(slot, __ATOMIC_RELAXED) == (uintptr_t)from)
		change(slot, to);
}

void calls_bring_here(const char *name, const void *from, const void *to)
{
	uintptr_t *slots[] = {image_slot_of_program(name), image_reference_of_program(name)};
	/* else they are somebody's who stands before us */
	if (image_first_definition((uintptr_t)&__ehdr_start, name) != from)
		return;
	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
		if (is_whole(slots[i]))
			change(slots[i], to);
}
