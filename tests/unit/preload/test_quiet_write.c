/* SPDX-License-Identifier: Apache-2.0 */
/* keeper/base/quiet_write.h: a write that fails sends nobody a signal, and signals of others stay theirs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/base/file.h"
#include "keeper/base/quiet_write.h"
#include "keeper/base/syscall.h"

#define LIMIT 4096

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught += number == SIGXFSZ;
}

static int file_without_a_name(void)
{
	char name[] = "/tmp/quiet_write.XXXXXX";
	const int file = mkstemp(name);
	assert_true(file >= 0);
	unlink(name);
	return file;
}

static bool is_pending(void)
{
	sigset_t pending;
	sigpending(&pending);
	return sigismember(&pending, SIGXFSZ) == 1;
}

/* Writes beyond the limit. */
static void write_too_much(int file)
{
	assert_int_equal(lseek(file, LIMIT, SEEK_SET), LIMIT);
	assert_int_equal(quiet_write(file, "more", 4), -EFBIG);
}

static void the_signal_of_a_write_of_ours_is_not_delivered(void **state)
{
	(void)state;
	const int file = file_without_a_name();
	assert_int_equal(quiet_write(file, "fits", 4), 4);
	write_too_much(file);
	assert_false(is_pending());
	assert_int_equal(caught, 0);
	assert_int_equal(file_size_limit(), LIMIT);
	assert_int_equal(file_size_check(LIMIT), 0);
	assert_int_equal(file_size_check(LIMIT + 1), -EFBIG);
	close(file);
}

static void a_signal_that_the_program_blocks_stays_pending(void **state)
{
	(void)state;
	const int file = file_without_a_name();
	const uint64_t before = system_block_signals(SIGNAL_BIT(SIGXFSZ));
	raise(SIGXFSZ);
	write_too_much(file);
	assert_true(is_pending());
	assert_int_equal(caught, 0);
	system_restore_signals(before);
	assert_int_equal(caught, 1);
	close(file);
}

static void a_signal_that_somebody_sends_meanwhile_arrives(void **state)
{
	(void)state;
	const struct quiet_write quiet = quiet_write_enter();
	const pid_t parent = getpid(), child = fork();
	if (child == 0)
		_exit(kill(parent, SIGXFSZ));
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(caught, 0);
	quiet_write_leave(&quiet);
	assert_int_equal(caught, 1);
}

static void a_pipe_that_nobody_reads_brings_an_error_and_no_signal(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(quiet_write(ends[1], "line", 4), -EPIPE); /* SIGPIPE would end this test */
	close(ends[1]);
}

static int limit_set(void **state)
{
	(void)state;
	const struct rlimit limit = {LIMIT, RLIM_INFINITY};
	struct sigaction action = {.sa_handler = on_signal};
	caught = 0;
	return setrlimit(RLIMIT_FSIZE, &limit) || sigaction(SIGXFSZ, &action, NULL);
}

static int limit_lift(void **state)
{
	(void)state;
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	return setrlimit(RLIMIT_FSIZE, &none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, limit_set, limit_lift)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_signal_of_a_write_of_ours_is_not_delivered),
	    TEST(a_signal_that_the_program_blocks_stays_pending),
	    TEST(a_signal_that_somebody_sends_meanwhile_arrives),
	    TEST(a_pipe_that_nobody_reads_brings_an_error_and_no_signal),
	};
	return cmocka_run_group_tests_name("quiet_write", tests, NULL, NULL);
}
