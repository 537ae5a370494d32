/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DWARF that is read in chunks, and without libdw where that is possible, says the same as DWARF that libdw reads as a
 * whole: a program of several units is looked up at every address both ways, however its debug information is written. References that leave their unit are not read
 * in chunks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "support/random.h"
#include "support/sample_program.h"
#include "dwarf/dwarf_chunks.h"
#include "dwarf/dwarf_lookup.h"

enum { UNITS = 5, ADDRESSES_MAX = 1 << 16 };

/* main.c calls one function of each of the other units; two of these are inlined. */
static void sources_write(void)
{
	char text[2048] = "", name[32];

	for (int unit = 0; unit < UNITS; unit++) {
		snprintf(name, sizeof name, "unit%d.c", unit);
		snprintf(
		    text, sizeof text,
		    "struct counted { int count; } counted%d;\nvolatile int sink%d;\n"
		    "static inline __attribute__((always_inline)) int innermost(int x)\n{\n\treturn sink%d * x;\n}\n"
		    "static inline __attribute__((always_inline)) int middle(int x)\n{\n\treturn innermost(x) + "
		    "%d;\n}\n"
		    "__attribute__((noinline)) int outer%d(int x)\n{\n\tsink%d++;\n\treturn middle(x) + middle(x + "
		    "1);\n}\n",
		    unit, unit, unit, unit, unit, unit);
		write_source(name, text);
	}
	strcpy(text, "int sum;\n");
	for (int unit = 0; unit < UNITS; unit++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "int outer%d(int);\n", unit);
	strcat(text, "int main(void)\n{\n");
	for (int unit = 0; unit < UNITS; unit++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "\tsum += outer%d(sum);\n", unit);
	strcat(text, "\treturn sum;\n}\n");
	write_source("main.c", text);
}

static int enter(void **state)
{
	const int fault = scratch_enter(state);

	elf_version(EV_CURRENT);
	if (!fault)
		sources_write();
	return fault;
}

/* Every address of .text. */
static size_t addresses_of(const char *path, uint64_t *addresses)
{
	char line[256], command[256];
	unsigned long long start = 0, size = 0;

	snprintf(command, sizeof command, "readelf -SW %s | sed -n 's/.* \\.text  *PROGBITS  *//p'", path);
	FILE *sections = popen(command, "r");
	assert_non_null(fgets(line, sizeof line, sections));
	pclose(sections);
	assert_int_equal(sscanf(line, "%llx %*x %llx", &start, &size), 2);
	assert_in_range(size, 100, ADDRESSES_MAX);
	for (size_t i = 0; i < size; i++)
		addresses[i] = start + i;
	return size;
}

static bool text_equal(const char *left, const char *right)
{
	return left == right || (left && right && strcmp(left, right) == 0);
}

static void assert_same_answers(const struct dwarf_lookup *whole, const struct dwarf_lookup *chunks)
{
	size_t named = 0;

	for (size_t i = 0; i < whole->count; i++) {
		const struct dwarf_answer *a = &whole->answers[i], *b = &chunks->answers[i];
		assert_int_equal(a->count, b->count);
		for (size_t k = 0; k < a->count; k++) {
			const struct source_line *x = &whole->lines[a->first + k], *y = &chunks->lines[b->first + k];
			assert_true(text_equal(x->function, y->function) && text_equal(x->file, y->file));
			assert_int_equal(x->line, y->line);
		}
		named += a->count > 1;
	}
	assert_true(named > 5 * UNITS); /* within inlined calls */
	assert_int_equal(whole->left, chunks->left);
}

/* The number of chunks; 0: the file can't be read like this. */
static int compare(const char *path, uint64_t piece_bytes)
{
	static uint64_t addresses[ADDRESSES_MAX];
	const size_t count = addresses_of(path, addresses);
	struct dwarf_lookup whole, parts;
	Dwarf *dwarf;
	int pieces_count = 0;

	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	struct dwarf_chunks *chunks =
	    dwarf_chunks_open(descriptor, (struct dwarf_chunks_sizes){.least = 1, .chunk = piece_bytes});
	if (chunks) {
		dwarf_lookup_begin(&parts, addresses, count);
		parts.raw = dwarf_chunks_raw(chunks);
		for (; (dwarf = dwarf_chunks_next(chunks)); pieces_count++)
			dwarf_lookup_add(&parts, dwarf, 0);
		dwarf_chunks_close(chunks);
		dwarf = dwarf_begin(descriptor, DWARF_C_READ);
		assert_non_null(dwarf);
		dwarf_lookup_begin(&whole, addresses, count);
		dwarf_lookup_add(&whole, dwarf, 0);
		dwarf_end(dwarf);
		assert_same_answers(&whole, &parts);
		dwarf_lookup_free(&whole);
		dwarf_lookup_free(&parts);
	}
	close(descriptor);
	return pieces_count;
}

static void pieces_say_what_the_whole_says(void **state)
{
	(void)state;
	static const char *const options[] = {
	    "-g", "-g -gz", "-g -gdwarf-4", "-g -gdwarf-4 -gz -ffunction-sections", "-g3 -gz", "-g -gdwarf64 -gz"};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		shell("cc -O2 -no-pie %s main.c unit?.c -o program", options[i]);
		const int by_unit = compare("program", 1);
		assert_in_range(by_unit, UNITS + 1, UNITS + 4); /* the C library's start has some */
		assert_int_equal(compare("program", UINT64_MAX), 1);
		assert_in_range(compare("program", 1000), 2, UNITS);
		shell("objcopy --only-keep-debug program program.debug");
		int descriptor = open("program.debug", O_RDONLY | O_CLOEXEC);
		struct dwarf_chunks *chunks =
		    dwarf_chunks_open(descriptor, (struct dwarf_chunks_sizes){.least = 1, .chunk = 1});
		assert_non_null(chunks);
		dwarf_chunks_close(chunks); /* before the end */
		close(descriptor);
	}
}

static void what_clang_writes_is_read_too(void **state)
{
	(void)state;
	if (system("clang --version >/dev/null 2>&1") != 0)
		skip();
	/* clang has names by number, in tables that units share. */
	shell("clang -O2 -no-pie -g -gdwarf-4 -gz main.c unit?.c -o program");
	assert_in_range(compare("program", 1), UNITS + 1, UNITS + 4);
	shell("clang -O2 -no-pie -g -gdwarf-5 main.c unit?.c -o program");
	assert_int_equal(compare("program", 1), 0);
}

static void units_that_need_others_are_not_taken_apart(void **state)
{
	(void)state;
	static const char *const options[] = {"-g -flto", "-g -gdwarf-4 -fdebug-types-section", "-g -gsplit-dwarf"};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		shell("cc -O2 -no-pie -g %s main.c unit?.c -o program 2>/dev/null", options[i]);
		assert_int_equal(compare("program", 1), 0);
	}
	shell("cc -O2 -no-pie -g main.c unit?.c -o program");
	int descriptor = open("program", O_RDONLY | O_CLOEXEC);
	assert_null(dwarf_chunks_open(descriptor, DWARF_CHUNKS_SIZES)); /* too small to be worth it */
	close(descriptor);
	descriptor = open("main.c", O_RDONLY | O_CLOEXEC);
	assert_null(dwarf_chunks_open(descriptor, (struct dwarf_chunks_sizes){.least = 1, .chunk = 1}));
	close(descriptor);
}

/* Runs in a process of its own, like everything that reads ELF. It must not hang or grow. */
static bool survives(const char *path)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		static uint64_t addresses[2] = {0x401000, 0x401100};
		struct dwarf_lookup lookup;
		Dwarf *dwarf;
		setrlimit(RLIMIT_CPU, &(struct rlimit){10, 10});
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		int descriptor = open(path, O_RDONLY | O_CLOEXEC);
		struct dwarf_chunks *chunks =
		    dwarf_chunks_open(descriptor, (struct dwarf_chunks_sizes){.least = 1, .chunk = 500});
		dwarf_lookup_begin(&lookup, addresses, 2);
		lookup.raw = chunks ? dwarf_chunks_raw(chunks) : NULL;
		while (chunks && (dwarf = dwarf_chunks_next(chunks)))
			dwarf_lookup_add(&lookup, dwarf, 0);
		dwarf_chunks_close(chunks);
		_exit(0);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) <= 3;
}

static void damaged_files_do_no_harm(void **state)
{
	(void)state;
	enum { FLIPS = 6 };
	const int rounds = getenv("LONG_TESTS") ? 150 : 30;
	static unsigned char whole[1 << 18], bytes[1 << 18];
	uint64_t random = 88172645463325252u;
	int survived = 0;

	shell("cc -O2 -no-pie -g -gz main.c unit?.c -o program");
	FILE *file = fopen("program", "rb");
	const size_t length = fread(whole, 1, sizeof whole, file);
	fclose(file);
	for (int round = 0; round < rounds; round++) {
		memcpy(bytes, whole, length);
		for (int flip = 0; flip < FLIPS; flip++) {
			random_next(&random);
			const size_t from = round % 2 ? length / 3 : 0;
			bytes[from + random % (length - from)] = (unsigned char)(random >> 40);
		}
		file = fopen("damaged", "wb");
		fwrite(bytes, 1, round % 5 ? length : length - random % 8000, file);
		fclose(file);
		survived += survives("damaged");
	}
	assert_int_equal(survived, rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, enter, scratch_leave)
	    IN_SCRATCH(pieces_say_what_the_whole_says),
	    IN_SCRATCH(what_clang_writes_is_read_too),
	    IN_SCRATCH(units_that_need_others_are_not_taken_apart),
	    IN_SCRATCH(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
