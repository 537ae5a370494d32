/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots on their way to the disk: whole under their names or not there, whatever stops the writer; and thinned out. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/ring.h"
#include "keeper/program/lease.h"
#include "keeper/loop/take.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

/* So that half a file does not stay when the keeper is killed, or its program executes another. */
static void a_snapshot_has_no_name_before_it_is_whole(void **state)
{
	(void)state;
	struct heap heap;
	struct build_options options = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
	struct seep_fault fault;
	uint64_t number;
	_Alignas(struct inotify_event) char events[4096];
	recording_make(&heap, test_directory, 512 << 10);
	int unnamed = open(test_directory, O_WRONLY | O_TMPFILE, 0600), directory = open(test_directory, O_RDONLY);
	int watch = inotify_init1(IN_NONBLOCK);
	if (unnamed < 0)
		skip(); /* the file system has no such files */
	assert_true(inotify_add_watch(watch, test_directory, IN_CREATE | IN_MOVED_TO) >= 0);
	assert_true(snapshot_take(&heap, directory, &options, true, &number, &fault));
	const ssize_t got = read(watch, events, sizeof events);
	const struct inotify_event *event = (const void *)events;
	assert_int_equal(got, sizeof *event + event->len);
	assert_string_equal(event->name, "000001.seep");
	close(unnamed);
	close(directory);
	close(watch);
}

static void thinning_never_touches_files_of_others(void **state)
{
	(void)state;
	struct heap heap;
	struct build_options options = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
	struct seep_fault fault;
	uint64_t number;
	recording_make(&heap, test_directory, 512 << 10);
	heap.header->snapshots_limit = 5;
	int opened = open(test_directory, O_RDONLY | O_DIRECTORY);
	file_put("000004.seep", "mine", 4);
	for (int i = 0; i < 12; i++)
		assert_true(snapshot_take(&heap, opened, &options, false, &number, &fault));
	assert_int_equal(number, 13);
	assert_int_equal(directory_count(test_directory, ".seep"), 6);
	assert_int_equal(access(path_of("000001.seep"), F_OK), 0);
	assert_int_equal(access(path_of("000004.seep"), F_OK), 0);
	assert_int_equal(access(path_of("000013.seep"), F_OK), 0);
	assert_int_equal(load_relaxed(&heap.header->losses[SEEP_LOSS_SNAPSHOTS_THINNED]), 7);
	close(opened);
}

/* Does the same as `seep leaks --references`: one more entry in the table, and everything behind it further on. */
static void section_is_added(const char *name)
{
	struct snapshot snapshot;
	char *before = snapshot_load(test_directory, name, &snapshot);
	const size_t bytes = snapshot.header->file_bytes, table = sizeof *snapshot.header,
		     tail = table + snapshot.header->section_count * sizeof(struct seep_section);
	char *after = calloc(1, bytes + sizeof(struct seep_section));
	struct seep_snapshot_header *header = (void *)after;
	struct seep_section *sections = (void *)(after + table);
	memcpy(after, before, tail);
	memcpy(after + tail + sizeof *sections, before + tail, bytes - tail);
	for (uint32_t i = 0; i < header->section_count; i++)
		sections[i].offset += sizeof *sections;
	sections[header->section_count++] = (struct seep_section){
	    .type = SEEP_SECTION_REFERENCES, .entry_bytes = sizeof(struct seep_referenced), .offset = bytes};
	header->file_bytes = bytes + sizeof *sections;
	file_put(name, after, bytes + sizeof *sections);
	free(after);
	free(before);
}

static void a_snapshot_with_a_section_more_is_thinned_as_others(void **state)
{
	(void)state;
	struct heap heap;
	struct build_options options = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
	struct seep_fault fault;
	uint64_t number;
	recording_make(&heap, test_directory, 512 << 10);
	heap.header->snapshots_limit = 5;
	int opened = open(test_directory, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 12; i++) {
		char name[32];
		assert_true(snapshot_take(&heap, opened, &options, false, &number, &fault));
		snprintf(name, sizeof name, "%06d.seep", i + 1);
		section_is_added(name);
	}
	assert_int_equal(directory_count(test_directory, ".seep"), 5);
	close(opened);
}

/* The same for every way in which writing fails: an error, a count, nothing left, the older snapshots as they were. */
static void take_that_fails(const struct heap *heap, int opened, int error)
{
	struct build_options options = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
	struct seep_fault fault = {0};
	struct snapshot snapshot;
	uint64_t number, failed = load_relaxed(&heap->header->losses[SEEP_LOSS_SNAPSHOTS_FAILED]);
	int files = directory_count(test_directory, "");
	assert_false(snapshot_take(heap, opened, &options, true, &number, &fault));
	assert_int_equal(fault.error, error);
	assert_int_equal(load_relaxed(&heap->header->losses[SEEP_LOSS_SNAPSHOTS_FAILED]), failed + 1);
	assert_int_equal(directory_count(test_directory, ""), files);
	free(snapshot_load(test_directory, "000001.seep", &snapshot));
}

static void a_file_size_limit_brings_an_error_and_no_signal(void **state)
{
	(void)state;
	struct heap heap;
	struct build_options options = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
	struct seep_fault fault;
	struct rlimit before, small;
	uint64_t number;
	recording_make(&heap, test_directory, 512 << 10);
	work_of_20_sites(&heap, test_directory);
	int opened = open(test_directory, O_RDONLY | O_DIRECTORY);
	assert_true(snapshot_take(&heap, opened, &options, true, &number, &fault));
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){4096, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	take_that_fails(&heap, opened, EFBIG); /* SIGXFSZ would end this test */
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(snapshot_take(&heap, opened, &options, true, &number, &fault));
	close(opened);
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
	(void)state;
	static struct heap heap;
	struct build_options options = {.trigger = SEEP_TRIGGER_TIMER, .consumer = true};
	struct seep_fault fault;
	uint64_t number;
	char elsewhere[256];
	snprintf(elsewhere, sizeof elsewhere, "%s", test_directory);
	recording_make(&heap, test_directory, 512 << 10);
	work_of_20_sites(&heap, test_directory);
	snprintf(test_directory, sizeof test_directory, "%s", directory_make());
	if (mount("none", test_directory, "tmpfs", 0, "size=1m") != 0) {
		directory_remove(elsewhere);
		skip();
	}
	int opened = open(test_directory, O_RDONLY | O_DIRECTORY);
	assert_true(snapshot_take(&heap, opened, &options, true, &number, &fault));
	static char filler[4 << 10];
	int file = open(path_of("filler"), O_WRONLY | O_CREAT, 0600);
	while (write(file, filler, sizeof filler) > 0)
		;
	close(file);
	take_that_fails(&heap, opened, ENOSPC);
	unlink(path_of("filler"));
	assert_true(snapshot_take(&heap, opened, &options, true, &number, &fault));
	close(opened);
	umount(test_directory);
	directory_remove(elsewhere);
}

int main(void)
{
	alarm(1000); /* nothing here waits that long */
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_setup, directory_teardown)
	    TEST(a_snapshot_has_no_name_before_it_is_whole),
	    TEST(thinning_never_touches_files_of_others),
	    TEST(a_snapshot_with_a_section_more_is_thinned_as_others),
	    TEST(a_file_size_limit_brings_an_error_and_no_signal),
	    TEST(a_full_disk_leaves_nothing_behind),
	};
	return cmocka_run_group_tests_name("keeper_writing", tests, NULL, NULL);
}
