/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper at work, in processes of its own: timer, requests, the program's end, a directory that goes away. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/files/credentials.h"
#include "keeper/program/descriptors.h"
#include "keeper/loop/keeper.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

#include <seep/process.h>

#define SECOND UINT64_C(1000000000)

static void *keeper_thread(void *argument)
{
	if (descriptors_leave(true))
		keeper_run(argument);
	return NULL;
}

/* A program with a keeper thread. Runs `work`, then ends as `work` says: 0: with an exit snapshot; else at once. */
typedef int program_work(struct keeper *keeper);

static pid_t program_start(program_work *work, uint64_t interval_ns)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t child = child_fork();
	if (child == 0) {
		static struct keeper keeper;
		struct heap heap;
		pthread_t thread;
		close(ready[0]);
		recording_make(&heap, test_directory, 512 << 10);
		heap.header->interval_ns = interval_ns;
		if (!keeper_prepare(&keeper, &heap, test_directory, true) ||
		    pthread_create(&thread, NULL, keeper_thread, &keeper) != 0)
			_exit(90);
		close(ready[1]);
		int result = work(&keeper);
		if (!result && !keeper_finish(&keeper))
			result = 91;
		if (!result)
			pthread_join(thread, NULL);
		_exit(result);
	}
	close(ready[1]);
	while (read(ready[0], &byte, 1) > 0)
		;
	close(ready[0]);
	return child;
}

static int program_wait(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Waits until the directory holds as many snapshots. */
static bool snapshots_await(int count)
{
	for (int i = 0; i < 1000 && directory_count(test_directory, ".seep") < count; i++)
		usleep(10000);
	return directory_count(test_directory, ".seep") >= count;
}

/* The name of the snapshot of the highest number, where none was removed. */
static const char *snapshot_last(void)
{
	static char name[32];
	snprintf(name, sizeof name, "%06u.seep", (unsigned)directory_count(test_directory, ".seep") % 1000000);
	return name;
}

static int allocates_a_little(struct keeper *keeper)
{
	recording_allocate(&keeper->heap, 1, 100, 50, 0x10000);
	return 0;
}

static void the_exit_snapshot_holds_everything(void **state)
{
	(void)state;
	struct snapshot snapshot;
	assert_int_equal(program_wait(program_start(allocates_a_little, 0)), 0);
	/* on a busy machine the keeper may look before the program ends, and take the high-water mark */
	unsigned snapshots = (unsigned)directory_count(test_directory, ".seep");
	assert_in_range(snapshots, 1, 2);
	assert_int_equal(directory_count(test_directory, ""), 1 + snapshots);
	void *data = snapshot_load(test_directory, snapshot_last(), &snapshot);
	assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_EXIT);
	assert_int_equal(snapshot_site(&snapshot, 0x1001)->allocated.samples, 50);
	assert_int_equal(snapshot.live_count, 50);
	assert_true(snapshot.memory_known >> SEEP_MEMORY_RSS & 1);
	free(data);
}

static void without_a_thread_the_program_writes_it_itself(void **state)
{
	(void)state;
	struct snapshot snapshot;
	pid_t child = child_fork();
	if (child == 0) {
		static struct keeper keeper;
		struct heap heap;
		recording_make(&heap, test_directory, 512 << 10);
		if (!keeper_prepare(&keeper, &heap, test_directory, true))
			_exit(90);
		allocates_a_little(&keeper);
		_exit(keeper_finish(&keeper) ? 0 : 91);
	}
	assert_int_equal(program_wait(child), 0);
	free(snapshot_load(test_directory, "000001.seep", &snapshot));
}

static int waits_for_the_end(struct keeper *keeper)
{
	recording_allocate(&keeper->heap, 1, 100, 10, 0x10000); /* too little for a peak */
	while (directory_count(test_directory, ".go") == 0)
		usleep(5000);
	return 0;
}

static void let_it_end(void)
{
	char path[300];
	snprintf(path, sizeof path, "%s/now.go", test_directory);
	close(open(path, O_CREAT | O_WRONLY, 0600));
}

static void the_timer_writes_a_series(void **state)
{
	(void)state;
	struct snapshot first, second;
	pid_t child = program_start(waits_for_the_end, SECOND / 5);
	assert_true(snapshots_await(3));
	let_it_end();
	assert_int_equal(program_wait(child), 0);
	void *one = snapshot_load(test_directory, "000001.seep", &first);
	void *two = snapshot_load(test_directory, "000002.seep", &second);
	assert_int_equal(first.header->trigger, SEEP_TRIGGER_TIMER);
	assert_true(second.header->time_ns > first.header->time_ns);
	free(one);
	free(two);
}

static void a_request_is_answered_by_a_snapshot(void **state)
{
	(void)state;
	char name[32];
	struct seep_heap_view view;
	struct seep_heap_state heap_state;
	struct seep_fault fault = {0};
	struct snapshot snapshot;
	pid_t child = program_start(waits_for_the_end, 0);
	assert_true(seep_heap_open(&view, test_directory, true, &fault));
	assert_true(seep_heap_alive(&view));
	for (int i = 1; i <= 3; i++) {
		char expected[32];
		snprintf(expected, sizeof expected, "%06d.seep", i);
		if (!seep_snapshot_request(&view, 10 * SECOND, name, &fault))
			fail_msg("%s", fault.text);
		assert_string_equal(name, expected);
		void *data = snapshot_load(test_directory, name, &snapshot);
		assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_REQUEST);
		free(data);
	}
	seep_heap_state(&view, &heap_state);
	assert_int_equal(heap_state.keeper_pid, child);
	assert_false(heap_state.complete);
	let_it_end();
	assert_int_equal(program_wait(child), 0);
	assert_false(seep_snapshot_request(&view, 10 * SECOND, name, &fault));
	assert_int_equal(fault.error, ESRCH);
	seep_heap_close(&view);
}

static void requests_of_several_processes_are_all_answered(void **state)
{
	(void)state;
	enum { ASKING = 4 };
	pid_t children[ASKING], child = program_start(waits_for_the_end, 0);
	for (int i = 0; i < ASKING; i++) {
		children[i] = child_fork();
		if (children[i] == 0) {
			struct seep_heap_view view;
			struct seep_fault fault;
			char name[32];
			bool all = seep_heap_open(&view, test_directory, true, &fault);
			for (int j = 0; all && j < 5; j++)
				all = seep_snapshot_request(&view, 10 * SECOND, name, &fault);
			_exit(!all);
		}
	}
	for (int i = 0; i < ASKING; i++)
		assert_int_equal(program_wait(children[i]), 0);
	let_it_end();
	assert_int_equal(program_wait(child), 0);
	assert_in_range(directory_count(test_directory, ".seep"), 6, 21);
}

static int is_killed_soon(struct keeper *keeper)
{
	/* without a keeper that answers: its thread finds the lease taken */
	atomic_store(&keeper->heap.header->lease, (uint64_t)getpid());
	usleep(300000);
	raise(SIGKILL);
	return 1;
}

static void a_program_that_dies_meanwhile_is_noticed(void **state)
{
	(void)state;
	char name[32];
	struct seep_heap_view view;
	struct seep_fault fault = {0};
	pid_t child = child_fork();
	if (child == 0) {
		static struct keeper keeper;
		recording_make(&keeper.heap, test_directory, 512 << 10);
		is_killed_soon(&keeper);
	}
	for (int i = 0; i < 1000 && !seep_heap_open(&view, test_directory, true, &fault); i++)
		usleep(1000);
	assert_non_null(view.map);
	assert_false(seep_snapshot_request(&view, 30 * SECOND, name, &fault));
	assert_int_equal(fault.error, ESRCH);
	assert_int_equal(program_wait(child), 128 + SIGKILL);
	seep_heap_close(&view);
}

static void a_request_without_a_keeper_times_out(void **state)
{
	(void)state;
	struct heap heap;
	char name[32];
	struct seep_heap_view view;
	struct seep_fault fault = {0};
	recording_make(&heap, test_directory, 512 << 10);
	assert_true(seep_heap_open(&view, test_directory, true, &fault));
	assert_false(seep_snapshot_request(&view, SECOND / 10, name, &fault));
	assert_int_equal(fault.error, ETIMEDOUT);
	assert_non_null(strstr(fault.text, "no keeper"));
	seep_heap_close(&view);
	assert_true(seep_heap_open(&view, test_directory, false, &fault));
	assert_false(seep_snapshot_request(&view, SECOND / 10, name, &fault));
	assert_int_equal(fault.error, EBADF);
	seep_heap_close(&view);
}

static int outgrows_its_last_snapshot(struct keeper *keeper)
{
	recording_allocate(&keeper->heap, 1, 8 << 20, 30, 0x10000); /* certain samples */
	for (int i = 0; i < 500 && directory_count(test_directory, ".seep") == 0; i++)
		usleep(10000);
	recording_free(&keeper->heap, 30, 0x10000, 5);
	return 0;
}

static void a_new_high_water_mark_is_caught(void **state)
{
	(void)state;
	struct snapshot snapshot;
	assert_int_equal(program_wait(program_start(outgrows_its_last_snapshot, 0)), 0);
	void *data = snapshot_load(test_directory, "000001.seep", &snapshot);
	assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_PEAK);
	assert_in_range(snapshot.live_count, 1, 30); /* on a busy machine the keeper may look while they come */
	free(data);
	data = snapshot_load(test_directory, snapshot_last(), &snapshot);
	assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_EXIT);
	assert_int_equal(snapshot.live_count, 0);
	assert_int_equal(snapshot.memory[SEEP_MEMORY_IN_USE_PEAK], 240 << 20);
	free(data);
}

/* Its directory is replaced by another one of the same name. */
static int loses_its_directory(struct keeper *keeper)
{
	char moved[300];
	snprintf(moved, sizeof moved, "%s.moved", test_directory);
	if (rename(test_directory, moved) != 0 || mkdir(test_directory, 0700) != 0)
		return 1;
	seep_atomic64 *failed = &keeper->heap.header->losses[SEEP_LOSS_SNAPSHOTS_FAILED];
	for (int i = 0; i < 500 && atomic_load(failed) < 2; i++)
		usleep(10000);
	if (atomic_load(failed) < 2 || directory_count(test_directory, "") != 0)
		return 2;
	/* back again, and all is well */
	return rmdir(test_directory) != 0 || rename(moved, test_directory) != 0 ? 3 : 0;
}

static void a_directory_that_was_replaced_is_not_written_to(void **state)
{
	(void)state;
	struct snapshot snapshot;
	assert_int_equal(program_wait(program_start(loses_its_directory, SECOND / 20)), 0);
	assert_int_equal(directory_count(test_directory, ".tmp"), 0);
	char name[32];
	struct seep_fault fault;
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, name, &fault));
	void *data = snapshot_load(test_directory, name, &snapshot);
	assert_in_range(snapshot.losses[SEEP_LOSS_SNAPSHOTS_FAILED], 2, 500);
	free(data);
}

/* A program that counts on the lowest free descriptor, while its keeper writes as fast as it can. */
static int counts_on_descriptors(struct keeper *keeper)
{
	(void)keeper;
	for (int i = 0; i < 20000; i++) {
		close(0);
		if (open("/dev/null", O_RDONLY) != 0)
			return 1;
	}
	return 0;
}

static void the_keepers_descriptors_are_not_the_programs(void **state)
{
	(void)state;
	assert_int_equal(program_wait(program_start(counts_on_descriptors, 1000000)), 0);
	assert_true(directory_count(test_directory, ".seep") > 1);
}

/* Effective user of the process's other thread, the keeper's; -1: there is none. */
static long keepers_user(void)
{
	DIR *tasks = opendir("/proc/self/task");
	long user = -1;
	for (struct dirent *entry; (entry = readdir(tasks));) {
		uint32_t ids[4];
		int thread = atoi(entry->d_name);
		if (thread > 0 && thread != getpid() && seep_process_ids((uint64_t)thread, "Uid:", ids))
			user = ids[1];
	}
	closedir(tasks);
	return user;
}

static bool keepers_user_becomes(long user)
{
	for (int i = 0; i < 300 && keepers_user() != user; i++)
		usleep(10000);
	return keepers_user() == user;
}

/* By raw system calls, as libc's would take along the keeper, which is one of its threads in this test. */
static int drops_its_privileges(struct keeper *keeper)
{
	struct stat status;
	recording_allocate(&keeper->heap, 1, 100, 50, 0x10000);
	if (syscall(SYS_setresuid, -1, 65534, -1) != 0)
		return 1;
	usleep(1300000); /* for a moment only: it is followed by nobody */
	if (keepers_user() != 0 || syscall(SYS_setresuid, -1, 0, -1) != 0)
		return 2;
	if (syscall(SYS_setresgid, 65534, 65534, 65534) != 0 || syscall(SYS_setresuid, 65534, 65534, 65534) != 0)
		return 3;
	prctl(PR_SET_DUMPABLE, 1);
	if (!keepers_user_becomes(65534))
		return 4;
	if (prctl(PR_GET_DUMPABLE) != 1)
		return 5;
	return stat(test_directory, &status) == 0 && status.st_uid == 65534 ? 0 : 6;
}

static void the_keeper_follows_a_program_that_drops_its_privileges(void **state)
{
	(void)state;
	struct snapshot snapshot;
	struct stat status;
	char path[300];
	if (geteuid() != 0)
		skip();
	assert_int_equal(program_wait(program_start(drops_its_privileges, 0)), 0);
	snprintf(path, sizeof path, "%s/heap", test_directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_uid, 65534);
	snprintf(path, sizeof path, "%s/%s", test_directory, snapshot_last());
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_uid, 65534);
	void *data = snapshot_load(test_directory, snapshot_last(), &snapshot);
	assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_EXIT);
	free(data);
}

static seep_keeper_leave leave;

static void *outside_keeper(void *argument)
{
	struct seep_fault fault = {0};
	(void)argument;
	return seep_keeper_run(test_directory, &leave, &fault) ? NULL : "failed";
}

/* A program without a keeper of its own, that allocates and then waits to be told to kill itself. */
static pid_t program_without_keeper(int go[2])
{
	assert_int_equal(pipe(go), 0);
	pid_t child = child_fork();
	if (child == 0) {
		struct heap heap;
		char byte;
		recording_make(&heap, test_directory, 512 << 10);
		heap.header->interval_ns = SECOND / 10;
		recording_allocate(&heap, 1, 100, 70, 0x10000);
		while (read(go[0], &byte, 1) == 0)
			;
		raise(SIGKILL);
	}
	struct seep_heap_view view;
	struct seep_fault fault;
	for (int i = 0; i < 1000 && !seep_heap_open(&view, test_directory, false, &fault); i++)
		usleep(1000);
	struct seep_heap_header *header = view.map;
	assert_non_null(header);
	for (int i = 0; i < 1000 && load_acquire(&header->live_inserted) < 70; i++)
		usleep(1000);
	seep_heap_close(&view);
	return child;
}

static void an_outside_keeper_serves_until_the_program_ends(void **state)
{
	(void)state;
	char name[32];
	struct seep_fault fault = {0};
	struct snapshot snapshot;
	pthread_t thread;
	void *result;
	int go[2];
	pid_t child = program_without_keeper(go);
	atomic_store(&leave, false);
	assert_int_equal(pthread_create(&thread, NULL, outside_keeper, NULL), 0);
	assert_true(snapshots_await(2));
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(program_wait(child), 128 + SIGKILL);
	assert_int_equal(pthread_join(thread, &result), 0); /* it noticed */
	assert_null(result);
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, name, &fault));
	void *data = snapshot_load(test_directory, name, &snapshot);
	assert_int_equal(snapshot.header->trigger, SEEP_TRIGGER_EXIT);
	assert_int_equal(snapshot_site(&snapshot, 0x1001)->allocated.samples, 70);
	assert_int_equal(snapshot.losses[SEEP_LOSS_EVENTS_DOUBTED], 0);
	free(data);
	close(go[0]);
	close(go[1]);
}

/* Another took its lease because it had stood still: it waits, and goes on when that one is done. */
static void a_keeper_that_lost_its_lease_takes_it_again(void **state)
{
	(void)state;
	char name[32];
	struct seep_heap_view view;
	struct seep_fault fault = {0};
	pthread_t thread;
	int go[2];
	pid_t child = program_without_keeper(go);
	assert_true(seep_heap_open(&view, test_directory, true, &fault));
	struct seep_heap_header *header = view.map;
	atomic_store(&leave, false);
	assert_int_equal(pthread_create(&thread, NULL, outside_keeper, NULL), 0);
	assert_true(seep_snapshot_request(&view, 10 * SECOND, name, &fault));
	uint64_t ours = atomic_load(&header->lease), theirs = ((ours >> 32) + 1) << 32 | (uint32_t)getppid();
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	atomic_store(&header->lease_ns, (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec);
	assert_true(atomic_compare_exchange_strong(&header->lease, &ours, theirs));
	assert_false(seep_snapshot_request(&view, SECOND / 2, name, &fault));
	assert_int_equal(atomic_load(&header->lease), theirs);
	atomic_store(&header->lease, theirs >> 32 << 32);
	assert_true(seep_snapshot_request(&view, 10 * SECOND, name, &fault));
	assert_int_equal((uint32_t)atomic_load(&header->lease), getpid());
	atomic_store(&leave, true);
	seep_keeper_wake(test_directory);
	assert_int_equal(pthread_join(thread, NULL), 0);
	seep_heap_close(&view);
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(program_wait(child), 128 + SIGKILL);
}

static void an_outside_keeper_leaves_when_told_and_another_goes_on(void **state)
{
	(void)state;
	char name[32];
	struct seep_heap_view view;
	struct seep_fault fault = {0};
	pthread_t thread;
	int go[2];
	pid_t child = program_without_keeper(go);
	assert_true(seep_heap_open(&view, test_directory, true, &fault));
	for (int round = 0; round < 2; round++) {
		struct seep_heap_state heap_state;
		atomic_store(&leave, false);
		assert_int_equal(pthread_create(&thread, NULL, outside_keeper, NULL), 0);
		assert_true(seep_snapshot_request(&view, 10 * SECOND, name, &fault));
		seep_heap_state(&view, &heap_state);
		assert_int_equal(heap_state.keeper_pid, getpid());
		atomic_store(&leave, true);
		seep_keeper_wake(test_directory);
		assert_int_equal(pthread_join(thread, NULL), 0);
		seep_heap_state(&view, &heap_state);
		assert_int_equal(heap_state.keeper_pid, 0);
	}
	seep_heap_close(&view);
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(program_wait(child), 128 + SIGKILL);
	close(go[0]);
	close(go[1]);
}

static void *producer(void *argument)
{
	struct keeper *keeper = argument;
	static atomic_uint thread;
	uint64_t first = UINT64_C(0x10000000) * (atomic_fetch_add(&thread, 1) + 1);
	for (unsigned i = 0; i < 300; i++) {
		recording_allocate(&keeper->heap, i % 9, 64, 40, first);
		recording_free(&keeper->heap, 40, first, 1000);
	}
	recording_allocate(&keeper->heap, 3, 64, 10, first);
	return NULL;
}

static int produces_with_four_threads(struct keeper *keeper)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, producer, keeper);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static void nothing_is_lost_between_producers_keeper_and_snapshots(void **state)
{
	(void)state;
	struct snapshot snapshot;
	char name[32];
	struct seep_fault fault;
	assert_int_equal(program_wait(program_start(produces_with_four_threads, 5000000)), 0);
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, name, &fault));
	void *data = snapshot_load(test_directory, name, &snapshot);
	uint64_t allocated = 0, freed = 0, lifetimes = 0;
	for (uint64_t i = 0; i < snapshot.site_count; i++) {
		allocated += snapshot.sites[i].allocated.samples;
		freed += snapshot.sites[i].freed.samples;
	}
	for (uint64_t i = 0; i < snapshot.lifetime_count; i++)
		lifetimes += snapshot.lifetimes[i].samples;
	assert_int_equal(allocated, 4 * (300 * 40 + 10));
	assert_int_equal(freed, 4 * 300 * 40);
	assert_int_equal(lifetimes, freed);
	assert_int_equal(snapshot.live_count, 40);
	free(data);
}

int main(void)
{
	alarm(120); /* nothing here waits that long */
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_setup, directory_teardown)
	    TEST(the_exit_snapshot_holds_everything),
	    TEST(without_a_thread_the_program_writes_it_itself),
	    TEST(the_timer_writes_a_series),
	    TEST(a_request_is_answered_by_a_snapshot),
	    TEST(requests_of_several_processes_are_all_answered),
	    TEST(a_program_that_dies_meanwhile_is_noticed),
	    TEST(a_request_without_a_keeper_times_out),
	    TEST(a_new_high_water_mark_is_caught),
	    TEST(a_directory_that_was_replaced_is_not_written_to),
	    TEST(the_keepers_descriptors_are_not_the_programs),
	    TEST(the_keeper_follows_a_program_that_drops_its_privileges),
	    TEST(an_outside_keeper_serves_until_the_program_ends),
	    TEST(a_keeper_that_lost_its_lease_takes_it_again),
	    TEST(an_outside_keeper_leaves_when_told_and_another_goes_on),
	    TEST(nothing_is_lost_between_producers_keeper_and_snapshots),
	};
	return cmocka_run_group_tests_name("keeper_run", tests, NULL, NULL);
}
