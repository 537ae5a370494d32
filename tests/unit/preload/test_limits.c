/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of memory: found in a made-up tree of control groups, and when a snapshot is due before one is reached. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/program/limits.h"
#include "keeper/loop/schedule.h"
#include "support/heap_maker.h"
#include "support/recording_maker.h"

#define SECOND UINT64_C(1000000000)
#define MEGA UINT64_C(1000000)

static char root[300], group[1024];
static bool version1;

/* The directory of our own group below the root, with `ups` names taken off its end. */
static void group_directory(char *path, size_t size, int ups)
{
	snprintf(path, size, "%s%s%s", root, version1 ? "/memory" : "", strcmp(group, "/") ? group : "");
	while (ups--)
		*strrchr(path, '/') = 0;
}

static void group_write(int ups, const char *name, const char *text)
{
	char path[2048];
	group_directory(path, sizeof path - 64, ups);
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	strcat(strcat(path, "/"), name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A tree under a fresh directory in which our own group is where /proc/self/cgroup says, or one below. */
static int setup(void **state)
{
	char text[4096];
	(void)state;
	snprintf(root, sizeof root, "%s", directory_make());
	assert_true(file_read_text("/proc/self/cgroup", text, sizeof text) > 0);
	assert_true(limits_group_path(text, "memory", &version1, group, sizeof group));
	if (!version1) {
		char path[400];
		snprintf(path, sizeof path, "%s/cgroup.controllers", root);
		fclose(fopen(path, "w"));
	}
	return 0;
}

static int teardown(void **state)
{
	char command[400];
	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", root);
	return system(command);
}

#define LIMIT_FILE (version1 ? "memory.limit_in_bytes" : "memory.max")
#define USED_FILE (version1 ? "memory.usage_in_bytes" : "memory.current")

static void nothing_is_near_where_there_is_no_limit(void **state)
{
	(void)state;
	struct heap heap;
	struct limits limits = {0};
	heap_make(&heap, 1, 0);
	limits_find(&limits, &heap, root);
	assert_int_equal(limits.group_count, 0);
	group_write(0, LIMIT_FILE, version1 ? "9223372036854771712\n" : "max\n");
	group_write(0, USED_FILE, "1000\n");
	limits_find(&limits, &heap, root);
	assert_int_equal(limits.group_count, 0);
	assert_true(limits_groups_left((uint64_t)getpid(), root) == LIMITS_NONE);
	limits.virtual_bytes = limits.data_bytes = LIMITS_NONE;
	assert_int_equal(limits_look(&limits, &heap).which, 0);
	assert_int_equal(load_relaxed(&heap.header->memory_known) >> SEEP_MEMORY_NEAREST & 1, 0);
	heap_unmake(&heap);
}

static void files_in_a_group_are_room(void **state)
{
	(void)state;
	struct heap heap;
	struct limits limits = {0};
	heap_make(&heap, 1, 0);
	heap.header->limit_headroom_percent = 10;
	group_write(0, LIMIT_FILE, "200000000\n");
	group_write(0, USED_FILE, "150000000\n");
	group_write(0, "memory.stat",
		    "inactive_file 60000000\nactive_file 20000000\ntotal_inactive_file 60000000\n"
		    "total_active_file 20000000\n");
	limits_find(&limits, &heap, root);
	limits.virtual_bytes = limits.data_bytes = LIMITS_NONE;
	assert_int_equal(limits.group_count, 1);
	assert_int_equal(load_relaxed(&heap.header->memory[SEEP_MEMORY_LIMIT]), 200000000);
	struct headroom room = limits_look(&limits, &heap);
	assert_int_equal(room.which, SEEP_MEMORY_LIMIT);
	assert_int_equal(room.threshold_bytes, 20000000);
	assert_int_equal(room.left_bytes, 50000000); /* far from it: the larger file is not read */
	group_write(0, USED_FILE, "195000000\n");
	room = limits_look(&limits, &heap);
	assert_int_equal(room.left_bytes, 85000000);
	assert_int_equal(load_relaxed(&heap.header->memory[SEEP_MEMORY_NEAREST_LEFT]), 85000000);
	group_write(0, "memory.stat", "inactive_file 0\nactive_file 1000000\ntotal_active_file 1000000\n");
	assert_int_equal(limits_look(&limits, &heap).left_bytes, 6000000);
	assert_int_equal(limits_groups_left((uint64_t)getpid(), root), 6000000);
	group_write(0, USED_FILE, "200100000\n");
	assert_int_equal(limits_look(&limits, &heap).left_bytes, 900000);
	heap_unmake(&heap);
}

static void the_nearest_limit_may_be_a_parents(void **state)
{
	(void)state;
	struct heap heap;
	struct limits limits = {0};
	if (!strcmp(group, "/"))
		skip();
	heap_make(&heap, 1, 0);
	heap.header->limit_headroom_bytes = 1000000;
	group_write(0, LIMIT_FILE, "100000000\n");
	group_write(0, USED_FILE, "30000000\n");
	group_write(1, LIMIT_FILE, "400000000\n");
	group_write(1, USED_FILE, "399500000\n");
	limits_find(&limits, &heap, root);
	limits.virtual_bytes = limits.data_bytes = LIMITS_NONE;
	assert_int_equal(limits.group_count, 2);
	struct headroom room = limits_look(&limits, &heap);
	assert_int_equal(room.limit_bytes, 400000000);
	assert_int_equal(room.left_bytes, 500000);
	assert_int_equal(room.threshold_bytes, 1000000);
	assert_int_equal(load_relaxed(&heap.header->memory[SEEP_MEMORY_LIMIT]), 100000000);
	assert_int_equal(limits_groups_left((uint64_t)getpid(), root), 500000);
	group_write(1, USED_FILE, "400000001\n");
	assert_int_equal(limits_groups_left((uint64_t)getpid(), root), 0);
	heap_unmake(&heap);
}

static void memory_high_counts_in_version_2(void **state)
{
	(void)state;
	struct heap heap;
	struct limits limits = {0};
	if (version1)
		skip();
	heap_make(&heap, 1, 0);
	group_write(0, "memory.max", "max\n");
	group_write(0, "memory.high", "70000000\n");
	limits_find(&limits, &heap, root);
	assert_int_equal(limits.groups[0].bytes, 70000000);
	group_write(0, "memory.current", "60000000\n");
	assert_int_equal(limits_groups_left((uint64_t)getpid(), root), 10000000);
	heap_unmake(&heap);
}

/* Sanitizers take terabytes. */
static uint64_t virtual_bytes(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu", &pages), 1);
	fclose(file);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void the_programs_own_limits_are_looked_at(void **state)
{
	(void)state;
	struct heap heap;
	struct limits limits = {0};
	heap_make(&heap, 1, 0);
	struct rlimit before, low = {.rlim_cur = virtual_bytes() + (UINT64_C(1) << 39)};
	heap.header->limit_headroom_percent = 10;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	low.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_AS, &low), 0);
	limits_find(&limits, &heap, root);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(limits.virtual_bytes, low.rlim_cur);
	struct headroom room = limits_look(&limits, &heap);
	assert_int_equal(room.which, SEEP_MEMORY_LIMIT_VIRTUAL);
	assert_in_range(room.left_bytes, UINT64_C(1) << 38, UINT64_C(1) << 39);
	limits.virtual_bytes = 1 << 20; /* below what we have */
	assert_int_equal(limits_look(&limits, &heap).left_bytes, 0);
	heap_unmake(&heap);
}

static void a_threshold_is_never_more_than_half_the_limit(void **state)
{
	(void)state;
	struct seep_heap_header header = {.limit_headroom_percent = 10};
	assert_int_equal(limits_threshold(&header, 1005), 100);
	assert_int_equal(limits_threshold(&header, UINT64_MAX), UINT64_MAX / 10);
	header.limit_headroom_percent = 80;
	assert_int_equal(limits_threshold(&header, 1000), 500);
	header = (struct seep_heap_header){.limit_headroom_bytes = 64 << 20};
	assert_int_equal(limits_threshold(&header, 1 << 30), 64 << 20);
	assert_int_equal(limits_threshold(&header, 10 << 20), 5 << 20);
}

struct played {
	unsigned looks, snapshots;
	double first_left; /* at the first snapshot */
};

/* A program with a limit of 200 MB, a threshold of 20 MB, and given bytes in use after given seconds; its keeper sleeps
 * as it is told. */
static struct played play(double (*use)(double), double seconds)
{
	struct schedule schedule = schedule_begin(1, 1, 0);
	struct played played = {.first_left = -1};
	uint64_t now = 1;
	while ((double)now < seconds * 1e9) {
		double in_use = use((double)now / 1e9);
		schedule_limits_due(&schedule, now);
		if (schedule_room_due(&schedule, now, in_use)) {
			double left = 200e6 - in_use;
			played.looks++;
			if (schedule_room_seen(&schedule, now, in_use, (uint64_t)(left > 0 ? left : 0), 20 * MEGA)) {
				played.first_left = played.snapshots++ ? played.first_left : left;
				schedule_limit_taken(&schedule, now + 3000000, false);
				now += 3000000;
			}
		}
		now += schedule_sleep(&schedule, now, in_use > 10e6, 4096, in_use) + 50000;
	}
	return played;
}

static double at_rest(double seconds)
{
	(void)seconds;
	return 100e6;
}

static double slow_leak(double seconds)
{
	return seconds * 1e6; /* full after 200 s */
}

static double fast_leak(double seconds)
{
	return seconds < 10 ? 20e6 : 20e6 + (seconds - 10) * 400e6; /* full in half a second */
}

static double lives_at_the_limit(double seconds)
{
	return 199e6 - 3e6 * ((uint64_t)(seconds * 10) % 2);
}

static double lives_at_the_threshold(double seconds)
{
	return 179e6 - 8e6 * ((uint64_t)(seconds * 1000) % 2);
}

static double swings(double seconds)
{
	return (uint64_t)seconds % 4 < 2 ? 50e6 : 195e6;
}

static void looks_are_few_and_snapshots_come_in_time(void **state)
{
	(void)state;
	struct played played = play(at_rest, 100);
	assert_int_equal(played.snapshots, 0);
	assert_in_range(played.looks, 95, 101);
	played = play(slow_leak, 200);
	assert_in_range(played.snapshots, 4, 6);
	assert_in_range((uint64_t)played.first_left, 18000000, 20000000);
	assert_in_range(played.looks, 190, 400);
	played = play(fast_leak, 10.45);
	assert_in_range(played.snapshots, 1, 1);
	assert_in_range((uint64_t)played.first_left, 10000000, 20000000);
	assert_in_range(played.looks, 11, 60);
}

static void who_lives_at_a_limit_has_few_snapshots(void **state)
{
	(void)state;
	struct played played = play(lives_at_the_limit, 3600);
	assert_in_range(played.snapshots, 1, 3);
	assert_in_range(played.looks, 3500, 3700);
	played = play(lives_at_the_threshold, 600);
	assert_in_range(played.snapshots, 0, 0);
	assert_in_range(played.looks, 600, 600 * 10);
	played = play(swings, 3600);
	assert_in_range(played.snapshots, 10, 20);
}

static void after_a_minute_with_room_the_next_is_soon(void **state)
{
	(void)state;
	struct schedule schedule = schedule_begin(SECOND, SECOND, 0);
	uint64_t now = SECOND;
	for (int i = 0; i < 12; i++) { /* up and down, as soon as may be */
		now = schedule.limit_ns + 1;
		assert_false(schedule_room_seen(&schedule, now, 0, 100 * MEGA, 20 * MEGA));
		assert_true(schedule_room_seen(&schedule, now + 1, 0, MEGA, 20 * MEGA));
		schedule_limit_taken(&schedule, now + 2, false);
	}
	assert_int_equal(schedule.limit_ns - now - 2, SCHEDULE_LIMIT_NS << SCHEDULE_LIMIT_DOUBLINGS);
	now = schedule.limit_ns + 1;
	schedule_room_seen(&schedule, now, 0, 100 * MEGA, 20 * MEGA);
	now += SCHEDULE_LIMIT_CALM_NS;
	schedule_room_seen(&schedule, now, 0, 100 * MEGA, 20 * MEGA);
	assert_true(schedule_room_seen(&schedule, now + 1, 0, MEGA, 20 * MEGA));
	schedule_limit_taken(&schedule, now + 1, false);
	assert_int_equal(schedule.limit_ns - now - 1, SCHEDULE_LIMIT_NS);
}

static void one_that_could_not_be_written_is_tried_again(void **state)
{
	(void)state;
	struct schedule schedule = schedule_begin(SECOND, SECOND, 0);
	assert_true(schedule_room_seen(&schedule, SECOND, 0, MEGA, 20 * MEGA));
	schedule_limit_taken(&schedule, SECOND, true);
	assert_false(schedule_room_seen(&schedule, 2 * SECOND, 0, MEGA, 20 * MEGA));
	assert_true(schedule_room_seen(&schedule, SECOND + SCHEDULE_RETRY_NS, 0, MEGA, 20 * MEGA));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_is_near_where_there_is_no_limit, setup, teardown),
	    cmocka_unit_test_setup_teardown(files_in_a_group_are_room, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_nearest_limit_may_be_a_parents, setup, teardown),
	    cmocka_unit_test_setup_teardown(memory_high_counts_in_version_2, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_programs_own_limits_are_looked_at, setup, teardown),
	    cmocka_unit_test(a_threshold_is_never_more_than_half_the_limit),
	    cmocka_unit_test(looks_are_few_and_snapshots_come_in_time),
	    cmocka_unit_test(who_lives_at_a_limit_has_few_snapshots),
	    cmocka_unit_test(after_a_minute_with_room_the_next_is_soon),
	    cmocka_unit_test(one_that_could_not_be_written_is_tried_again),
	};
	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
