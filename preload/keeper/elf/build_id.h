/* SPDX-License-Identifier: Apache-2.0 */
/* A module's build id among the notes in its memory. */
#ifndef SEEP_ELF_BUILD_ID_H
#define SEEP_ELF_BUILD_ID_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first NT_GNU_BUILD_ID in these notes, and how many bytes it has; NULL: there is none. */
static inline const uint8_t *build_id_find(const char *notes, uint64_t left, uint32_t *bytes)
{
	while (left >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *note = (const void *)notes;
		uint64_t name = (note->n_namesz + UINT64_C(3)) & ~UINT64_C(3);
		uint64_t value = (note->n_descsz + UINT64_C(3)) & ~UINT64_C(3);
		if (name + value + sizeof *note > left)
			break;
		const char *found = notes + sizeof *note + name;
		*bytes = note->n_descsz;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0)
			return (const uint8_t *)found;
		notes = found + value;
		left -= sizeof *note + name + value;
	}
	return NULL;
}

/* The NT_GNU_BUILD_ID of a module that is mapped in this process. 0: it has none, or its headers can't be read. */
uint32_t build_id_read(uint64_t start, uint64_t end, uint64_t bias, uint8_t build_id[static 32]);

/* The program has taken a part of a module away: from now on this is asked about each page of one before it is read. */
typedef bool build_id_page_check(uintptr_t page);
void build_id_check_pages(build_id_page_check *check);

#endif
