/* SPDX-License-Identifier: Apache-2.0 */
/* modules/elf_budget.h: an ELF file whose sections claim to unpack to too much is refused, in both forms of packing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <endian.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/budget.h"
#include "modules/elf_budget.h"

#define NAMES "\0.shstrtab\0.zdebug_info"
enum { NAME_OF_NAMES = 1, NAME_OF_OLD = 11 };

/* An ELF file of two sections that are packed, and the names. */
struct packed_elf {
	Elf64_Ehdr header;
	Elf64_Shdr sections[4];
	struct {
		char magic[4];
		uint8_t size[8]; /* big endian */
	} old;
	Elf64_Chdr chunk;
	char names[sizeof NAMES];
};

static struct packed_elf packed_elf(uint64_t old_bytes, uint64_t bytes)
{
	struct packed_elf elf = {.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
					    .e_type = ET_DYN,
					    .e_machine = EM_X86_64,
					    .e_version = EV_CURRENT,
					    .e_shoff = offsetof(struct packed_elf, sections),
					    .e_ehsize = sizeof(Elf64_Ehdr),
					    .e_shentsize = sizeof(Elf64_Shdr),
					    .e_shnum = 4,
					    .e_shstrndx = 1},
				 .sections = {{0},
					      {.sh_name = NAME_OF_NAMES,
					       .sh_type = SHT_STRTAB,
					       .sh_offset = offsetof(struct packed_elf, names),
					       .sh_size = sizeof NAMES},
					      {.sh_name = NAME_OF_OLD,
					       .sh_type = SHT_PROGBITS,
					       .sh_offset = offsetof(struct packed_elf, old),
					       .sh_size = sizeof elf.old},
					      {.sh_type = SHT_PROGBITS,
					       .sh_flags = SHF_COMPRESSED,
					       .sh_offset = offsetof(struct packed_elf, chunk),
					       .sh_size = sizeof elf.chunk,
					       .sh_addralign = 8}},
				 .old = {.magic = {'Z', 'L', 'I', 'B'}},
				 .chunk = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = bytes, .ch_addralign = 1},
				 .names = NAMES};
	const uint64_t swapped = htobe64(old_bytes);

	memcpy(elf.old.size, &swapped, sizeof swapped);
	return elf;
}

static bool is_admitted(const void *file, size_t bytes)
{
	const int descriptor = memfd_create("elf", MFD_CLOEXEC);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, file, bytes), (ssize_t)bytes);
	const bool admitted = elf_budget_admit(descriptor);
	close(descriptor);
	return admitted;
}

static void sections_may_unpack_to_the_budget_together(void **state)
{
	const uint64_t most = budget_section_bytes(sizeof(struct packed_elf));
	const struct {
		uint64_t old, chunk;
		bool admitted;
	} rows[] = {{0, 0, true},           {most, 0, true},       {0, most, true},  {most / 2, most / 2, true},
		    {most + 1, 0, false},   {0, most + 1, false},  {most, 1, false}, {1, most, false},
		    {UINT64_MAX, 1, false}, {1, UINT64_MAX, false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct packed_elf elf = packed_elf(rows[i].old, rows[i].chunk);
		if (is_admitted(&elf, sizeof elf) != rows[i].admitted)
			fail_msg("row %zu", i);
	}
}

static void a_section_counts_only_if_it_is_packed(void **state)
{
	struct packed_elf elf = packed_elf(UINT64_MAX, 0);

	(void)state;
	elf.old.magic[0] = 'z';
	assert_true(is_admitted(&elf, sizeof elf));
	elf = packed_elf(UINT64_MAX, 0);
	elf.sections[2].sh_type = SHT_NOBITS;
	assert_true(is_admitted(&elf, sizeof elf));
	elf = packed_elf(UINT64_MAX, 0);
	elf.sections[2].sh_size = 11;
	assert_true(is_admitted(&elf, sizeof elf));
	elf = packed_elf(UINT64_MAX, 0);
	elf.sections[2].sh_offset = 1 << 20;
	assert_true(is_admitted(&elf, sizeof elf));
}

static void what_is_no_elf_passes_and_no_file_does_not(void **state)
{
	(void)state;
	assert_true(is_admitted("a text", 6));
	assert_true(is_admitted("", 0));
	assert_false(elf_budget_admit(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sections_may_unpack_to_the_budget_together),
	    cmocka_unit_test(a_section_counts_only_if_it_is_packed),
	    cmocka_unit_test(what_is_no_elf_passes_and_no_file_does_not),
	};

	return cmocka_run_group_tests_name("elf_budget", tests, NULL, NULL);
}
