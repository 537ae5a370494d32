/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are not snapshots, are cut while they are read, or are too large: each is refused in one line that names
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "profile/profile.h"
#include "reader/input.h"
#include "reader/snapshot_reader.h"
#include "support/sample_program.h"

static void assert_path_refused(const char *path, const char *text)
{
	struct error error = {""};
	struct profile *profile = profile_open(path, &error);

	profile_free(profile);
	assert_null(profile);
	assert_string_equal(error.text, text);
}

static void only_regular_files_are_read(void **state)
{
	(void)state;
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_path_refused("pipe", "pipe: is a pipe, not a snapshot");
	assert_path_refused("/dev/null", "/dev/null: is a character device, not a snapshot");
	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
	assert_path_refused("socket", "socket: is a socket, not a snapshot");
	close(descriptor);
	assert_path_refused("missing", "missing: there is no such file or recording: 'seep list' shows recordings");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_path_refused("folder",
			    "folder: is a directory, but not a recording: 'seep list folder' shows those in it");
	int empty = open("empty", O_CREAT | O_WRONLY, 0600);
	close(empty);
	assert_path_refused("empty", "empty: the file is empty");
	if (geteuid() != 0) {
		assert_int_equal(chmod("empty", 0), 0);
		assert_path_refused("empty", "empty: cannot be opened: Permission denied");
	}
}

static void file_cut_while_it_is_read_is_refused(void **state)
{
	(void)state;
	struct input input;
	struct error error;
	char page[INPUT_HEAD_BYTES] = "x";
	int descriptor = open("cut", O_CREAT | O_WRONLY, 0600);

	for (int i = 0; i < 4; i++)
		assert_int_equal(write(descriptor, page, sizeof page), sizeof page);
	assert_true(input_open(&input, "cut", &error));
	assert_int_equal(input.bytes, INPUT_HEAD_BYTES);
	assert_int_equal(ftruncate(descriptor, 5000), 0);
	assert_false(input_read_rest(&input, 1 << 20, &error));
	assert_string_equal(error.text, "cut: offset 5000: the file was cut while it was read; it had 16384 bytes");
	input_close(&input);
	close(descriptor);
}

static void huge_file_is_not_read(void **state)
{
	(void)state;
	struct input input;
	struct error error;
	int descriptor = open("huge", O_CREAT | O_WRONLY, 0600);

	assert_int_equal(ftruncate(descriptor, (off_t)1 << 40), 0);
	close(descriptor);
	assert_true(input_open(&input, "huge", &error));
	assert_false(input_read_rest(&input, SNAPSHOT_BYTES_LIMIT, &error));
	assert_string_equal(error.text,
			    "huge: offset 4294967296: the file has 1099511627776 bytes, more than are read");
	input_close(&input);
	assert_path_refused("huge", "huge: is not a seep snapshot but zeros");
}

static void very_long_name_leaves_room_for_the_fault(void **state)
{
	(void)state;
	char name[5000];
	struct error error;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_null(profile_open(name, &error));
	assert_memory_equal(error.text, "...nnn", 6);
	assert_non_null(strstr(error.text, "nnn: cannot be opened: File name too long"));
}

static void foreign_content_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t length;
		const char *name;
	} foreign[] = {
	    {"\177ELF\2\1\1", 7, "an ELF file (a program or library)"},
	    {"SEEPHEAP....", 12, "a recording's heap file; give the recording's directory instead"},
	    {"\x1f\x8b\x08\x00", 4, "gzip-compressed data"},
	    {"heap_v2/524288\n", 15, "a jemalloc heap dump"},
	    {"Hello, world\n", 13, "text"},
	    {"\0\0\0\0", 4, "zeros"},
	    {"ab\0cd", 5, "data of an unknown kind"},
	    {"SEEPSNAB", 8, "text"},
	};

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		struct buffer file = {0};
		char text[160];
		struct error error;
		buffer_append(&file, foreign[i].bytes, foreign[i].length);
		snprintf(text, sizeof text, "file: is not a seep snapshot but %s", foreign[i].name);
		assert_null(profile_open_snapshot(file.data, file.length, "file", &error));
		assert_string_equal(error.text, text);
		buffer_free(&file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(only_regular_files_are_read, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(file_cut_while_it_is_read_is_refused, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(huge_file_is_not_read, scratch_enter, scratch_leave),
	    cmocka_unit_test(foreign_content_is_named),
	    cmocka_unit_test(very_long_name_leaves_room_for_the_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
