/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of a run: a line that a process appends is a claim, and is treated as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/session.h"

static void append(const struct session *session, const char *text)
{
	FILE *registry = fopen(session->registry, "a");

	assert_non_null(registry);
	fputs(text, registry);
	fclose(registry);
}

static void the_registry_is_private_and_goes_away(void **state)
{
	struct session session;
	struct error error;
	struct stat status;

	(void)state;
	assert_true(session_open(&session, "none", &error));
	assert_int_equal(stat(session.directory, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat(session.registry, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	char directory[sizeof session.directory];
	strcpy(directory, session.directory);
	session_close(&session);
	assert_int_not_equal(access(directory, F_OK), 0);
	session_close(&session); /* once more does no harm */
}

static void a_place_that_takes_nothing_is_passed_over(void **state)
{
	struct session session;
	struct error error;

	(void)state;
	setenv("TMPDIR", "/nonexistent", 1);
	assert_true(session_open(&session, "none", &error));
	assert_null(strstr(session.registry, "/nonexistent"));
	session_close(&session);
	unsetenv("TMPDIR");
}

static void a_recording_that_is_not_there_is_broken_and_listed_once(void **state)
{
	struct session session;
	struct session_results results;
	struct error error;

	(void)state;
	assert_true(session_open(&session, "none", &error));
	append(&session, "/nonexistent/recording\n/nonexistent/recording\n");
	session_finish(&session, &results);
	assert_int_equal(results.count, 1);
	assert_int_equal(results.recordings[0].state, SESSION_BROKEN);
	assert_non_null(strstr(results.recordings[0].fault.text, "/nonexistent/recording/heap: "));
	session_results_free(&results);
	session_close(&session);
}

static void lines_that_are_no_paths_are_left_out(void **state)
{
	struct session session;
	struct session_results results;
	struct error error;

	(void)state;
	assert_true(session_open(&session, "none", &error));
	append(&session, "relative/path\n\n\n!\nnoise\n");
	session_finish(&session, &results);
	assert_int_equal(results.count, 0);
	assert_int_equal(results.note_count, 0);
	session_results_free(&results);
	session_close(&session);
}

static void equal_notes_are_counted_and_made_safe_to_print(void **state)
{
	struct session session;
	struct session_results results;
	struct error error;

	(void)state;
	assert_true(session_open(&session, "none", &error));
	append(&session, "! bypassed: /usr/bin/x\n! other \033[31m\n! bypassed: /usr/bin/x\n");
	session_finish(&session, &results);
	assert_int_equal(results.note_count, 2);
	assert_string_equal(results.notes[0].text, "bypassed: /usr/bin/x");
	assert_int_equal(results.notes[0].processes, 2);
	assert_null(strchr(results.notes[1].text, '\033'));
	session_results_free(&results);
	session_close(&session);
}

static void a_line_holds_any_name(void **state)
{
	char text[] = "/a\\nb\\\\n\\x\\\n/plain\n\nnever whole", line[SESSION_LINE_BYTES];
	FILE *registry = fmemopen(text, strlen(text), "r");

	(void)state;
	assert_true(session_line_next(registry, line));
	assert_string_equal(line, "/a\nb\\n\\x\\");
	assert_true(session_line_next(registry, line));
	assert_string_equal(line, "/plain");
	assert_true(session_line_next(registry, line));
	assert_string_equal(line, "");
	assert_false(session_line_next(registry, line));
	fclose(registry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_registry_is_private_and_goes_away),
	    cmocka_unit_test(a_place_that_takes_nothing_is_passed_over),
	    cmocka_unit_test(a_recording_that_is_not_there_is_broken_and_listed_once),
	    cmocka_unit_test(lines_that_are_no_paths_are_left_out),
	    cmocka_unit_test(a_line_holds_any_name),
	    cmocka_unit_test(equal_notes_are_counted_and_made_safe_to_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
