/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program and composing its environment. What needs a terminal is in tests/e2e/test_run_status.sh. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/guard.h"
#include "run/launch.h"
#include "process/library.h"

static struct launch_result run(char **arguments)
{
	struct launch_result result;
	struct error error;

	launch_prepare(&result);
	launch_and_wait(arguments, environ, &(struct guard){0}, &result, &error);
	sigaction(SIGCHLD, &result.before.child_action, NULL);
	sigprocmask(SIG_SETMASK, &result.before.mask, NULL);
	return result;
}

static void the_exit_status_comes_back(void **state)
{
	(void)state;
	assert_int_equal(run((char *[]){"true", NULL}).status, 0);
	assert_int_equal(run((char *[]){"sh", "-c", "exit 42", NULL}).status, 42);
	assert_true(run((char *[]){"false", NULL}).started);
}

static void a_fatal_signal_is_128_and_its_number(void **state)
{
	(void)state;
	assert_int_equal(run((char *[]){"sh", "-c", "kill -KILL $$", NULL}).status, 128 + SIGKILL);
	assert_int_equal(run((char *[]){"sh", "-c", "kill -TERM $$", NULL}).status, 128 + SIGTERM);
}

static void what_cannot_be_executed_is_told_from_what_is_not_there(void **state)
{
	(void)state;
	struct launch_result missing = run((char *[]){"/nonexistent/program", NULL});
	struct launch_result directory = run((char *[]){"/usr", NULL});
	assert_false(missing.started);
	assert_int_equal(missing.status, LAUNCH_NOT_FOUND);
	assert_false(directory.started);
	assert_int_equal(directory.status, LAUNCH_CANNOT_EXECUTE);
}

static void an_ignored_child_signal_does_not_lose_the_status(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run((char *[]){"sh", "-c", "exit 5", NULL}).status, 5);
	signal(SIGCHLD, SIG_DFL);
}

static bool list_has(char **list, const char *entry)
{
	for (; *list; list++)
		if (strcmp(*list, entry) == 0)
			return true;
	return false;
}

static void the_environment_is_derived_by_name_and_by_prefix(void **state)
{
	char *add[] = {"LD_PRELOAD=new", "SEEP_RATE=1", NULL};
	const char *const drop[] = {"LD_PRELOAD", "SEEP_", NULL};

	(void)state;
	setenv("LD_PRELOAD_NOT", "stays", 1);
	setenv("SEEPAGE", "stays", 1);
	setenv("SEEP_RATE", "goes", 1);
	setenv("SEEP_OUTPUT", "goes", 1);
	char **derived = environment_derive(drop, add);
	assert_true(list_has(derived, "LD_PRELOAD_NOT=stays"));
	assert_true(list_has(derived, "SEEPAGE=stays"));
	assert_true(list_has(derived, "LD_PRELOAD=new"));
	assert_true(list_has(derived, "SEEP_RATE=1"));
	assert_false(list_has(derived, "SEEP_RATE=goes"));
	assert_false(list_has(derived, "SEEP_OUTPUT=goes"));
	free(derived);
	unsetenv("SEEP_RATE");
	unsetenv("SEEP_OUTPUT");
}

static void expect_preload(const char *wanted, const char *shim, const char *allocator, const char *before)
{
	char *list = library_join_preload(shim, allocator, before);

	if (wanted)
		assert_string_equal(list, wanted);
	else
		assert_null(list);
	free(list);
}

static void the_shim_is_preloaded_first_and_once(void **state)
{
	(void)state;
	expect_preload("LD_PRELOAD=/s/libseep.so", "/s/libseep.so", NULL, NULL);
	expect_preload("LD_PRELOAD=/s/libseep.so:/a.so", "/s/libseep.so", "/a.so", "");
	expect_preload("LD_PRELOAD=/s/libseep.so:/a.so:b.so:c.so", "/s/libseep.so", "/a.so", "b.so c.so");
	expect_preload("LD_PRELOAD=/s/libseep.so:b.so", "/s/libseep.so", NULL, "/old/libseep.so::b.so libseep.so");
	expect_preload(NULL, NULL, NULL, "/old/libseep.so");
	expect_preload("LD_PRELOAD=b.so", NULL, NULL, "b.so:/old/libseep.so");
	assert_true(library_preload_has_shim("b.so /x/libseep.so"));
	assert_false(library_preload_has_shim("/libseep.so.d/other.so"));
	assert_false(library_preload_has_shim(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_exit_status_comes_back),
	    cmocka_unit_test(a_fatal_signal_is_128_and_its_number),
	    cmocka_unit_test(what_cannot_be_executed_is_told_from_what_is_not_there),
	    cmocka_unit_test(an_ignored_child_signal_does_not_lose_the_status),
	    cmocka_unit_test(the_environment_is_derived_by_name_and_by_prefix),
	    cmocka_unit_test(the_shim_is_preloaded_first_and_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
