/* SPDX-License-Identifier: Apache-2.0 */
/* doctor/check.h on a machine and on processes with which something is wrong. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor/check.h"
#include "support/sample_program.h"

static const struct finding *finding_of(const struct findings *findings, const char *id)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->items[i].id, id) == 0)
			return &findings->items[i];
	return NULL;
}

/* What is said of the shim where SEEP_LIBRARY names this file. */
static struct findings shim_findings(const char *library)
{
	struct findings findings = {0};

	setenv("SEEP_LIBRARY", library, 1);
	check_machine(&findings);
	unsetenv("SEEP_LIBRARY");
	assert_non_null(finding_of(&findings, "glibc"));
	return findings;
}

static void assert_shim_fault(const char *library, const char *text)
{
	struct findings findings = shim_findings(library);
	const struct finding *shim = finding_of(&findings, "shim");

	assert_non_null(shim);
	assert_int_equal(shim->severity, FINDING_FAULT);
	assert_non_null(strstr(shim->text, text));
	assert_true(findings_have_fault(&findings));
	assert_null(finding_of(&findings, "shim-for-others")); /* nothing is said of a file that will not do */
	findings_free(&findings);
	assert_int_equal(findings.count, 0);
}

/* The head of an ELF file for another processor: all that a shallow look needs. */
static void foreign_write(const char *path)
{
	shell("head -c 64 /proc/self/exe > %s && printf '\\x15\\x00' | dd of=%s bs=1 seek=18 conv=notrunc status=none",
	      path, path);
}

static void a_shim_that_will_not_do_is_a_fault(void **state)
{
	(void)state;
	assert_shim_fault("/no/such/file.so", "/no/such/file.so: No such file or directory");
	foreign_write("foreign.so");
	assert_shim_fault("foreign.so", "is built for");
}

static void a_shim_that_only_root_can_load_is_told_to_root(void **state)
{
	(void)state;
	shell("mkdir -m 700 closed && cp /proc/self/exe closed/shim.so");
	struct findings findings = shim_findings("closed/shim.so");
	assert_int_equal(finding_of(&findings, "shim")->severity, FINDING_FINE);
	assert_int_equal(finding_of(&findings, "shim-for-others") != NULL, geteuid() == 0);
	findings_free(&findings);
}

static void a_directory_without_room_is_warned_of(void **state)
{
	char *before = getcwd(NULL, 0);
	struct findings findings = {0};

	(void)state;
	assert_int_equal(chdir("/proc"), 0); /* has no room, and is writable for nobody */
	setenv("LD_PRELOAD", "/no/such\n.so", 1);
	check_machine(&findings);
	unsetenv("LD_PRELOAD");
	assert_int_equal(chdir(before), 0);
	assert_int_equal(finding_of(&findings, "room")->severity, FINDING_WARNING);
	assert_string_equal(finding_of(&findings, "preload")->text, "LD_PRELOAD is set already: /no/such\\x0a.so");
	findings_free(&findings);
	free(before);
}

/* What is said of a child that runs the function and then stays, or has ended. */
static struct findings child_findings(bool (*work)(void))
{
	struct findings findings = {0};
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	const pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (work())
			_exit(0);
		while (write(ready[1], "", 1) == 1)
			pause();
	}
	close(ready[1]);
	siginfo_t ended;
	if (read(ready[0], &byte, 1) == 0)
		assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
	check_process(child, &findings);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	return findings;
}

static bool end(void)
{
	return true;
}

/* Root's processes are as open to root as any other. */
static bool become_closed(void)
{
	const bool failed = geteuid() == 0 && setresuid(65534, 65534, 65534) != 0;

	prctl(PR_SET_DUMPABLE, 0);
	return failed;
}

static bool stay(void)
{
	return false;
}

static void processes_that_cannot_be_asked_are_told_apart(void **state)
{
	struct findings findings = {0};

	(void)state;
	check_process(4194305, &findings); /* above any pid_max */
	assert_string_equal(finding_of(&findings, "process")->text, "4194305: there is no such process");
	findings_free(&findings);
	findings = child_findings(end);
	assert_int_equal(findings.count, 1);
	assert_int_equal(finding_of(&findings, "ended")->severity, FINDING_FAULT);
	findings_free(&findings);
	findings = child_findings(become_closed);
	assert_int_equal(finding_of(&findings, "non-dumpable")->severity, FINDING_WARNING);
	assert_true(finding_of(&findings, "no-access") || geteuid() == 0);
	findings_free(&findings);
	findings = child_findings(stay);
	assert_null(finding_of(&findings, "non-dumpable"));
	assert_true(finding_of(&findings, "joinable") || finding_of(&findings, "not-preloaded"));
	findings_free(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_enter, scratch_leave)
	    TEST(a_shim_that_will_not_do_is_a_fault),
	    TEST(a_shim_that_only_root_can_load_is_told_to_root),
	    TEST(a_directory_without_room_is_warned_of),
	    TEST(processes_that_cannot_be_asked_are_told_apart),
	};
	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
