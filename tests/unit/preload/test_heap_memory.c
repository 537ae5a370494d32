/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap files in memory: their areas grow ahead of need, a full tmpfs causes no SIGBUS, a link is followed only to where
 * we put it, and a complete one moves into its recording.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/live.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/stacks.h"
#include "keeper/files/heap_location.h"
#include "shim/recording/describe.h"
#include "keeper/files/heap_memory.h"
#include "support/recording_maker.h"

#define RATE (512 << 10)

static char directory[256];
static int parent = -1;

static int setup(void **state)
{
	(void)state;
	snprintf(directory, sizeof directory, "%s", directory_make());
	parent = open(directory, O_RDONLY | O_DIRECTORY);
	return parent < 0;
}

static int teardown(void **state)
{
	(void)state;
	heap_memory_remove(parent);
	close(parent);
	directory_remove(directory);
	return 0;
}

static void header_plan(struct seep_heap_header *header)
{
	memset(header, 0, sizeof *header);
	heap_header_begin(header, RATE);
	describe_process(header);
	area_plan(header, RATE, 0);
	area_plan_room(header, true);
	snprintf(header->directory, sizeof header->directory, "%s", directory);
	atomic_init(&header->phase, SEEP_HEAP_RECORDING);
}

static void file_bind(struct heap *heap, int file, const struct seep_heap_header *header)
{
	struct seep_fault fault;
	void *map = mmap(NULL, header->file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	memcpy(map, header, sizeof *header);
	assert_true(heap_bind(heap, map, header->file_bytes, &fault));
}

/* A heap file in /dev/shm, with a link to it from the directory. */
static void memory_make(struct heap *heap)
{
	static struct seep_heap_header header;
	header_plan(&header);
	int file = heap_memory_make(parent, &header);
	assert_true(file >= 0);
	file_bind(heap, file, &header);
	close(file);
}

static uint32_t new_site(const struct heap *heap, uintptr_t number)
{
	return stack_site(heap, (uintptr_t[]){0x10000 + number % 4096, 0x20000 + number / 4096, 0x3000}, 3, false);
}

static uint64_t loss(const struct heap *heap, enum seep_loss_key key)
{
	return load_relaxed(&heap->header->losses[key]);
}

static void little_memory_is_taken_at_first(void **state)
{
	(void)state;
	struct heap heap;
	struct stat status;
	memory_make(&heap);
	assert_int_equal(fstatat(parent, SEEP_HEAP_NAME, &status, 0), 0);
	assert_int_equal(status.st_size, heap.bytes);
	assert_in_range(status.st_blocks, 1, 2 * 1536); /* 512 bytes each: at most 1.5 MiB of 10 */
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	munmap(heap.header, heap.bytes);
}

/* A program that has closed its standard descriptors may write to them nevertheless. */
static void the_file_is_on_no_standard_descriptor(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	int kept[3], lowest, file;
	for (int i = 0; i < 3; i++) {
		kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	header_plan(&header);
	file = heap_memory_make(parent, &header);
	lowest = fcntl(parent, F_DUPFD, 0);
	close(lowest);
	for (int i = 0; i < 3; i++) {
		dup2(kept[i], i);
		close(kept[i]);
	}
	assert_int_equal(lowest, 0);
	assert_true(file > 2);
	close(file);
}

static void areas_end_at_their_room_where_nobody_may_grow_them(void **state)
{
	(void)state;
	struct heap heap;
	memory_make(&heap);
	uint32_t room = area_room(&heap, SEEP_AREA_SITES);
	assert_in_range(room, 2, heap.capacity[SEEP_AREA_SITES] - 1);
	for (uint32_t i = 1; i < room; i++)
		assert_int_not_equal(new_site(&heap, i), 0);
	assert_int_equal(new_site(&heap, 4000000), 0);
	assert_int_equal(loss(&heap, SEEP_LOSS_STACKS_FULL), 1);
	area_keep_ahead(&heap, area_populate, NULL); /* the keeper comes */
	assert_in_range(area_room(&heap, SEEP_AREA_SITES), 2 * room, heap.capacity[SEEP_AREA_SITES]);
	assert_int_not_equal(new_site(&heap, 4000000), 0);
	munmap(heap.header, heap.bytes);
}

static void the_program_grows_them_where_the_keeper_is_late(void **state)
{
	(void)state;
	struct heap heap;
	memory_make(&heap);
	store_relaxed(&heap.header->may_grow, UINT64_MAX);
	uint32_t capacity = heap.capacity[SEEP_AREA_SITES];
	for (uint32_t i = 1; i < capacity; i++)
		assert_int_not_equal(new_site(&heap, i), 0);
	assert_int_equal(new_site(&heap, 4000000), 0); /* now it is full indeed */
	assert_int_equal(area_room(&heap, SEEP_AREA_SITES), capacity);
	munmap(heap.header, heap.bytes);
}

static bool insert(const struct heap *heap, uint64_t number)
{
	struct live_entry entry = {.address = 0x7f0000000000 + number * 48, .size = 48, .birth_ns = 1};
	return live_insert(heap, &entry);
}

static void levels_of_the_live_table_come_as_they_are_needed(void **state)
{
	(void)state;
	struct heap heap;
	struct live_entry out;
	memory_make(&heap);
	uint32_t slots = heap.capacity[SEEP_AREA_LIVE0], inserted = 0;
	while (insert(&heap, inserted)) /* until a window of the one level is full */
		inserted++;
	assert_in_range(inserted, slots / 2, slots);
	assert_false(area_has_level(&heap, 1));
	area_keep_ahead(&heap, area_populate, NULL);
	assert_true(area_has_level(&heap, 1));
	for (; inserted < slots * 2; inserted++)
		assert_true(insert(&heap, inserted));
	assert_false(area_has_level(&heap, 2));
	area_keep_ahead(&heap, area_populate, NULL);
	assert_true(area_has_level(&heap, 2));
	for (uint64_t i = 0; i < inserted; i++)
		assert_true(live_remove(&heap, 0x7f0000000000 + i * 48, &out));
	assert_int_equal(load_relaxed(&heap.header->live_inserted), load_relaxed(&heap.header->live_removed));
	munmap(heap.header, heap.bytes);
}

static bool run_allocate(uint64_t offset, uint64_t bytes, void *context)
{
	return fallocate(*(int *)context, 0, (off_t)offset, (off_t)bytes) == 0;
}

static void a_full_memory_is_an_answer_and_no_signal(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	struct heap heap;
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", directory, "tmpfs", 0, "size=2m") != 0)
		skip();
	char path[300];
	snprintf(path, sizeof path, "%s/file", directory);
	int file = open(path, O_RDWR | O_CREAT, 0600);
	header_plan(&header);
	assert_int_equal(ftruncate(file, (off_t)header.file_bytes), 0);
	assert_true(area_visit_room(&header, run_allocate, &file));
	file_bind(&heap, file, &header);
	store_relaxed(&heap.header->may_grow, UINT64_MAX);
	uint32_t number = 1;
	while (new_site(&heap, number))
		number++;
	assert_in_range(number, 1024, heap.capacity[SEEP_AREA_SITES] - 1);
	assert_int_equal(loss(&heap, SEEP_LOSS_STACKS_FULL), 1);
	assert_int_equal(load_relaxed(&heap.header->may_grow), 0); /* asked once, and never again */
	for (number = 0; insert(&heap, number); number++)
		;
	assert_false(area_has_level(&heap, 2));
	area_keep_ahead(&heap, area_populate, NULL);
	munmap(heap.header, heap.bytes);
	close(file);
	assert_int_equal(umount(directory), 0);
}

static void a_complete_one_moves_into_its_recording(void **state)
{
	(void)state;
	struct heap heap;
	struct heap_location location;
	struct stat status;
	char said[300];
	memory_make(&heap);
	new_site(&heap, 5);
	store_relaxed(&heap.header->lease, 12345);
	int file = location_open(parent, O_RDONLY, &location);
	assert_true(file >= 0);
	close(file);
	assert_true(seep_heap_recording_of(location.path, said, sizeof said));
	assert_string_equal(said, directory);
	char *copy = malloc(heap.bytes);
	memcpy(copy, heap.header, heap.bytes);
	location_settle(parent, heap.header, heap.bytes);
	assert_int_equal(fstatat(parent, SEEP_HEAP_NAME, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	assert_int_equal(access(location.path, F_OK), -1);
	assert_int_equal(directory_count(directory, ""), 1);
	file = location_open(parent, O_RDONLY, &location);
	assert_string_equal(location.path, "");
	char *moved = mmap(NULL, heap.bytes, PROT_READ, MAP_PRIVATE, file, 0);
	assert_int_equal(((struct seep_heap_header *)(void *)moved)->lease, 0);
	memset(copy + offsetof(struct seep_heap_header, lease), 0, 8);
	assert_memory_equal(moved, copy, heap.bytes);
	munmap(moved, heap.bytes);
	close(file);
	free(copy);
	munmap(heap.header, heap.bytes);
}

static void expect_open(int error)
{
	int file = location_open(parent, O_RDWR, NULL);
	if (file >= 0)
		close(file);
	assert_int_equal(file, error);
}

static void link_to(const char *target)
{
	unlinkat(parent, SEEP_HEAP_NAME, 0);
	assert_int_equal(symlinkat(target, parent, SEEP_HEAP_NAME), 0);
}

static void no_other_link_is_followed(void **state)
{
	(void)state;
	struct heap heap;
	struct heap_location location;
	char path[200];
	memory_make(&heap);
	munmap(heap.header, heap.bytes);
	close(location_open(parent, O_RDONLY, &location));
	static const char *const elsewhere[] = {
	    "/etc/passwd",           "heap", "/dev/shm/seep.", "/dev/shm/seep.1/../../../etc/passwd", "/dev/shm/other",
	    "../dev/shm/seep.1.1.1", ""};
	for (size_t i = 0; *elsewhere[i]; i++) {
		link_to(elsewhere[i]);
		expect_open(-ELOOP);
	}
	link_to("/dev/shm/seep.0.0.0");
	expect_open(-ENXIO);
	snprintf(path, sizeof path, "%s.link", location.path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	link_to(path);
	expect_open(-ELOOP); /* a link to a link */
	unlink(path);
	assert_int_equal(link(location.path, path), 0);
	link_to(location.path);
	expect_open(-ELOOP); /* it has a second name */
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	link_to(path);
	expect_open(-ELOOP);
	unlink(path);
	link_to(location.path);
	if (geteuid() == 0) {
		assert_int_equal(chown(location.path, 1, 1), 0);
		expect_open(-ELOOP); /* somebody else's */
		assert_int_equal(chown(location.path, 0, 0), 0);
	}
	close(location_open(parent, O_RDONLY, &location));
	assert_string_not_equal(location.path, "");
}

static void a_removed_recordings_memory_is_forgotten(void **state)
{
	(void)state;
	struct heap heap;
	struct heap_location location;
	struct stat status;
	memory_make(&heap);
	munmap(heap.header, heap.bytes);
	close(location_open(parent, O_RDONLY, &location));
	assert_int_equal(stat(location.path, &status), 0);
	location_forget(&location, status.st_ino + 1); /* another file of that name */
	assert_int_equal(access(location.path, F_OK), 0);
	location_forget(&location, status.st_ino);
	assert_int_equal(access(location.path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static struct seep_heap_header header;
	const struct CMUnitTest tests[] = {
	    TEST(little_memory_is_taken_at_first),
	    TEST(the_file_is_on_no_standard_descriptor),
	    TEST(areas_end_at_their_room_where_nobody_may_grow_them),
	    TEST(the_program_grows_them_where_the_keeper_is_late),
	    TEST(levels_of_the_live_table_come_as_they_are_needed),
	    TEST(a_complete_one_moves_into_its_recording),
	    TEST(no_other_link_is_followed),
	    TEST(a_removed_recordings_memory_is_forgotten),
	    TEST(a_full_memory_is_an_answer_and_no_signal),
	};
	area_plan(&header, RATE, 0);
	if (!heap_memory_fits(&header, 0, UINT64_MAX)) { /* no tmpfs at /dev/shm, or a kernel before 5.14 */
		printf("1..1\nok 1 - heap files in memory # SKIP not to be had here\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
