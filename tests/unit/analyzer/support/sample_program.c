/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles and asks about small programs; see sample_program.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <libelf.h>

#include "support/sample_program.h"

static char scratch[64];

int scratch_enter(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/seep-test-XXXXXX");
	return mkdtemp(scratch) == NULL || chdir(scratch) < 0;
}

int scratch_leave(void **state)
{
	(void)state;
	char command[96];

	snprintf(command, sizeof command, "rm -rf '%s'", scratch);
	return chdir("/") < 0 || system(command) != 0;
}

void shell(const char *format, ...)
{
	char command[2048];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	assert_in_range(length, 1, sizeof command - 1);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

void write_source(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

uint64_t symbol_value(const char *path, const char *name)
{
	char line[4096], command[256], found[256];
	unsigned long long value;
	uint64_t result = 0;

	snprintf(command, sizeof command, "nm '%s'", path);
	FILE *listing = popen(command, "r");
	assert_non_null(listing);
	while (fgets(line, sizeof line, listing))
		if (sscanf(line, "%llx %*c %255s", &value, found) == 2 && strcmp(found, name) == 0)
			result = value;
	pclose(listing);
	if (!result)
		fail_msg("%s has no symbol %s", path, name);
	return result;
}

size_t build_id_of(const char *path, uint8_t build_id[static 32])
{
	const void *bits = NULL;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	elf_version(EV_CURRENT);
	assert_true(descriptor >= 0);
	Elf *elf = elf_begin(descriptor, ELF_C_READ, NULL);
	assert_non_null(elf);
	ssize_t length = dwelf_elf_gnu_build_id(elf, &bits);
	assert_true(length <= 32);
	if (length > 0)
		memcpy(build_id, bits, (size_t)length);
	elf_end(elf);
	close(descriptor);
	return length > 0 ? (size_t)length : 0;
}
