/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are kept with a recording. The test's own resolver replaces the one that reads files; a module's path
 * decides what it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "support/sample_program.h"
#include "symbols/label.h"
#include "symbols/records.h"
#include "symbols/resolve.h"
#include "symbols/symbols.h"
#include "symbols/wire.h"

enum { ADDRESSES = 3 };
static const uint8_t build_id[20] = {0xab, 0xcd, 1};

/* Linked in place of symbols/resolve.c. "gone": no file; "poor": a name only for the first address; others: all. */
void resolve_module(struct wire *wire, const struct symbol_module *module, uint32_t number,
		    const struct symbol_search *search, enum resolve_effort effort)
{
	const bool is_poor = strcmp(module->path, "poor") == 0;

	(void)search, (void)effort;
	if (strcmp(module->path, "gone") == 0) {
		wire_nameless_module(wire, number, wire_text(wire, "no file"));
		return;
	}
	for (size_t i = 0; i < module->address_count; i++) {
		struct buffer name = {0};
		if (is_poor && i > 0)
			label_append(&name, module->path, module->addresses[i].address);
		else
			buffer_printf(&name, "%s_%d", module->path, (int)module->addresses[i].address);
		wire_begin_address(wire, 1);
		wire_line(wire, wire_text(wire, name.data), is_poor ? 0 : wire_text(wire, "a.c"), 7, false);
		buffer_free(&name);
	}
	wire_end_module(wire, number, wire_text(wire, "its file"), !is_poor, (uint32_t)module->address_count);
}

/* What is known about the addresses 1, 2 and 3 of a module, in a recording or in none; it is kept there if `keep` is
 * set. */
struct asked {
	struct symbol_address addresses[ADDRESSES];
	struct symbol_module module;
	struct symbol_lines lines;
	struct string_pool *strings;
	struct records_summary summary;
};

static void ask(struct asked *asked, const char *path, const char *recording, bool keep)
{
	struct error error;

	*asked = (struct asked){.strings = string_pool_create()};
	for (int i = 0; i < ADDRESSES; i++)
		asked->addresses[i].address = (uint64_t)(ADDRESSES - i);
	asked->module = (struct symbol_module){.path = path,
					       .build_id = build_id,
					       .build_id_bytes = sizeof build_id,
					       .addresses = asked->addresses,
					       .address_count = ADDRESSES};
	symbols_resolve(&asked->module, 1,
			&(struct symbol_search){.recordings = &recording, .recording_count = recording != NULL},
			asked->strings, &asked->lines);
	if (keep)
		assert_true(symbol_records_write(recording, &asked->module, 1, &asked->lines, &asked->summary, &error));
}

static void asked_free(struct asked *asked)
{
	string_pool_free(asked->strings);
	free(asked->lines.lines);
}

/* The names, comma-separated; then where they are from. */
static const char *names(const char *path, const char *recording, bool keep)
{
	static char text[512];
	struct asked asked;

	ask(&asked, path, recording, keep);
	*text = '\0';
	for (int i = 0; i < ADDRESSES; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s,",
			 asked.lines.lines[asked.addresses[i].first_line].function);
	snprintf(text + strlen(text), sizeof text - strlen(text), "%s", asked.module.source);
	asked_free(&asked);
	return text;
}

static int enter(void **state)
{
	return scratch_enter(state) == 0 && mkdir("recording", 0700) == 0 ? 0 : 1;
}

static void a_program_that_is_gone_keeps_its_names(void **state)
{
	(void)state;
	struct stat status;

	names("program", "recording", true);
	assert_int_equal(stat("recording/names", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_string_equal(names("gone", "recording", false),
			    "program_3,program_2,program_1,kept with the recording: its file (now: no file)");
	assert_string_equal(names("gone", NULL, false), "gone+0x3,gone+0x2,gone+0x1,no file");
}

static void names_that_are_kept_again_say_once_where_they_are_from(void **state)
{
	(void)state;
	names("program", "recording", true);
	names("gone", "recording", true);
	assert_string_equal(names("gone", "recording", false),
			    "program_3,program_2,program_1,kept with the recording: its file (now: no file)");
}

static void of_two_answers_the_one_that_says_more_is_taken(void **state)
{
	(void)state;
	names("program", "recording", true);
	assert_string_equal(names("poor", "recording", false),
			    "program_3,program_2,program_1,kept with the recording: its file (now: its file)");
	assert_string_equal(names("newer", "recording", false), "newer_3,newer_2,newer_1,its file");
}

/* Any file at its path could be another build; a file that has changed since is not believed. */
static void without_a_build_id_the_file_must_be_the_same(void **state)
{
	(void)state;
	struct asked asked;
	struct error error;
	const char *recording = "recording";
	const struct symbol_search search = {.recordings = &recording, .recording_count = 1};

	shell("echo one >program");
	ask(&asked, "program", NULL, false);
	asked.module.build_id_bytes = 0;
	struct source_line *first = &asked.lines.lines[asked.addresses[0].first_line];
	first->function = "as_it_was";
	assert_true(symbol_records_write(recording, &asked.module, 1, &asked.lines, &asked.summary, &error));
	for (int changed = 0; changed < 2; changed++) {
		symbols_resolve(&asked.module, 1, &search, asked.strings, &asked.lines);
		assert_string_equal(asked.lines.lines[asked.addresses[0].first_line].function,
				    changed ? "as_it_was" : "program_3");
		assert_int_equal(asked.module.kept != NULL, changed);
		shell("echo other >program");
	}
	asked_free(&asked);
}

static void nothing_is_written_into_a_directory_that_others_write_to(void **state)
{
	(void)state;
	struct asked asked;
	struct error error;

	ask(&asked, "program", NULL, false);
	assert_int_equal(chmod("recording", 0777), 0);
	assert_false(symbol_records_write("recording", &asked.module, 1, &asked.lines, &asked.summary, &error));
	assert_int_not_equal(access("recording/names", F_OK), 0);
	asked_free(&asked);
}

/* Twice as many addresses as there is room for, with names that do not pack well. */
static void what_has_no_room_is_counted(void **state)
{
	(void)state;
	enum { COUNT = 400000 };
	struct asked small;
	struct error error;
	struct stat status;
	uint64_t random = 1;

	ask(&small, "program", NULL, false);
	struct symbol_module modules[] = {small.module, small.module};
	struct symbol_lines lines = {0};
	modules[0].address_count = COUNT;
	modules[0].addresses = memory_allocate(COUNT, sizeof *modules[0].addresses);
	for (uint32_t i = 0; i < COUNT; i++) {
		char name[32];
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		snprintf(name, sizeof name, "f%016llx", (unsigned long long)(random ^ random >> 29));
		modules[0].addresses[i] = (struct symbol_address){.address = i, .first_line = i, .line_count = 1};
		ARRAY_RESERVE(lines.lines, lines.count, lines.capacity);
		lines.lines[lines.count++] =
		    (struct source_line){.function = string_pool_intern(small.strings, name), .file = "a.c"};
	}
	const uint8_t other[20] = {1};
	struct symbol_address few[] = {{.address = 1, .first_line = 0, .line_count = 1}};
	modules[1].build_id = other;
	modules[1].addresses = few;
	modules[1].address_count = 1;
	struct records_summary summary = {.left_out = 5};
	assert_true(symbol_records_write("recording", modules, 2, &lines, &summary, &error));
	assert_int_equal(summary.left_out, COUNT + 5);
	assert_int_equal(summary.addresses, 1);
	assert_int_equal(stat("recording/names", &status), 0);
	assert_in_range(status.st_size, 1, RECORDS_FILE_BYTES_MAX);
	assert_string_equal(
	    names("gone", "recording", false),
	    "gone+0x3,gone+0x2,gone+0x1,no file (400005 addresses had no room among the names kept with "
	    "the recording)");
	free(modules[0].addresses);
	free(lines.lines);
	asked_free(&small);
}

static void write_file(const unsigned char *bytes, size_t length)
{
	int file = open("recording/names", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0 && write(file, bytes, length) == (ssize_t)length);
	close(file);
}

/* Whatever is changed, there are names or labels, and nothing else. */
static void a_damaged_file_gives_its_names_or_none(void **state)
{
	(void)state;
	unsigned char good[4096], bad[sizeof good];

	names("program", "recording", true);
	int file = open("recording/names", O_RDONLY);
	const ssize_t length = read(file, good, sizeof good);
	close(file);
	assert_in_range(length, 50, sizeof good - 1);
	for (ssize_t i = 0; i < length; i += 3) {
		memcpy(bad, good, (size_t)length);
		bad[i] ^= (unsigned char)(1 << i % 8);
		write_file(bad, (size_t)(i % 2 ? length : i + 1));
		const char *seen = names("gone", "recording", false);
		assert_true(strncmp(seen, "gone+0x3,gone+0x2,gone+0x1,no file", 34) == 0 ||
			    strncmp(seen, "program_3,program_2,program_1,kept", 34) == 0);
	}
	write_file((const unsigned char *)"some file of the user's", 23);
	assert_string_equal(
	    names("gone", "recording", false),
	    "gone+0x3,gone+0x2,gone+0x1,no file (the recording's file of kept names is not a file of names "
	    "that this seep reads)");
	assert_int_equal(unlink("recording/names"), 0);
	assert_int_equal(symlink("elsewhere", "recording/names"), 0);
	assert_string_equal(names("gone", "recording", false), "gone+0x3,gone+0x2,gone+0x1,no file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_program_that_is_gone_keeps_its_names, enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(names_that_are_kept_again_say_once_where_they_are_from, enter,
					    scratch_leave),
	    cmocka_unit_test_setup_teardown(of_two_answers_the_one_that_says_more_is_taken, enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(without_a_build_id_the_file_must_be_the_same, enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(nothing_is_written_into_a_directory_that_others_write_to, enter,
					    scratch_leave),
	    cmocka_unit_test_setup_teardown(what_has_no_room_is_counted, enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(a_damaged_file_gives_its_names_or_none, enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
