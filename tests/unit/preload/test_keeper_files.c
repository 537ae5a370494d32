/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings on disk: opening damaged ones, finishing what a dead program left,
 * exactly once.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/ring.h"
#include "keeper/program/lease.h"
#include "keeper/loop/take.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

static void refused(const char *what, int error)
{
	struct seep_heap_view view;
	struct seep_fault fault = {0};
	for (int writable = 0; writable < 2; writable++) {
		assert_false(seep_heap_open(&view, test_directory, writable, &fault));
		if (!strstr(fault.text, what))
			fail_msg("\"%s\" does not say \"%s\"", fault.text, what);
		assert_int_equal(fault.error, error);
		assert_null(view.map);
	}
}

static void what_is_no_recording_is_refused_with_a_reason(void **state)
{
	(void)state;
	struct seep_heap_view view;
	struct seep_fault fault;
	static char large[1 << 20];
	refused("no heap file", ENOENT);
	file_put("heap", "", 0);
	refused("empty", 0);
	file_put("heap", "SEEPHEAP", 8);
	refused("cut off", 0);
	file_put("heap", large, sizeof large);
	refused("nothing was recorded", 0);
	/* killed while the header was being written: its first word comes last */
	struct seep_heap_header header = {.file_bytes = sizeof large};
	heap_header_begin(&header, 1);
	heap_header_publish(large, &header);
	assert_memory_equal(large, &header, sizeof header);
	memset(large, 0, sizeof header.magic);
	file_put("heap", large, sizeof large);
	refused("nothing was recorded", 0);
	memcpy(large, "SEEPSNAP", 8);
	file_put("heap", large, sizeof large);
	refused("not a heap file", 0);
	assert_int_equal(unlink(path_of("heap")), 0);
	assert_int_equal(symlink("/dev/zero", path_of("heap")), 0);
	refused("symbolic link", ELOOP);
	assert_int_equal(unlink(path_of("heap")), 0);
	assert_int_equal(mkfifo(path_of("heap"), 0600), 0);
	assert_false(seep_heap_open(&view, test_directory, false, &fault));
	assert_non_null(strstr(fault.text, "not a regular file"));
	assert_false(seep_heap_open(&view, path_of("nowhere"), false, &fault));
	assert_non_null(strstr(fault.text, "no such"));
	assert_int_equal(fault.error, ENOENT);
	assert_false(seep_heap_open(&view, path_of("heap"), false, &fault));
	assert_int_equal(fault.error, ENOTDIR);
}

static void header_change(size_t offset, const void *data, size_t bytes)
{
	int file = open(path_of("heap"), O_RDWR);
	assert_int_equal(pwrite(file, data, bytes, (off_t)offset), bytes);
	close(file);
}

static void another_version_and_a_recording_that_never_began_are_refused(void **state)
{
	(void)state;
	uint32_t version = SEEP_HEAP_VERSION + 1, now = SEEP_HEAP_VERSION, phase = SEEP_HEAP_BUILDING;
	recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
	header_change(offsetof(struct seep_heap_header, version), &version, sizeof version);
	refused("another version", 0);
	header_change(offsetof(struct seep_heap_header, version), &now, sizeof now);
	header_change(offsetof(struct seep_heap_header, phase), &phase, sizeof phase);
	refused("never began", 0);
}

static void a_truncated_file_is_refused_at_any_length(void **state)
{
	(void)state;
	struct stat status;
	recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
	assert_int_equal(stat(path_of("heap"), &status), 0);
	srand(9);
	for (off_t length = status.st_size - 1; length > 0; length -= 1 + rand() % (length / 8 + 1)) {
		struct seep_heap_view view;
		struct seep_fault fault;
		assert_int_equal(truncate(path_of("heap"), length), 0);
		assert_false(seep_heap_open(&view, test_directory, false, &fault));
		assert_false(seep_heap_open(&view, test_directory, true, &fault));
	}
}

/* A reader of a dead program's recording holds a copy: no SIGBUS, whatever happens to the file. */
static void truncation_under_a_reader_does_no_harm(void **state)
{
	(void)state;
	struct seep_heap_view view;
	struct seep_fault fault;
	struct seep_image image;
	struct snapshot snapshot;
	recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
	assert_true(seep_heap_open(&view, test_directory, false, &fault));
	assert_int_equal(truncate(path_of("heap"), 100), 0);
	assert_true(seep_snapshot_build(&view, SEEP_TRIGGER_POSTMORTEM, 1, &image, &fault));
	assert_null(snapshot_parse(image.data, image.bytes, &snapshot));
	assert_int_equal(snapshot.live_count, 20 * 500);
	seep_snapshot_free(&image);
	seep_heap_close(&view);
}

static void counted_exactly(const char *name, enum seep_trigger trigger)
{
	struct snapshot snapshot;
	void *data = snapshot_load(test_directory, name, &snapshot);
	assert_int_equal(snapshot.header->trigger, trigger);
	assert_int_equal(snapshot.live_count, 20 * 500);
	for (unsigned i = 0; i < 20; i++) {
		const struct seep_site *site = snapshot_site(&snapshot, 0x1000 + i);
		assert_non_null(site);
		assert_int_equal(site->allocated.samples, 1000);
		assert_int_equal(site->freed.samples, 500);
		assert_int_equal(site->in_use.samples, 500);
		if (snapshot.process->rate > 1)
			continue; /* then a sample stands for more than itself */
		assert_true(measure_bytes(&site->allocated) == 100 * 1000);
		assert_true(measure_objects(&site->in_use) == 500);
	}
	free(data);
}

static void a_killed_programs_recording_is_finished_exactly_once(void **state)
{
	(void)state;
	char name[32], again[32];
	struct seep_fault fault = {0};
	struct seep_heap_view view;
	struct seep_heap_state heap_state;
	struct stat before, after;
	recording_by_dead_process(test_directory, 1, work_of_20_sites);
	assert_int_equal(stat(path_of("heap"), &before), 0);
	assert_int_equal(seep_recording_finish(test_directory, SEEP_TRIGGER_POSTMORTEM, name, &fault), true);
	assert_string_equal(name, "000001.seep");
	counted_exactly(name, SEEP_TRIGGER_POSTMORTEM);
	assert_true(seep_heap_open(&view, test_directory, false, &fault));
	seep_heap_state(&view, &heap_state);
	assert_true(heap_state.complete);
	assert_int_equal(heap_state.keeper_pid, 0);
	assert_int_equal(heap_state.next_number, 2);
	assert_false(seep_heap_alive(&view));
	/* the file still says the same, with most of its space given back */
	struct seep_image image;
	struct snapshot snapshot;
	assert_true(seep_snapshot_build(&view, SEEP_TRIGGER_POSTMORTEM, 1, &image, &fault));
	assert_null(snapshot_parse(image.data, image.bytes, &snapshot));
	assert_int_equal(snapshot.live_count, 20 * 500);
	seep_snapshot_free(&image);
	seep_heap_close(&view);
	assert_int_equal(stat(path_of("heap"), &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_true(after.st_blocks < before.st_blocks / 20);
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, again, &fault));
	assert_string_equal(again, name);
	assert_int_equal(directory_count(test_directory, ".seep"), 1);
	assert_int_equal(directory_count(test_directory, ""), 2);
}

static void several_finishers_at_once_write_one_snapshot(void **state)
{
	(void)state;
	enum { FINISHERS = 4 };
	for (int round = 0; round < 10; round++) {
		pid_t children[FINISHERS];
		recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
		for (int i = 0; i < FINISHERS; i++) {
			children[i] = child_fork();
			if (children[i] == 0) {
				char name[32];
				struct seep_fault fault;
				bool finished =
				    seep_recording_finish(test_directory, SEEP_TRIGGER_POSTMORTEM, name, &fault);
				_exit(!finished || strcmp(name, "000001.seep") != 0);
			}
		}
		for (int i = 0; i < FINISHERS; i++) {
			int status;
			waitpid(children[i], &status, 0);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
		assert_int_equal(directory_count(test_directory, ".seep"), 1);
		counted_exactly("000001.seep", SEEP_TRIGGER_POSTMORTEM);
		directory_remove(test_directory);
		assert_int_equal(mkdir(test_directory, 0700), 0);
	}
}

static void a_running_program_is_not_finished(void **state)
{
	(void)state;
	struct heap heap;
	char name[32];
	struct seep_fault fault;
	recording_make(&heap, test_directory, 512 << 10);
	assert_false(seep_recording_finish(test_directory, SEEP_TRIGGER_POSTMORTEM, name, &fault));
	assert_int_equal(fault.error, EBUSY);
	assert_int_equal(directory_count(test_directory, ".seep"), 0);
}

static void other_files_and_taken_names_are_left_alone(void **state)
{
	(void)state;
	char name[32];
	struct seep_fault fault;
	struct stat status;
	recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
	file_put("000001.seep", "mine", 4);
	file_put("000002.seep", "", 0);
	file_put(".seep-999-abc.tmp", "left by a killed writer", 23);
	file_put("notes.tmp", "mine", 4);
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_POSTMORTEM, name, &fault));
	assert_string_equal(name, "000003.seep");
	counted_exactly(name, SEEP_TRIGGER_POSTMORTEM);
	assert_int_equal(stat(path_of("000001.seep"), &status), 0);
	assert_int_equal(status.st_size, 4);
	assert_int_equal(access(path_of("notes.tmp"), F_OK), 0);
	assert_int_equal(access(path_of(".seep-999-abc.tmp"), F_OK), -1);
	assert_int_equal(stat(path_of(name), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_recording_that_may_only_be_read_is_finished_if_complete(void **state)
{
	(void)state;
	char name[32];
	struct seep_fault fault;
	if (geteuid() != 0)
		skip();
	recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, name, &fault));
	chmod(test_directory, 0755);
	chmod(path_of("heap"), 0644);
	chmod(path_of(name), 0644);
	pid_t child = child_fork();
	if (child == 0) {
		char again[32];
		if (setuid(65534) != 0)
			_exit(2);
		_exit(!seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, again, &fault) ||
		      strcmp(again, name) != 0);
	}
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* Damage anywhere in the file: opening refuses it, or building works. */
static void flipped_bits_on_disk_never_crash_a_reader(void **state)
{
	(void)state;
	struct stat status;
	recording_by_dead_process(test_directory, 512 << 10, work_of_20_sites);
	assert_int_equal(stat(path_of("heap"), &status), 0);
	int file = open(path_of("heap"), O_RDWR);
	srand(11);
	const int rounds = getenv("LONG_TESTS") ? 200 : 20; /* more of it: make fuzz */
	int built = 0;
	for (int round = 0; round < rounds; round++) {
		struct seep_heap_view view;
		struct seep_fault fault;
		struct seep_image image;
		struct snapshot snapshot;
		off_t place = rand() % 3 ? rand() % (off_t)sizeof(struct seep_heap_header) : rand() % status.st_size;
		unsigned char before, after;
		assert_int_equal(pread(file, &before, 1, place), 1);
		after = (unsigned char)(before ^ 1u << rand() % 8);
		assert_int_equal(pwrite(file, &after, 1, place), 1);
		if (seep_heap_open(&view, test_directory, round % 2, &fault)) {
			if (seep_snapshot_build(&view, SEEP_TRIGGER_POSTMORTEM, 1, &image, &fault)) {
				assert_null(snapshot_parse(image.data, image.bytes, &snapshot));
				seep_snapshot_free(&image);
				built++;
			}
			seep_heap_close(&view);
		}
		assert_int_equal(pwrite(file, &before, 1, place), 1);
	}
	assert_true(built > rounds / 4);
	close(file);
}

int main(void)
{
	alarm(1000); /* nothing here waits that long */
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_setup, directory_teardown)
	    TEST(what_is_no_recording_is_refused_with_a_reason),
	    TEST(another_version_and_a_recording_that_never_began_are_refused),
	    TEST(a_truncated_file_is_refused_at_any_length),
	    TEST(truncation_under_a_reader_does_no_harm),
	    TEST(a_killed_programs_recording_is_finished_exactly_once),
	    TEST(several_finishers_at_once_write_one_snapshot),
	    TEST(a_running_program_is_not_finished),
	    TEST(other_files_and_taken_names_are_left_alone),
	    TEST(a_recording_that_may_only_be_read_is_finished_if_complete),
	    TEST(flipped_bits_on_disk_never_crash_a_reader),
	};
	return cmocka_run_group_tests_name("keeper_files", tests, NULL, NULL);
}
