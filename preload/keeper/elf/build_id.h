/* SPDX-License-Identifier: Apache-2.0 */
/* A module's build id among the notes in its memory. */
#ifndef SEEP_ELF_BUILD_ID_H
#define SEEP_ELF_BUILD_ID_H

#include <elf.h>
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

#endif
