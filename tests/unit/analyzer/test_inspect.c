/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at processes by /proc and at executables by libelf; the test looks at itself. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "process/elf_inspect.h"
#include "process/inspect.h"

#include <seep/process.h>

static void a_process_is_described(void **state)
{
	struct process_facts facts;
	struct error error;

	(void)state;
	assert_true(process_inspect(getpid(), &facts, &error));
	assert_int_equal(facts.user, geteuid());
	assert_true(facts.memory_readable);
	assert_false(facts.shim_mapped);
	assert_false(facts.secure_mode);
	assert_non_null(strstr(facts.executable, "test_inspect"));
}

static void what_is_no_process_is_refused(void **state)
{
	struct process_facts facts;
	struct error error;

	(void)state;
	assert_false(process_inspect(0, &facts, &error));
	assert_false(process_inspect(-5, &facts, &error));
	assert_false(process_inspect(4194305, &facts, &error)); /* above any pid_max */
	assert_string_equal(error.text, "4194305: there is no such process");
}

static void a_name_with_blanks_and_parentheses_does_not_confuse(void **state)
{
	struct process_facts facts;
	struct error error;

	(void)state;
	prctl(PR_SET_NAME, ") Z 1 (\n");
	assert_true(process_inspect(getpid(), &facts, &error));
	assert_string_equal(facts.name, ") Z 1 (?");
	prctl(PR_SET_NAME, "test_inspect");
}

static void descent_is_followed(void **state)
{
	(void)state;
	assert_true(process_descends_from(getpid(), getpid()));
	assert_true(process_descends_from(getpid(), getppid()));
	assert_false(process_descends_from(getppid(), getpid()));
	assert_false(process_descends_from(0, getpid()));
}

static bool mapping_find(const struct seep_mapping *mapping, void *context)
{
	struct seep_mapping *wanted = context;

	if (mapping->start != wanted->start)
		return true;
	*wanted = *mapping;
	return false;
}

static void mappings_undo_escapes_and_tell_deleted_files(void **state)
{
	char name[] = "/tmp/seep inspect\n (deleted)-XXXXXX";
	struct seep_mapping wanted = {0};

	(void)state;
	int descriptor = mkstemp(name);
	assert_true(descriptor >= 0 && ftruncate(descriptor, 4096) == 0);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, descriptor, 0);
	assert_true(map != MAP_FAILED);
	wanted.start = (uintptr_t)map;
	assert_int_equal(seep_process_visit_mappings((uint64_t)getpid(), mapping_find, &wanted), 0);
	assert_string_equal(wanted.path, name);
	assert_false(wanted.deleted);
	unlink(name);
	assert_int_equal(seep_process_visit_mappings((uint64_t)getpid(), mapping_find, &wanted), 0);
	assert_string_equal(wanted.path, name);
	assert_true(wanted.deleted);
	munmap(map, 4096);
	close(descriptor);
}

static void the_first_environment_is_searched_by_whole_names(void **state)
{
	char value[4096];
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execle("/bin/sleep", "sleep", "10", NULL, (char *[]){"NAMED=no", "NAME=a=b", "EMPTY=", NULL});
		_exit(1);
	}
	struct process_facts facts = {0};
	struct error error;
	for (int i = 0; i < 500 && strcmp(facts.name, "sleep") != 0; i++) {
		usleep(10000);
		assert_true(process_inspect(child, &facts, &error));
	}
	assert_true(process_environment(child, "NAME", value, sizeof value));
	assert_string_equal(value, "a=b");
	assert_true(process_environment(child, "EMPTY", value, sizeof value));
	assert_string_equal(value, "");
	assert_false(process_environment(child, "NAM", value, sizeof value));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void this_program_is_read_as_elf(void **state)
{
	struct elf_facts facts;
	struct error error;
	bool is_elf;

	(void)state;
	assert_true(elf_inspect("/proc/self/exe", ELF_DEEP, &facts, &is_elf, &error));
	assert_true(is_elf && facts.is_64_bit && facts.is_little_endian);
	assert_int_equal(facts.machine, elf_own_machine());
	assert_true(facts.has_dynamic_section && facts.has_symbols && facts.has_debug_info && facts.has_build_id);
	assert_int_equal(strlen(facts.build_id), 40);
	assert_non_null(strstr(facts.interpreter, "ld-linux"));
	assert_false(facts.is_go || facts.is_rust || facts.is_python || facts.own_malloc_is_exported);
}

/* Any bytes give facts or an error. */
static void damaged_executables_are_survived(void **state)
{
	static unsigned char bytes[65536];
	struct elf_facts facts;
	struct error error;
	bool is_elf;
	char name[] = "/tmp/seep-elf-XXXXXX";

	(void)state;
	int source = open("/proc/self/exe", O_RDONLY), descriptor = mkstemp(name);
	ssize_t size = read(source, bytes, sizeof bytes);
	assert_true(size > 4096);
	srand(20240229);
	for (int round = 0; round < 300; round++) {
		ssize_t length = round % 3 ? size : rand() % size;
		assert_int_equal(pwrite(descriptor, bytes, (size_t)length, 0), length);
		assert_int_equal(ftruncate(descriptor, length), 0);
		for (int flip = 0; flip < 8; flip++) {
			unsigned char byte = (unsigned char)rand();
			assert_int_equal(pwrite(descriptor, &byte, 1, rand() % (flip < 4 ? 64 : 4096)), 1);
		}
		elf_inspect(name, ELF_DEEP, &facts, &is_elf, &error);
		assert_true(strlen(facts.interpreter) < sizeof facts.interpreter);
	}
	unlink(name);
	close(source);
	close(descriptor);
}

static void what_is_not_elf_says_so(void **state)
{
	struct elf_facts facts;
	struct error error;
	bool is_elf = true;

	(void)state;
	assert_false(elf_inspect("/etc/passwd", ELF_DEEP, &facts, &is_elf, &error));
	assert_false(is_elf);
	assert_string_equal(error.text, "/etc/passwd: not an ELF file");
	assert_false(elf_inspect("/tmp", ELF_DEEP, &facts, &is_elf, &error));
	assert_string_equal(error.text, "/tmp: not a regular file");
	assert_false(elf_inspect("/nonexistent", ELF_DEEP, &facts, &is_elf, &error));
	assert_string_equal(error.text, "/nonexistent: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_process_is_described),
	    cmocka_unit_test(what_is_no_process_is_refused),
	    cmocka_unit_test(a_name_with_blanks_and_parentheses_does_not_confuse),
	    cmocka_unit_test(descent_is_followed),
	    cmocka_unit_test(mappings_undo_escapes_and_tell_deleted_files),
	    cmocka_unit_test(the_first_environment_is_searched_by_whole_names),
	    cmocka_unit_test(this_program_is_read_as_elf),
	    cmocka_unit_test(damaged_executables_are_survived),
	    cmocka_unit_test(what_is_not_elf_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
