/* SPDX-License-Identifier: Apache-2.0 */
/* Finds function starts in .eh_frame_hdr: a sorted table of (function, FDE), both 32-bit and relative to the table, as
 * every linker writes it. Even stripped files have it, since exceptions need it. */
#include <gelf.h>
#include <string.h>

#include "modules/symbol_table.h"

enum {
	HEADER_BYTES = 12, /* version, three encodings, .eh_frame's address, number of entries */
	ENTRY_BYTES = 8,
	FDE_FIELDS_BYTES = 16, /* length, CIE, function (32 bits, relative to itself), its size */
	ENCODING_UDATA4 = 0x03,
	ENCODING_TABLE = 0x3b, /* DW_EH_PE_datarel | DW_EH_PE_sdata4 */
};

/* The file as it is on disk. */
struct image {
	const unsigned char *bytes;
	size_t size;
	Elf *elf;
};

static int32_t read_signed(const unsigned char *at)
{
	int32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

/* The bytes at a virtual address, if the file has `wanted` of them. */
static const unsigned char *image_at(const struct image *image, uint64_t address, size_t wanted)
{
	size_t count;
	GElf_Phdr segment;

	if (elf_getphdrnum(image->elf, &count) < 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(image->elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		uint64_t within = address - segment.p_vaddr;
		if (segment.p_filesz - within < wanted || segment.p_offset > image->size ||
		    image->size - segment.p_offset < within || image->size - segment.p_offset - within < wanted)
			return NULL;
		return image->bytes + segment.p_offset + within;
	}
	return NULL;
}

static bool image_find_header(const struct image *image, GElf_Phdr *header)
{
	size_t count;

	if (elf_getphdrnum(image->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(image->elf, (int)i, header) && header->p_type == PT_GNU_EH_FRAME)
			return true;
	return false;
}

/* The table's entries and their number; NULL: there is no table of the usual form. */
static const unsigned char *table_find(const struct image *image, GElf_Phdr *header, uint64_t *count)
{
	const unsigned char *table;
	uint32_t entries;

	if (!image_find_header(image, header))
		return NULL;
	table = image_at(image, header->p_vaddr, HEADER_BYTES);
	if (!table || table[0] != 1 || table[2] != ENCODING_UDATA4 || table[3] != ENCODING_TABLE)
		return NULL;
	memcpy(&entries, table + HEADER_BYTES - sizeof entries, sizeof entries);
	*count = entries;
	table = image_at(image, header->p_vaddr, HEADER_BYTES + *count * ENTRY_BYTES);
	return table ? table + HEADER_BYTES : NULL;
}

/* The size of the function that the FDE describes. 0: the FDE isn't of the usual form. The usual form is proven if it
 * names the function from which the table led here. */
static uint64_t fde_function_bytes(const struct image *image, uint64_t fde, uint64_t function)
{
	const unsigned char *fields = image_at(image, fde, FDE_FIELDS_BYTES);
	uint32_t bytes;

	if (!fields || fde + 8 + (uint64_t)(int64_t)read_signed(fields + 8) != function)
		return 0;
	memcpy(&bytes, fields + 12, sizeof bytes);
	return bytes;
}

uint64_t unwind_table_function(Elf *elf, uint64_t address)
{
	struct image image = {.elf = elf};
	GElf_Phdr header;
	uint64_t count, low = 0;

	image.bytes = (const unsigned char *)elf_rawfile(elf, &image.size);
	const unsigned char *table = image.bytes ? table_find(&image, &header, &count) : NULL;
	if (!table)
		return 0;
	for (uint64_t high = count; low < high;) {
		uint64_t middle = low + (high - low) / 2;
		if (header.p_vaddr + (uint64_t)(int64_t)read_signed(table + middle * ENTRY_BYTES) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	const unsigned char *entry = table + (low - 1) * ENTRY_BYTES;
	uint64_t function = header.p_vaddr + (uint64_t)(int64_t)read_signed(entry);
	uint64_t fde = header.p_vaddr + (uint64_t)(int64_t)read_signed(entry + 4);
	return address - function < fde_function_bytes(&image, fde, function) ? function : 0;
}
