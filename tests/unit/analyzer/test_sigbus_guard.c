/* SPDX-License-Identifier: Apache-2.0 */
/* files/sigbus_guard.h: a mapped file that somebody cuts reads as zeros, and a SIGBUS that somebody sends does what it does
 * without the guard. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "files/sigbus_guard.h"

enum { PAGE = 4096 };

/* A process's status after it has installed the guard over `before` (cmocka has a handler of its own) and run the function. */
static int status_after(void (*before)(int), int (*work)(void))
{
	int status;
	fflush(NULL);
	const pid_t child = fork();

	if (child == 0) {
		signal(SIGBUS, before);
		sigbus_guard_install();
		exit(work());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int read_behind_a_cut(void)
{
	enum { LAST = 2 * PAGE - 1 };
	char name[] = "/tmp/sigbus_guard.XXXXXX";
	const int file = mkstemp(name);

	unlink(name);
	if (pwrite(file, "x", 1, LAST) != 1)
		return 1;
	const volatile char *map = mmap(NULL, LAST + 1, PROT_READ, MAP_SHARED, file, 0);
	if (map == MAP_FAILED || map[LAST] != 'x' || ftruncate(file, PAGE) != 0)
		return 2;
	return map[LAST] != 0;
}

static void a_file_that_is_cut_reads_as_zeros(void **state)
{
	(void)state;
	assert_int_equal(status_after(SIG_DFL, read_behind_a_cut), 0);
}

static int raise_it(void)
{
	raise(SIGBUS);
	return 0;
}

static void a_signal_that_we_raise_ends_us(void **state)
{
	(void)state;
	const int status = status_after(SIG_DFL, raise_it);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

static void *stand_still(void *unused)
{
	sigset_t bus;

	(void)unused;
	sigemptyset(&bus);
	sigaddset(&bus, SIGBUS);
	pthread_sigmask(SIG_UNBLOCK, &bus, NULL);
	for (;;)
		pause();
	return NULL;
}

static int wait_for_it(void)
{
	pthread_t other;
	sigset_t bus;
	siginfo_t got;
	const union sigval value = {.sival_int = 42};

	sigemptyset(&bus);
	sigaddset(&bus, SIGBUS);
	pthread_sigmask(SIG_BLOCK, &bus, NULL);
	if (pthread_create(&other, NULL, stand_still, NULL) != 0 || pthread_sigqueue(other, SIGBUS, value) != 0)
		return 1; /* to the process it would be the main thread's at once, where that waits already */
	return sigwaitinfo(&bus, &got) != SIGBUS || got.si_value.sival_int != 42;
}

static void a_signal_that_another_thread_gets_is_the_main_threads(void **state)
{
	(void)state;
	assert_int_equal(status_after(SIG_DFL, wait_for_it), 0);
}

static void on_bus(int number)
{
	_exit(number == SIGBUS ? 5 : 6);
}

static void a_handler_that_is_there_stays(void **state)
{
	(void)state;
	const int status = status_after(on_bus, raise_it);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_that_is_cut_reads_as_zeros),
	    cmocka_unit_test(a_signal_that_we_raise_ends_us),
	    cmocka_unit_test(a_signal_that_another_thread_gets_is_the_main_threads),
	    cmocka_unit_test(a_handler_that_is_there_stays),
	};
	return cmocka_run_group_tests_name("sigbus_guard", tests, NULL, NULL);
}
