/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that have no file: the vDSO's names are found in memory, and other addresses get labels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "symbols/symbols.h"

struct answered {
	char function[128], source[256];
};

static struct answered vdso_ask(uint64_t address, const char *build_id)
{
	struct symbol_address asked = {.address = address};
	struct symbol_module module = {.path = "[vdso]",
				       .is_vdso = true,
				       .build_id = (const uint8_t *)build_id,
				       .build_id_bytes = build_id ? (uint32_t)strlen(build_id) : 0,
				       .addresses = &asked,
				       .address_count = 1};
	struct string_pool *strings = string_pool_create();
	struct symbol_lines lines = {0};
	struct answered answered;

	symbols_resolve(&module, 1, &(struct symbol_search){0}, strings, &lines);
	snprintf(answered.function, sizeof answered.function, "%s", lines.lines[asked.first_line].function);
	snprintf(answered.source, sizeof answered.source, "%s", module.source);
	free(lines.lines);
	string_pool_free(strings);
	return answered;
}

static void own_vdso_has_names(void **state)
{
	(void)state;
	const Elf64_Ehdr *image = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	const char *name = NULL;
	uint64_t address = 0;

	if (!image)
		skip();
	const Elf64_Shdr *section = (const Elf64_Shdr *)((const char *)image + image->e_shoff);
	for (int i = 0; i < image->e_shnum; i++) {
		if (section[i].sh_type != SHT_DYNSYM)
			continue;
		const Elf64_Sym *symbols = (const Elf64_Sym *)((const char *)image + section[i].sh_offset);
		const char *names = (const char *)image + section[section[i].sh_link].sh_offset;
		for (size_t s = 1; s < section[i].sh_size / sizeof *symbols && !name; s++) {
			if (ELF64_ST_TYPE(symbols[s].st_info) != STT_FUNC || !symbols[s].st_size)
				continue;
			name = names + symbols[s].st_name;
			address = symbols[s].st_value + 1;
		}
	}
	assert_non_null(name);
	/* Each address has two names: "getcpu" and "__vdso_getcpu". */
	const struct answered answered = vdso_ask(address, NULL);
	assert_true(strstr(answered.function, name) || strstr(name, answered.function));
	assert_non_null(strstr(vdso_ask(address, "another").source, "refused this kernel's vDSO"));
}

/* Names are compared by their addresses, also those of modules that have no file, and of an address that was met in two
 * ways. */
static void equal_labels_are_one_text(void **state)
{
	struct symbol_address addresses[] = {
	    {.address = 0x10}, {.address = 0x10}, {.address = 0xabc}, {.address = 0xabc, .exact = true}};
	struct symbol_module modules[] = {
	    {.path = "/nowhere/a/lib.so", .addresses = &addresses[0], .address_count = 1},
	    {.path = "/nowhere/b/lib.so", .addresses = &addresses[1], .address_count = 1},
	    {.path = "/nowhere/c.so", .addresses = &addresses[2], .address_count = 2},
	};
	struct string_pool *strings = string_pool_create();
	struct symbol_lines lines = {0};
	const char *names[4];

	(void)state;
	symbols_resolve(modules, 3, &(struct symbol_search){0}, strings, &lines);
	for (int i = 0; i < 4; i++)
		names[i] = lines.lines[addresses[i].first_line].function;
	assert_string_equal(names[0], "lib.so+0x10");
	assert_ptr_equal(names[0], names[1]);
	assert_string_equal(names[2], "c.so+0xabc");
	assert_ptr_equal(names[2], names[3]);
	free(lines.lines);
	string_pool_free(strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(own_vdso_has_names),
	    cmocka_unit_test(equal_labels_are_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
