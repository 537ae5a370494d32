/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper in a process beside the program's: until the program ends, another has its lease, or it is told to leave. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/atomics.h"
#include "keeper/loop/keeper.h"
#include "support/program_maker.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

static seep_keeper_leave leave;

static void *outside_keeper(void *argument)
{
	struct seep_fault fault = {0};
	(void)argument;
	return seep_keeper_run(test_directory, &leave, NULL, &fault) ? NULL : "failed";
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
	for (int i = 0; i < 6000 && !seep_heap_open(&view, test_directory, false, &fault); i++)
		usleep(1000);
	struct seep_heap_header *header = view.map;
	assert_non_null(header);
	for (int i = 0; i < 6000 && load_acquire(&header->live_inserted) < 70; i++)
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
	assert_false(seep_heap_is_complete(test_directory));
	assert_true(seep_recording_finish(test_directory, SEEP_TRIGGER_EXIT, name, &fault));
	assert_true(seep_heap_is_complete(test_directory));
	assert_false(seep_heap_is_complete("/no/such/recording"));
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
	assert_true(seep_snapshot_request(&view, 60 * SECOND, name, &fault));
	uint64_t ours = atomic_load(&header->lease), theirs = ((ours >> 32) + 1) << 32 | (uint32_t)getppid();
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	atomic_store(&header->lease_ns, (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec);
	assert_true(atomic_compare_exchange_strong(&header->lease, &ours, theirs));
	assert_false(seep_snapshot_request(&view, SECOND / 2, name, &fault));
	assert_int_equal(atomic_load(&header->lease), theirs);
	atomic_store(&header->lease, theirs >> 32 << 32);
	assert_true(seep_snapshot_request(&view, 60 * SECOND, name, &fault));
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
		assert_true(seep_snapshot_request(&view, 60 * SECOND, name, &fault));
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

static void *keeper_apart(void *unused)
{
	(void)unused;
	keeper_run_apart(test_directory);
	return NULL;
}

/* It watches the program, too, and finishes the recording after it. */
static void a_keeper_apart_finishes_the_recording(void **state)
{
	(void)state;
	struct seep_fault fault = {0};
	pthread_t thread;
	int go[2];
	pid_t child = program_without_keeper(go);
	assert_int_equal(pthread_create(&thread, NULL, keeper_apart, NULL), 0);
	assert_true(snapshots_await(1));
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(program_wait(child), 128 + SIGKILL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(seep_heap_is_complete(test_directory));
	const int snapshots = directory_count(test_directory, ".seep");
	keeper_run_apart(test_directory); /* one that comes too late writes nothing */
	assert_int_equal(directory_count(test_directory, ".seep"), snapshots);
	assert_false(seep_keeper_run("/no/such/recording", &leave, NULL, &fault));
	close(go[0]);
	close(go[1]);
}

static void a_recording_that_is_left_has_its_last_snapshot(void **state)
{
	(void)state;
	struct seep_fault fault = {0};
	int go[2];
	pid_t child = program_without_keeper(go);
	assert_true(seep_recording_leave(test_directory, &fault));
	assert_true(seep_heap_is_complete(test_directory));
	assert_int_equal(directory_count(test_directory, ".seep"), 1);
	assert_false(seep_recording_leave("/no/such/recording", &fault));
	seep_keeper_wake("/no/such/recording"); /* wakes nobody */
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(program_wait(child), 128 + SIGKILL);
	close(go[0]);
	close(go[1]);
}

int main(void)
{
	alarm(1000); /* nothing here waits that long */
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_setup, directory_teardown)
	    TEST(an_outside_keeper_serves_until_the_program_ends),
	    TEST(a_keeper_that_lost_its_lease_takes_it_again),
	    TEST(an_outside_keeper_leaves_when_told_and_another_goes_on),
	    TEST(a_keeper_apart_finishes_the_recording),
	    TEST(a_recording_that_is_left_has_its_last_snapshot),
	};
	return cmocka_run_group_tests_name("keeper_outside", tests, NULL, NULL);
}
