/* SPDX-License-Identifier: Apache-2.0 */
/* Thinning of a service's directory, whatever is in it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <seep/service.h>
#include <seep/snapshot.h>

#define S UINT64_C(1000000000)

static char store[] = "/tmp/seep-tidy.XXXXXX";

static char *path_of(const char *recording, const char *file)
{
	static char path[600];
	snprintf(path, sizeof path, "%s/%s%s%s", store, recording, *file ? "/" : "", file);
	return path;
}

/* As much of a snapshot as thinning reads. */
static void snapshot_write(const char *recording, uint64_t number, uint64_t age_s, uint32_t trigger, uint64_t offset)
{
	struct {
		struct seep_snapshot_header header;
		struct seep_section first;
		struct seep_process process;
	} file = {.header = {.number = number, .trigger = trigger},
		  .first = {.type = SEEP_SECTION_PROCESS, .offset = offset},
		  .process = {.pid = 1, .start_ns = 1}};
	char name[32];
	memcpy(file.header.magic, SEEP_SNAPSHOT_MAGIC, sizeof file.header.magic);
	file.process.start_unix_ns = ((uint64_t)time(NULL) - 100 * 86400) * S;
	file.header.time_ns = 1 + (100 * 86400 - age_s) * S;
	snprintf(name, sizeof name, "%06llu.seep", (unsigned long long)number);
	int to = open(path_of(recording, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(to >= 0);
	assert_int_equal(write(to, &file, sizeof file), sizeof file);
	close(to);
}

static void snapshot_add(const char *recording, uint64_t number, uint64_t age_s, uint32_t trigger)
{
	snapshot_write(recording, number, age_s, trigger,
		       sizeof(struct seep_snapshot_header) + sizeof(struct seep_section));
}

static struct seep_tidied tidy(uint64_t budget)
{
	struct seep_tidied tidied;
	struct seep_fault fault = {0};
	assert_true(seep_service_tidy(store, budget, &tidied, &fault));
	return tidied;
}

static bool is_there(const char *recording, const char *file)
{
	return access(path_of(recording, file), F_OK) == 0;
}

static int setup(void **state)
{
	(void)state;
	strcpy(strrchr(store, '.') + 1, "XXXXXX");
	if (!mkdtemp(store))
		return -1;
	close(open(path_of(".service", ""), O_WRONLY | O_CREAT, 0644));
	return 0;
}

static int teardown(void **state)
{
	char command[100];
	(void)state;
	snprintf(command, sizeof command, "rm -r %s", store);
	return system(command);
}

/* More snapshots and recordings than the first memory holds. */
static void thousands_of_snapshots_are_thinned(void **state)
{
	(void)state;
	mkdir(path_of("long", ""), 0700);
	for (uint64_t i = 1; i <= 3000; i++)
		snapshot_add("long", i, 10 * (3001 - i), i == 3000 ? SEEP_TRIGGER_EXIT : SEEP_TRIGGER_TIMER);
	mkdir(path_of("days", ""), 0700); /* a pause would count a day only */
	for (uint64_t i = 1; i <= 80; i++)
		snapshot_add("days", i, 43200 * (81 - i), SEEP_TRIGGER_TIMER);
	for (int i = 0; i < 700; i++) {
		char name[24];
		snprintf(name, sizeof name, "short.%d", i);
		mkdir(path_of(name, ""), 0700);
		snapshot_add(name, 1, 40 * 86400, SEEP_TRIGGER_EXIT);
	}
	struct seep_tidied tidied = tidy(0);
	assert_int_equal(tidied.recordings_removed, 700);
	assert_int_equal(tidied.recordings, 2);
	assert_in_range(tidied.snapshots, 60 + 50 + 40 + 60, 60 + 50 + 60 + 62);
	assert_true(is_there("long", "000001.seep") && is_there("long", "003000.seep"));
	assert_false(is_there("short.5", ""));
}

static void hostile_files_are_left_alone(void **state)
{
	char longest[256];
	(void)state;
	memset(longest, 'x', 255);
	longest[255] = 0;
	mkdir(path_of(longest, ""), 0700);
	snapshot_add(longest, 1, 40 * 86400, SEEP_TRIGGER_EXIT); /* its name has no room for a mark */
	mkdir(path_of("odd", ""), 0700);
	snapshot_write("odd", 1, 10, SEEP_TRIGGER_TIMER, UINT64_MAX - 4);
	snapshot_write("odd", 2, 10, SEEP_TRIGGER_TIMER, INT64_MAX);
	snapshot_add("odd", 3, UINT64_MAX / 2, UINT32_MAX);
	char from[600];
	snprintf(from, sizeof from, "%s", path_of("odd", "000003.seep"));
	assert_int_equal(rename(from, path_of("odd", "000009.seep")), 0);
	mkdir(path_of("odd", "000004.seep"), 0700);
	assert_int_equal(symlink("/etc/passwd", path_of("odd", "000005.seep")), 0);
	assert_int_equal(mkfifo(path_of("odd", "000006.seep"), 0600), 0);
	close(open(path_of("odd", "000007.seep"), O_WRONLY | O_CREAT, 0600));
	assert_int_equal(tidy(1).recordings_removed, 0);
	assert_true(is_there("odd", "000001.seep") && is_there("odd", "000009.seep") &&
		    is_there(longest, "000001.seep"));
}

static void the_lock_is_given_back_to_all(void **state)
{
	struct seep_tidied tidied;
	struct seep_fault fault = {0};
	(void)state;
	int other = open(path_of(".service", ""), O_RDWR);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_false(seep_service_tidy(store, 0, &tidied, &fault));
	assert_non_null(strstr(fault.text, "somebody is thinning it"));
	close(other);
	tidy(0);
	other = open(path_of(".service", ""), O_RDWR);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
}

static bool prepares(const char *where)
{
	struct seep_stores stores;
	char output[SEEP_STORE_BYTES];
	seep_stores_find(&stores, where, NULL, NULL);
	return seep_service_prepare(&stores, "web", output, sizeof output);
}

/* Two that were started by one command once refused each other's directory. */
static void two_begin_at_the_same_time(void **state)
{
	atomic_int *begun = mmap(NULL, sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)state;
	for (int i = 1; i <= 200; i++) {
		char where[600], number[16];
		int status;
		snprintf(number, sizeof number, "new.%d", i);
		snprintf(where, sizeof where, "%s", path_of(number, ""));
		pid_t other = fork();
		atomic_fetch_add(begun, 1);
		for (int wait = 0; wait < 1000000 && atomic_load(begun) < 2 * i; wait++)
			;
		bool prepared = prepares(where);
		if (other == 0)
			_exit(!prepared);
		assert_true(prepared);
		assert_int_equal(waitpid(other, &status, 0), other);
		assert_int_equal(status, 0);
	}
	munmap(begun, sizeof *begun);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(thousands_of_snapshots_are_thinned, setup, teardown),
	    cmocka_unit_test_setup_teardown(hostile_files_are_left_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_lock_is_given_back_to_all, setup, teardown),
	    cmocka_unit_test_setup_teardown(two_begin_at_the_same_time, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
