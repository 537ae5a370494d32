/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper as a thread of the program: the program sees none of its descriptors, and it keeps no privilege of its own. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "shim/keeping/keeper_thread.h"
#include "support/program_maker.h"
#include "support/recording_maker.h"
#include "support/snapshot_parser.h"

#include <seep/process.h>

/* A program that relies on the lowest free descriptor, while its keeper writes as fast as it can. */
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
	for (int i = 0; i < 6000 && keepers_user() != user; i++)
		usleep(10000);
	return keepers_user() == user;
}

/* Uses raw system calls: libc's would also change the keeper, which is one of its threads in this test. */
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

static void finish_in_handler(int signal)
{
	(void)signal;
	keeper_thread_finish();
	_exit(0);
}

/* exit() in a handler: the end of a recording has only a signal handler's stack, and an unreadable page below it. */
static void a_recording_ends_on_a_small_stack_for_signals(void **state)
{
	(void)state;
	const pid_t child = child_fork();
	if (child == 0) {
		const size_t page = 4096, bytes = 8192;
		struct heap heap;
		char *memory = mmap(NULL, page + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		const stack_t stack = {.ss_sp = memory + page, .ss_size = bytes};
		const struct sigaction action = {.sa_handler = finish_in_handler, .sa_flags = SA_ONSTACK};
		recording_make(&heap, test_directory, 512 << 10);
		recording_allocate(&heap, 1, 100, 50, 0x10000);
		keeper_thread_prepare(&heap, test_directory);
		if (mprotect(memory + page, bytes, PROT_READ | PROT_WRITE) != 0 || sigaltstack(&stack, NULL) != 0 ||
		    sigaction(SIGUSR1, &action, NULL) != 0)
			_exit(90);
		raise(SIGUSR1);
		_exit(91);
	}
	assert_int_equal(program_wait(child), 0);
	assert_int_equal(directory_count(test_directory, ".seep"), 1);
}

int main(void)
{
	alarm(1000); /* nothing here waits that long */
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, directory_setup, directory_teardown)
	    TEST(the_keepers_descriptors_are_not_the_programs),
	    TEST(the_keeper_follows_a_program_that_drops_its_privileges),
	    TEST(a_recording_ends_on_a_small_stack_for_signals),
	};
	return cmocka_run_group_tests_name("keeper_in_target", tests, NULL, NULL);
}
