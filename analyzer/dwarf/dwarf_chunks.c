/* SPDX-License-Identifier: Apache-2.0 */
/* Builds an ELF file in memory: a header, the sections that units refer to, and room for .debug_info, into which units
 * are read until they make up a chunk. The room is reserved but not touched before. */
#include "dwarf/dwarf_chunks.h"

#include <dwarf.h>
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <gelf.h>
#include <libelf.h>

#include "base/memory.h"
#include "dwarf/debug_section.h"

#define INFO_BYTES_MAX ((uint64_t)16 << 30)
#define OTHERS_BYTES_MAX ((uint64_t)2 << 30)
#define ALIGNMENT 4096

/* The sections of the file in memory. Only the sections' names follow behind .debug_info. */
enum part { PART_ABBREV, PART_STR, PART_LINE, PART_LINE_STR, PART_RANGES, PART_RNGLISTS, PART_INFO, PART_COUNT };
static const char *const part_names[PART_COUNT] = {".debug_abbrev", ".debug_str",      ".debug_line", ".debug_line_str",
						   ".debug_ranges", ".debug_rnglists", ".debug_info"};
/* A file with one of these sections has units that refer to other units or files. */
static const char *const unsuited[] = {".debug_types", ".gnu_debugaltlink", ".debug_sup", ".debug_addr",
				       ".debug_str_offsets"};

enum { SECTIONS = 1 + PART_COUNT + 1 }; /* one without content, the parts, their names */

struct dwarf_chunks {
	struct debug_section info;
	struct dwarf_chunks_sizes sizes;
	unsigned char *image; /* header, section headers, names, parts */
	size_t reserved;
	Elf64_Shdr *sections;    /* in the image */
	struct dwarf_raw raw;    /* the same */
	unsigned char *rooms[2]; /* two for .debug_info: libdw reads one while the other is filled */
	int room;                /* the one that is filled now, or will be next */
	uint64_t filled;         /* bytes of whole units in it; only the filling thread uses it while that runs */
	pthread_t filler;
	bool is_filling;
	Elf *elf;
	Dwarf *dwarf;
};

/* The sections of the real file. */
struct found {
	GElf_Ehdr header;
	GElf_Shdr parts[PART_COUNT];
	bool has[PART_COUNT];
};

static bool sections_find(struct found *found, Elf *elf)
{
	size_t names;

	if (!gelf_getehdr(elf, &found->header) || found->header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    found->header.e_ident[EI_DATA] != ELFDATA2LSB || found->header.e_type == ET_REL ||
	    elf_getshdrstrndx(elf, &names) < 0)
		return false;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
		if (!name)
			return false;
		for (size_t i = 0; i < sizeof unsuited / sizeof *unsuited; i++)
			if (strcmp(name, unsuited[i]) == 0)
				return false;
		for (int part = 0; part < PART_COUNT; part++) {
			if (strcmp(name, part_names[part]) != 0 || found->has[part])
				continue;
			found->parts[part] = header;
			found->has[part] = true;
		}
	}
	return found->has[PART_INFO] && found->has[PART_ABBREV] && found->parts[PART_INFO].sh_type == SHT_PROGBITS;
}

/* ---- abbreviations ---- */

/* Attributes that do not refer to another unit. */
static bool form_is_suited(uint64_t form)
{
	enum {
		REF_ADDR = 0x10,
		REF_SUP4 = 0x1c,
		STRP_SUP = 0x1d,
		REF_SIG8 = 0x20,
		REF_SUP8 = 0x24,
		GNU_REF_ALT = 0x1f20,
		GNU_STRP_ALT = 0x1f21
	};

	return form != REF_ADDR && form != REF_SUP4 && form != STRP_SUP && form != REF_SIG8 && form != REF_SUP8 &&
	       form != GNU_REF_ALT && form != GNU_STRP_ALT;
}

/* Checks all tables of abbreviations, which follow each other: code, tag, one byte, then pairs of name and form. */
static bool abbreviations_are_suited(struct dwarf_bytes bytes)
{
	while (bytes.at < bytes.end) {
		uint64_t name, form;
		if (dwarf_take_number(&bytes) == 0)
			continue;
		dwarf_take_number(&bytes);
		dwarf_take(&bytes, 1);
		do {
			name = dwarf_take_number(&bytes);
			form = dwarf_take_number(&bytes);
			if (form == DW_FORM_implicit_const)
				dwarf_take_signed(&bytes);
			if (!form_is_suited(form))
				return false;
		} while (name || form);
	}
	return !bytes.is_bad;
}

/* ---- the file in memory ---- */

static uint64_t align(uint64_t bytes)
{
	return (bytes + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static void header_write(struct dwarf_chunks *chunks, const struct found *found)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)chunks->image;
	char *names = (char *)chunks->image + ALIGNMENT / 2;
	size_t used = 1;

	memcpy(header->e_ident, found->header.e_ident, sizeof header->e_ident);
	header->e_type = found->header.e_type;
	header->e_machine = found->header.e_machine;
	header->e_version = EV_CURRENT;
	header->e_ehsize = sizeof *header;
	header->e_shoff = sizeof *header;
	header->e_shentsize = sizeof(Elf64_Shdr);
	header->e_shnum = SECTIONS;
	header->e_shstrndx = SECTIONS - 1;
	chunks->sections = (Elf64_Shdr *)(chunks->image + header->e_shoff);
	for (int part = 0; part <= PART_COUNT; part++) {
		const char *name = part < PART_COUNT ? part_names[part] : ".shstrtab";
		chunks->sections[1 + part].sh_name = (uint32_t)used;
		chunks->sections[1 + part].sh_type = part < PART_COUNT ? SHT_PROGBITS : SHT_STRTAB;
		chunks->sections[1 + part].sh_addralign = 1;
		strcpy(names + used, name);
		used += strlen(name) + 1;
	}
	chunks->sections[SECTIONS - 1].sh_offset = ALIGNMENT / 2;
	chunks->sections[SECTIONS - 1].sh_size = used;
}

static struct dwarf_bytes part_bytes(const struct dwarf_chunks *chunks, enum part part)
{
	const Elf64_Shdr *section = &chunks->sections[1 + part];
	const unsigned char *at = chunks->image + section->sh_offset;

	return (struct dwarf_bytes){.at = at, .end = at + section->sh_size};
}

/* Reserves the image and reads all parts but .debug_info into it. */
static bool image_make(struct dwarf_chunks *chunks, const struct found *found, int descriptor)
{
	struct debug_section parts[PART_COUNT] = {0};
	uint64_t offset = ALIGNMENT;
	bool good = true;

	for (int part = 0; good && part < PART_INFO; part++) {
		good = !found->has[part] || debug_section_open(&parts[part], descriptor, &found->parts[part]);
		good = good && parts[part].bytes < OTHERS_BYTES_MAX;
		offset += good ? align(parts[part].bytes) : 0;
	}
	chunks->reserved = offset + 2 * align(chunks->info.bytes);
	if (good)
		chunks->image = mmap(NULL, chunks->reserved, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!good || chunks->image == MAP_FAILED) {
		chunks->image = NULL;
		good = false;
	} else {
		header_write(chunks, found);
	}
	offset = ALIGNMENT;
	for (int part = 0; part < PART_INFO; part++) {
		if (good) {
			chunks->sections[1 + part].sh_offset = offset;
			chunks->sections[1 + part].sh_size = parts[part].bytes;
			good = debug_section_read(&parts[part], chunks->image + offset, parts[part].bytes);
			offset += align(parts[part].bytes);
		}
		debug_section_close(&parts[part]);
	}
	if (!good)
		return false;
	chunks->rooms[0] = chunks->image + offset;
	chunks->rooms[1] = chunks->rooms[0] + align(chunks->info.bytes);
	chunks->raw = (struct dwarf_raw){.abbrev = part_bytes(chunks, PART_ABBREV),
					 .line = part_bytes(chunks, PART_LINE),
					 .line_str = part_bytes(chunks, PART_LINE_STR),
					 .str = part_bytes(chunks, PART_STR)};
	return abbreviations_are_suited(chunks->raw.abbrev);
}

const struct dwarf_raw *dwarf_chunks_raw(const struct dwarf_chunks *chunks)
{
	return &chunks->raw;
}

struct dwarf_chunks *dwarf_chunks_open(int descriptor, struct dwarf_chunks_sizes sizes)
{
	struct found found = {0};
	Elf *elf = elf_begin(descriptor, ELF_C_READ_MMAP, NULL);
	const bool is_suited = elf && elf_kind(elf) == ELF_K_ELF && sections_find(&found, elf);

	elf_end(elf);
	if (!is_suited)
		return NULL;
	struct dwarf_chunks *chunks = memory_allocate(1, sizeof *chunks);
	chunks->sizes = sizes;
	if (debug_section_open(&chunks->info, descriptor, &found.parts[PART_INFO]) &&
	    chunks->info.bytes >= sizes.least && chunks->info.bytes <= INFO_BYTES_MAX &&
	    image_make(chunks, &found, descriptor))
		return chunks;
	dwarf_chunks_close(chunks);
	return NULL;
}

static void chunk_end(struct dwarf_chunks *chunks)
{
	if (chunks->dwarf)
		dwarf_end(chunks->dwarf);
	elf_end(chunks->elf);
	chunks->dwarf = NULL;
	chunks->elf = NULL;
}

void dwarf_chunks_close(struct dwarf_chunks *chunks)
{
	if (!chunks)
		return;
	chunk_end(chunks);
	if (chunks->is_filling)
		pthread_join(chunks->filler, NULL);
	debug_section_close(&chunks->info);
	if (chunks->image)
		munmap(chunks->image, chunks->reserved);
	free(chunks);
}

/* Reads one more unit, whose length is at its beginning; false: there is none, or it is damaged. */
static bool unit_read(struct dwarf_chunks *chunks, uint64_t *used)
{
	enum { LONG_FORM = 0xffffffff };
	unsigned char *room = chunks->rooms[chunks->room], *at = room + *used;
	uint32_t length;
	uint64_t rest;

	if (!debug_section_read(&chunks->info, at, sizeof length))
		return false;
	memcpy(&length, at, sizeof length);
	rest = length;
	*used += sizeof length;
	if (length == LONG_FORM) {
		if (!debug_section_read(&chunks->info, at + sizeof length, sizeof rest))
			return false;
		memcpy(&rest, at + sizeof length, sizeof rest);
		*used += sizeof rest;
	}
	if (!debug_section_read(&chunks->info, room + *used, rest))
		return false;
	*used += rest;
	return true;
}

/* Reads units until there is enough for a chunk. */
static void *room_fill(void *argument)
{
	struct dwarf_chunks *chunks = argument;
	uint64_t used = 0;

	chunks->filled = 0;
	while (used < chunks->sizes.chunk && unit_read(chunks, &used))
		chunks->filled = used;
	return NULL;
}

/* A thread unpacks the next chunk while the caller looks through this one. */
Dwarf *dwarf_chunks_next(struct dwarf_chunks *chunks)
{
	chunk_end(chunks);
	if (chunks->is_filling)
		pthread_join(chunks->filler, NULL);
	else
		room_fill(chunks);
	chunks->is_filling = false;
	if (chunks->filled == 0)
		return NULL;
	Elf64_Shdr *info = &chunks->sections[1 + PART_INFO];
	info->sh_offset = (uint64_t)(chunks->rooms[chunks->room] - chunks->image);
	info->sh_size = chunks->filled;
	chunks->room = !chunks->room;
	chunks->is_filling = pthread_create(&chunks->filler, NULL, room_fill, chunks) == 0;
	chunks->elf = elf_memory((char *)chunks->image, info->sh_offset + info->sh_size);
	chunks->dwarf = chunks->elf ? dwarf_begin_elf(chunks->elf, DWARF_C_READ, NULL) : NULL;
	return chunks->dwarf;
}
