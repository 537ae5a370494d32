/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of the vDSO, which the kernel has mapped and nobody relocates: see clock.h. */
#include "keeper/base/clock.h"

#include <stddef.h>

#include "keeper/base/atomics.h"
#include "keeper/base/epoch.h"
#include "keeper/elf/image.h"
#include "keeper/base/syscall.h"

typedef int clock_function(clockid_t clock, struct timespec *time);

static _Atomic(clock_function *) vdso_clock;

/* The dynamic section, and what addresses are relative to. */
static bool vdso_read(uintptr_t vdso, struct image *image)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(vdso + header->e_phoff);
	const Elf64_Dyn *dynamic = NULL;
	uintptr_t base = 0;
	for (int i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD && !base)
			base = vdso + segments[i].p_offset - segments[i].p_vaddr;
		else if (segments[i].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(vdso + segments[i].p_offset);
	}
	return base && image_read(base, dynamic, image);
}

void clock_prepare(uintptr_t vdso)
{
	struct image image;
	const Elf64_Sym *symbol = vdso && vdso_read(vdso, &image) ? image_find(&image, "__vdso_clock_gettime") : NULL;
	if (symbol)
		store_relaxed(&vdso_clock, (clock_function *)(image.base + symbol->st_value));
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
