/* SPDX-License-Identifier: Apache-2.0 */
/* Reads only headers; see the header file. */
#include "modules/elf_budget.h"

#include <endian.h>
#include <string.h>
#include <sys/stat.h>

#include <gelf.h>
#include <libelf.h>

#include "base/budget.h"
#include "base/memory.h"

/* The form that GNU's tools wrote before ELF had compression: sections named ".zdebug_*" that begin with "ZLIB" and the
 * size. */
static uint64_t old_style_bytes(Elf *elf, const GElf_Shdr *header, const char *name)
{
	uint64_t bytes;

	if (!name || strncmp(name, ".zdebug", 7) != 0 || header->sh_type == SHT_NOBITS || header->sh_size < 12)
		return 0;
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)header->sh_offset, 12, ELF_T_BYTE);
	if (!data || data->d_size < 12 || memcmp(data->d_buf, "ZLIB", 4) != 0)
		return 0;
	memcpy(&bytes, (const char *)data->d_buf + 4, sizeof bytes);
	return be64toh(bytes);
}

static uint64_t section_unpacked_bytes(Elf *elf, Elf_Scn *section, size_t names)
{
	GElf_Shdr header;
	GElf_Chdr packed;

	if (!gelf_getshdr(section, &header))
		return 0;
	if (header.sh_flags & SHF_COMPRESSED)
		return gelf_getchdr(section, &packed) ? packed.ch_size : 0;
	return old_style_bytes(elf, &header, elf_strptr(elf, names, header.sh_name));
}

bool elf_budget_admit(int descriptor)
{
	struct stat status;
	uint64_t unpacked = 0;
	size_t names = 0;

	if (fstat(descriptor, &status) < 0)
		return false;
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(descriptor, ELF_C_READ_MMAP, NULL);
	const uint64_t most = budget_section_bytes((uint64_t)status.st_size);
	if (elf && elf_kind(elf) == ELF_K_ELF && elf_getshdrstrndx(elf, &names) == 0)
		for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) && unpacked <= most;) {
			const uint64_t bytes = section_unpacked_bytes(elf, section, names);
			unpacked = bytes > most ? most + 1 : unpacked + bytes;
		}
	elf_end(elf);
	if (unpacked > most)
		return false;
	memory_expect_input((uint64_t)status.st_size);
	return true;
}
