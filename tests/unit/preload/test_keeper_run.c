/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper at work, in processes of its own: timer, requests, the program's end, a directory that goes away. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "support/program_maker.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

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
		_exit(keeper_finish(&keeper, KEEPER_FINISH_NS) ? 91 : 0);
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
		if (!seep_snapshot_request(&view, 60 * SECOND, name, &fault))
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
	assert_false(seep_snapshot_request(&view, 60 * SECOND, name, &fault));
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
				all = seep_snapshot_request(&view, 60 * SECOND, name, &fault);
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
	for (int i = 0; i < 6000 && !seep_heap_open(&view, test_directory, true, &fault); i++)
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
	for (int i = 0; i < 6000 && directory_count(test_directory, ".seep") == 0; i++)
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
	for (int i = 0; i < 6000 && atomic_load(failed) < 2; i++)
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
	alarm(1000); /* nothing here waits that long */
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
	    TEST(nothing_is_lost_between_producers_keeper_and_snapshots),
	};
	return cmocka_run_group_tests_name("keeper_run", tests, NULL, NULL);
}
