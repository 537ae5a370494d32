/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of names. The test's own resolver replaces the one that reads files: its names tell the edition that was
 * set when it was asked, so that an answer shows whether it was found anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "support/sample_program.h"
#include "symbols/cache.h"
#include "symbols/cache_file.h"
#include "symbols/resolve.h"
#include "symbols/symbols.h"
#include "symbols/wire.h"

static int edition;
static const uint8_t build_id[20] = {0xab, 0xcd, 1};

/* Linked in place of symbols/resolve.c. The module's path decides what is found: "poor" no DWARF, "fetched" a server's,
 * any other the DWARF in the file "debug". */
void resolve_module(struct wire *wire, const struct symbol_module *module, uint32_t number,
		    const struct symbol_search *search, enum resolve_effort effort)
{
	const bool is_rich = strcmp(module->path, "poor") != 0;

	(void)search, (void)effort;
	for (size_t i = 0; i < module->address_count; i++) {
		char name[64];
		snprintf(name, sizeof name, "function %d%s of edition %d", (int)module->addresses[i].address,
			 module->addresses[i].exact ? " exactly" : "", edition);
		wire_begin_address(wire, 2);
		wire_line(wire, wire_text(wire, "inlined"), wire_text(wire, "a.c"), 7, true);
		wire_line(wire, wire_text(wire, name), 0, 0, false);
	}
	if (is_rich)
		wire_debug_file(wire, strcmp(module->path, "fetched") == 0 ? "" : "debug");
	wire_end_module(wire, number, wire_text(wire, "source"), is_rich, (uint32_t)module->address_count);
}

/* Asks for some addresses of a module; the editions that they were found in, comma-separated. */
static const char *ask(const char *path, const char *directory, const uint64_t *wanted, size_t count)
{
	static char editions[256];
	struct symbol_address addresses[16] = {0};
	struct string_pool *strings = string_pool_create();
	struct symbol_lines lines = {0};
	struct symbol_module module = {.path = path,
				       .build_id = build_id,
				       .build_id_bytes = sizeof build_id,
				       .addresses = addresses,
				       .address_count = count};

	for (size_t i = 0; i < count; i++)
		addresses[i].address = wanted[i];
	symbols_resolve(&module, 1, &(struct symbol_search){.directory = directory}, strings, &lines);
	assert_string_equal(module.source, "source");
	assert_int_equal(module.has_lines, strcmp(path, "poor") != 0);
	*editions = '\0';
	for (size_t i = 0; i < count; i++) {
		int address, found;
		assert_int_equal(addresses[i].line_count, 2);
		const struct source_line *line = &lines.lines[addresses[i].first_line];
		assert_string_equal(line[0].function, "inlined");
		assert_string_equal(line[0].file, "a.c");
		assert_int_equal(line[0].line, 7);
		assert_true(line[0].inlined && !line[1].inlined);
		assert_int_equal(sscanf(line[1].function, "function %d of edition %d", &address, &found), 2);
		assert_int_equal(address, wanted[i]);
		snprintf(editions + strlen(editions), sizeof editions - strlen(editions), "%s%d", i ? "," : "", found);
	}
	string_pool_free(strings);
	free(lines.lines);
	return editions;
}

#define ASK(path, ...)                                                                                                 \
	ask(path, NULL, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static int enter(void **state)
{
	if (scratch_enter(state) != 0)
		return 1;
	shell("truncate -s 2M debug && echo hello >program");
	char *here = realpath(".", NULL);
	struct buffer path = {0};
	buffer_printf(&path, "%s/deep/er/seep", here);
	symbol_cache_use(path.data);
	buffer_free(&path);
	free(here);
	edition = 1;
	return 0;
}

static int leave(void **state)
{
	symbol_cache_use(NULL);
	return scratch_leave(state);
}

/* The one file of the cache. */
#define KEPT "deep/er/seep/abcd010000000000000000000000000000000000.names"

static void names_are_found_once(void **state)
{
	(void)state;
	struct stat status;

	assert_string_equal(ASK("program", 1, 2), "1,1");
	edition = 2;
	assert_string_equal(ASK("program", 2, 1), "1,1");
	assert_string_equal(ASK("program", 2), "1");
	assert_int_equal(stat(KEPT, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(stat("deep/er/seep", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	symbol_cache_use(NULL);
	assert_string_equal(ASK("program", 2), "2");
}

static void a_new_address_is_found_and_the_old_ones_stay(void **state)
{
	(void)state;
	ASK("program", 1, 2);
	edition = 2;
	assert_string_equal(ASK("program", 3, 2, 3), "2,2,2");
	edition = 3;
	assert_string_equal(ASK("program", 1, 2, 3), "1,2,2");
	/* The same address counts as two: as a return address and as an instruction's own. */
	struct symbol_address address = {.address = 3, .exact = true};
	struct symbol_module module = {.path = "program",
				       .build_id = build_id,
				       .build_id_bytes = sizeof build_id,
				       .addresses = &address,
				       .address_count = 1};
	struct string_pool *strings = string_pool_create();
	struct symbol_lines lines = {0};
	symbols_resolve(&module, 1, &(struct symbol_search){0}, strings, &lines);
	assert_string_equal(lines.lines[address.first_line + 1].function, "function 3 exactly of edition 3");
	string_pool_free(strings);
	free(lines.lines);
}

/* An old answer never hides a better one that can be found today. */
static void poor_answers_are_not_kept(void **state)
{
	(void)state;
	ASK("poor", 1);
	assert_int_equal(access(KEPT, F_OK), -1);
	edition = 2;
	assert_string_equal(ASK("poor", 1), "2");
	assert_string_equal(ASK("program", 1), "2");
	/* A small debug file is as quickly read again. */
	shell("rm -r deep && truncate -s 1000 debug");
	ASK("program", 1);
	assert_int_equal(access(KEPT, F_OK), -1);
}

static void another_file_in_its_place_is_read_anew(void **state)
{
	(void)state;
	static const char *const changes[] = {"truncate -s 3M debug", "touch -d '2001-01-01' debug",
					      "cp -p debug new && mv new debug", "echo other >>program", "rm program"};

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		char expected[16];
		ASK("program", 1);
		shell("%s", changes[i]);
		snprintf(expected, sizeof expected, "%d", ++edition);
		assert_string_equal(ASK("program", 1), expected);
	}
	ASK("fetched", 1);
	shell("rm debug");
	edition++;
	ASK("fetched", 1);
}

static void a_directory_given_by_hand_has_names_of_its_own(void **state)
{
	(void)state;
	const uint64_t address = 1;

	shell("mkdir hand other");
	ASK("program", 1);
	edition = 2;
	assert_string_equal(ask("program", "hand", &address, 1), "2");
	edition = 3;
	assert_string_equal(ask("program", "hand/../hand", &address, 1), "2");
	assert_string_equal(ask("program", "other", &address, 1), "3");
	assert_string_equal(ASK("program", 1), "1");
}

static void another_build_is_another_file(void **state)
{
	(void)state;
	ASK("program", 1);
	shell("mv " KEPT " deep/er/seep/abcd020000000000000000000000000000000000.names && "
	      "cp deep/er/seep/abcd020000000000000000000000000000000000.names kept");
	edition = 2;
	assert_string_equal(ASK("program", 1), "2");
	/* A cache file under our name, but of another build, although its checksum is right. */
	struct cache_header header;
	FILE *file = fopen(KEPT, "r+b");
	static unsigned char bytes[1 << 16];
	size_t length = fread(bytes, 1, sizeof bytes, file);
	memcpy(&header, bytes, sizeof header);
	header.build_id[2] = 9;
	header.crc = 0;
	memcpy(bytes, &header, sizeof header);
	header.crc = (uint32_t)crc32_z(0, bytes, length);
	memcpy(bytes, &header, sizeof header);
	rewind(file);
	fwrite(bytes, 1, length, file);
	fclose(file);
	edition = 3;
	assert_string_equal(ASK("program", 1), "3");
}

static size_t kept_read(unsigned char *bytes, size_t capacity)
{
	FILE *file = fopen(KEPT, "rb");

	assert_non_null(file);
	size_t length = fread(bytes, 1, capacity, file);
	fclose(file);
	assert_in_range(length, sizeof(struct cache_header), capacity - 1);
	return length;
}

static void kept_write(const unsigned char *bytes, size_t length)
{
	FILE *file = fopen(KEPT, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
}

static void a_damaged_file_is_replaced(void **state)
{
	(void)state;
	unsigned char good[4096], bad[4096];

	ASK("program", 1, 2, 3);
	const size_t length = kept_read(good, sizeof good);
	edition = 2;
	for (size_t i = 0; i < length; i += i < 200 ? 3 : 11) {
		memcpy(bad, good, length);
		bad[i] ^= (unsigned char)(1 << i % 8);
		kept_write(bad, length);
		assert_string_equal(ASK("program", 2), "2");
		edition++;
		assert_string_equal(ASK("program", 2), "2"); /* the new one was kept */
		edition--;
		kept_write(good, i);
		assert_string_equal(ASK("program", 2), "2");
	}
	shell("rm " KEPT " && mkfifo " KEPT);
	assert_string_equal(ASK("program", 2), "2");
}

/* This is not an error either: the names are found, and kept nowhere. */
static void a_directory_that_is_not_ours_alone_is_not_used(void **state)
{
	(void)state;
	static const char *const places[] = {"mkdir -m 777 -p deep/er/seep",
					     "mkdir -p deep/er real && ln -s ../../real deep/er/seep",
					     "mkdir -p deep/er && echo >deep/er/seep", "echo >deep",
					     "mkdir -p deep/er/seep && chown 12345 deep/er/seep"};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (strstr(places[i], "chown") && geteuid() != 0)
			continue;
		shell("rm -rf deep real && %s", places[i]);
		ASK("program", 1);
		edition++;
		char expected[16];
		snprintf(expected, sizeof expected, "%d", edition);
		assert_string_equal(ASK("program", 1), expected);
		shell("test -z \"$(find deep real -name '*.names' -o -name '*.tmp' 2>/dev/null)\"");
	}
	symbol_cache_use("/proc/seep");
	ASK("program", 1);
}

static void what_was_not_used_for_longest_goes(void **state)
{
	(void)state;
	ASK("program", 1);
	/* 100 MB each, without a byte on the disk. */
	shell("cd deep/er/seep && for i in 1 2 3; do truncate -s 100M 0$i.names; touch -d \"2020-01-0$i\" 0$i.names; "
	      "done && "
	      "touch -d '2019-01-01' left.tmp && touch fresh.tmp && truncate -s 900M unrelated && touch -d "
	      "'2018-01-01' unrelated");
	edition = 2;
	ASK("program", 2);
	shell("cd deep/er/seep && test \"$(echo *)\" = "
	      "'02.names 03.names abcd010000000000000000000000000000000000.names fresh.tmp unrelated'");
	/* To be read is to be used. */
	shell("cd deep/er/seep && touch -d '2017-01-01' abcd*.names && truncate -s 100M 04.names");
	assert_string_equal(ASK("program", 2), "2");
	ask("program", "hand", (const uint64_t[]){1}, 1);
	assert_int_equal(access(KEPT, F_OK), 0);
	assert_int_equal(access("deep/er/seep/02.names", F_OK), -1);
}

static void many_at_once_do_not_disturb_each_other(void **state)
{
	(void)state;
	enum { PROCESSES = 4, ROUNDS = 12 };
	pid_t children[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] != 0)
			continue;
		for (int round = 0; round < ROUNDS; round++)
			if (strcmp(ASK("program", (uint64_t)(i * 100 + round), 7, (uint64_t)round), "1,1,1") != 0)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	edition = 2;
	assert_string_equal(ASK("program", 7), "1");
	shell("test -z \"$(find deep -name '*.tmp')\"");
}

static void assert_default(const char *expected)
{
	char *found = symbol_cache_default();

	if (expected)
		assert_string_equal(found, expected);
	else
		assert_null(found);
	free(found);
}

static void its_place_is_the_users_choice(void **state)
{
	(void)state;
	setenv("HOME", "/home/somebody", 1);
	unsetenv("XDG_CACHE_HOME");
	unsetenv("SEEP_CACHE");
	assert_default("/home/somebody/.cache/seep");
	setenv("XDG_CACHE_HOME", "/elsewhere", 1);
	assert_default("/elsewhere/seep");
	setenv("XDG_CACHE_HOME", "relative", 1);
	assert_default("/home/somebody/.cache/seep");
	setenv("SEEP_CACHE", "off", 1);
	assert_default(NULL);
	unsetenv("SEEP_CACHE");
	unsetenv("HOME");
	assert_default(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_CACHE(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	    WITH_CACHE(names_are_found_once),
	    WITH_CACHE(a_new_address_is_found_and_the_old_ones_stay),
	    WITH_CACHE(poor_answers_are_not_kept),
	    WITH_CACHE(another_file_in_its_place_is_read_anew),
	    WITH_CACHE(a_directory_given_by_hand_has_names_of_its_own),
	    WITH_CACHE(another_build_is_another_file),
	    WITH_CACHE(a_damaged_file_is_replaced),
	    WITH_CACHE(a_directory_that_is_not_ours_alone_is_not_used),
	    WITH_CACHE(what_was_not_used_for_longest_goes),
	    WITH_CACHE(many_at_once_do_not_disturb_each_other),
	    cmocka_unit_test(its_place_is_the_users_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
