/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that appear whole or not at all, and the forms that their bytes take: packed, with a checksum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "encoding/checksum.h"
#include "encoding/gzip.h"
#include "files/output.h"
#include "support/random.h"
#include "support/sample_program.h"

static size_t files_in_directory(void)
{
	DIR *listing = opendir(".");
	size_t count = 0;

	assert_non_null(listing);
	for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing))
		count += entry->d_name[0] != '.';
	closedir(listing);
	return count;
}

static void assert_file_holds(const char *path, const char *text)
{
	char content[256] = "";
	int descriptor = open(path, O_RDONLY);

	assert_true(descriptor >= 0);
	assert_true(read(descriptor, content, sizeof content - 1) >= 0);
	close(descriptor);
	assert_string_equal(content, text);
}

static void file_appears_whole_and_alone(void **state)
{
	(void)state;
	struct buffer buffer = {0};
	struct error error;
	struct stat status;

	buffer_append_text(&buffer, "first");
	assert_true(output_write_buffer(&buffer, "out", &error));
	assert_file_holds("out", "first");
	assert_int_equal(chmod("out", 0640), 0);
	assert_int_equal(symlink("out", "link"), 0);
	buffer_append_text(&buffer, " second");
	assert_true(output_write_buffer(&buffer, "link", &error));
	assert_file_holds("out", "first second");
	assert_int_equal(stat("out", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(files_in_directory(), 2);
	buffer_free(&buffer);
}

static void failed_write_leaves_nothing_behind(void **state)
{
	(void)state;
	struct buffer buffer = {0};
	struct error error;

	buffer_append_text(&buffer, "text");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_false(output_write_buffer(&buffer, "folder", &error));
	assert_string_equal(error.text, "folder: cannot write: Is a directory");
	assert_false(output_write_buffer(&buffer, "missing/out", &error));
	assert_string_equal(error.text, "missing/out: cannot write: No such file or directory");
	assert_false(output_write_buffer(&buffer, "/dev/full", &error));
	assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
	assert_int_equal(files_in_directory(), 1);
	assert_true(output_write_buffer(&buffer, "/dev/null", &error));
	buffer_free(&buffer);
}

/* Ctrl-C, and a signal that nobody can handle, in the middle of a document that replaces another, and of a new one. */
static void killed_writer_leaves_what_was_there(void **state)
{
	const char *const names[] = {"there", "new"};
	const int signals[] = {SIGINT, SIGKILL};
	struct buffer buffer = {0};
	struct error error;
	(void)state;

	buffer_append_text(&buffer, "first");
	assert_true(output_write_buffer(&buffer, "there", &error));
	buffer_free(&buffer);
	for (int i = 0; i < 4; i++) {
		const pid_t child = fork();
		if (child == 0) {
			struct output output;
			output_open(&output, names[i / 2], 0, &error);
			for (int k = 0; k < 3000000; k++)
				buffer_append_byte(&output.buffer, 'x');
			signal(signals[i % 2], SIG_DFL);
			raise(signals[i % 2]);
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(files_in_directory(), 1);
		assert_file_holds("there", "first");
	}
}

/* All lengths around the steps of folding, at all alignments, beside zlib's. */
static void checksums_are_zlibs(void **state)
{
	static unsigned char bytes[100000];
	uint64_t random = 88172645463325252u;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		random_next(&random);
		bytes[i] = (unsigned char)(random >> 32);
	}
	for (size_t length = 0; length < 400; length++)
		assert_int_equal(checksum_of(bytes + length % 17, length),
				 crc32(0, bytes + length % 17, (unsigned)length));
	assert_int_equal(checksum_of(bytes, sizeof bytes), crc32(0, bytes, sizeof bytes));
	assert_int_equal(checksum_of("123456789", 9), 0xcbf43926);
}

static void packing_is_as_good_as_packing_at_once(void **state)
{
	(void)state;
	enum { WHOLE_BYTES = 100000 };
	struct buffer plain = {0}, once = {0};
	struct error error;
	size_t offset;

	for (int i = 0; plain.length < 3 * WHOLE_BYTES; i++) {
		struct gzip_packing packing;
		struct buffer out = {0};
		gzip_packing_open(&packing, &out, WHOLE_BYTES);
		for (size_t at = 0, piece; at < plain.length; at += piece) {
			piece = plain.length - at < 777 ? plain.length - at : 777;
			buffer_append(&packing.buffer, plain.data + at, piece);
		}
		assert_int_equal(gzip_packing_close(&packing), plain.length);
		once.length = 0;
		if (plain.length < WHOLE_BYTES) {
			gzip_pack(&once, plain.data, plain.length);
			assert_int_equal(out.length, once.length);
			assert_memory_equal(out.data, once.data, once.length);
		} else {
			gzip_pack_quickly(&once, plain.data, plain.length);
			assert_in_range(out.length, once.length * 9 / 10, once.length * 11 / 10);
		}
		once.length = 0;
		assert_true(gzip_unpack(&once, out.data, out.length, plain.length, &offset, &error));
		assert_int_equal(once.length, plain.length);
		assert_true(once.length == 0 || memcmp(once.data, plain.data, once.length) == 0);
		buffer_free(&out);
		for (int k = 0; k < 4001; k++)
			buffer_append_unsigned(&plain, (uint64_t)k * (uint64_t)(i + 7) % 1009);
	}
	buffer_free(&plain);
	buffer_free(&once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(file_appears_whole_and_alone, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(failed_write_leaves_nothing_behind, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(killed_writer_leaves_what_was_there, scratch_enter, scratch_leave),
	    cmocka_unit_test(checksums_are_zlibs),
	    cmocka_unit_test(packing_is_as_good_as_packing_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
