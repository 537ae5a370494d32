/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving the program's descriptors, also if the kernel has no close_range (before Linux 5.9). */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/program/descriptors.h"

/* The next call with this number fails as on a kernel that does not know it. */
static void forget_call(unsigned number)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(77);
}

static int open_count(void)
{
	int count = 0;
	for (int i = 0; i < 3000; i++)
		count += fcntl(i, F_GETFD) >= 0;
	return count;
}

enum forgotten { NOTHING, CLOSE_RANGE, PROC_TOO, LIMITS_TOO };

struct leaver {
	enum forgotten forgotten;
	bool shared, left;
	int before, after;
};

static int leaver_run(void *argument)
{
	struct leaver *leaver = argument;
	const struct rlimit limit = {3000, 3000};
	setrlimit(RLIMIT_NOFILE, &limit); /* of this process alone; a number of a million takes a while */
	if (leaver->forgotten >= CLOSE_RANGE)
		forget_call(SYS_close_range);
	if (leaver->forgotten >= PROC_TOO)
		forget_call(SYS_openat);
	if (leaver->forgotten >= LIMITS_TOO)
		forget_call(SYS_prlimit64);
	leaver->before = open_count();
	leaver->left = descriptors_leave(leaver->shared);
	leaver->after = open_count();
	return 0;
}

/* In a process that shares memory and, if `shared`, descriptors with us. */
static struct leaver leave(enum forgotten forgotten, bool shared)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct leaver leaver = {.forgotten = forgotten, .shared = shared};
	int status;
	int child = clone(leaver_run, stack + sizeof stack, CLONE_VM | (shared ? CLONE_FILES : 0) | SIGCHLD, &leaver);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
	return leaver;
}

static int many_open(void **state)
{
	(void)state;
	for (int i = 0; i < 900; i++)
		if (dup(0) < 0)
			break;
	return 0;
}

static void by_one_call_where_there_is_one(void **state)
{
	(void)state;
	int before = open_count();
	struct leaver leaver = leave(NOTHING, true);
	assert_true(descriptors_can_be_left());
	assert_true(leaver.left);
	assert_int_equal(leaver.after, 0);
	assert_int_equal(open_count(), before);
}

static void a_shared_table_is_not_touched_where_it_cannot_be_left(void **state)
{
	(void)state;
	int before = open_count();
	struct leaver leaver = leave(CLOSE_RANGE, true);
	assert_false(leaver.left);
	assert_int_equal(leaver.after, before);
	assert_int_equal(open_count(), before);
}

static void copies_are_closed_one_by_one(void **state)
{
	(void)state;
	int before = open_count();
	struct leaver leaver = leave(CLOSE_RANGE, false);
	assert_true(leaver.left);
	assert_int_equal(leaver.before, before);
	assert_int_equal(leaver.after, 0);
	assert_int_equal(open_count(), before);
}

static void every_number_is_closed_where_no_list_can_be_read(void **state)
{
	(void)state;
	int before = open_count();
	struct leaver leaver = leave(PROC_TOO, false);
	assert_true(leaver.left);
	assert_int_equal(leaver.before, before);
	assert_int_equal(leaver.after, 0);
	assert_int_equal(open_count(), before);
}

static void what_cannot_be_closed_is_said(void **state)
{
	(void)state;
	assert_false(leave(LIMITS_TOO, false).left);
}

#define TEST(name) cmocka_unit_test(name)

#ifdef __SANITIZE_THREAD__
#define BARE_CLONE_WORKS false /* ThreadSanitizer needs a state for each thread, which a bare clone() does not have */
#else
#define BARE_CLONE_WORKS true
#endif

int main(void)
{
	if (!BARE_CLONE_WORKS) {
		puts("1..1\nok 1 - descriptors # SKIP ThreadSanitizer knows no thread of a bare clone()");
		return 0;
	}
	const struct CMUnitTest tests[] = {
	    TEST(by_one_call_where_there_is_one), TEST(a_shared_table_is_not_touched_where_it_cannot_be_left),
	    TEST(copies_are_closed_one_by_one),   TEST(every_number_is_closed_where_no_list_can_be_read),
	    TEST(what_cannot_be_closed_is_said),
	};
	return cmocka_run_group_tests_name("descriptors", tests, many_open, NULL);
}
