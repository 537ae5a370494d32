/* SPDX-License-Identifier: Apache-2.0 */
/* Prints in which library a call of malloc_usable_size() ends that the loader has bound, what the memory is that says so, and whether
 * the answer is right. Build it with -Wl,-z,now. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void slot_print(uintptr_t slot)
{
	char line[4096], flags[5];
	uintptr_t from, to;
	Dl_info info;
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof line, maps))
		if (sscanf(line, "%lx-%lx %4s", &from, &to, flags) == 3 && slot >= from && slot < to &&
		    dladdr(*(void **)slot, &info))
			printf("%s %s ", strrchr(info.dli_fname, '/') + 1, flags);
	if (maps)
		fclose(maps);
}

int main(void)
{
	const ElfW(Rela) *calls = NULL;
	const ElfW(Sym) *symbols = NULL;
	const char *strings = NULL;
	size_t bytes = 0;

	for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_JMPREL)
			calls = (void *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_PLTRELSZ)
			bytes = entry->d_un.d_val;
		else if (entry->d_tag == DT_SYMTAB)
			symbols = (void *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_STRTAB)
			strings = (void *)entry->d_un.d_ptr;
	}
	for (size_t i = 0; i < bytes / sizeof *calls; i++)
		if (strcmp(strings + symbols[ELF64_R_SYM(calls[i].r_info)].st_name, "malloc_usable_size") == 0)
			slot_print(_r_debug.r_map->l_addr + calls[i].r_offset);
	void *block = malloc(1000);
	const size_t size = malloc_usable_size(block);
	free(block);
	printf("%d\n", size >= 1000 && size < 1100);
	return 0;
}
