/* SPDX-License-Identifier: Apache-2.0 */
/* Proof of life of a heap file: it is held as long as anybody maps the file. Some heap files are dead, and some only
 * can't be seen. */
#include <fcntl.h>
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

#include <seep/keeper.h>

#include "keeper/base/atomics.h"
#include "keeper/files/life.h"
#include "keeper/program/namespace.h"
#include "keeper/program/owner.h"
#include "keeper/program/process.h"
#include "shim/recording/describe.h"
#include "support/recording_maker.h"

static int file_open_again(void)
{
	char path[300];
	snprintf(path, sizeof path, "%s/file", test_directory);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, 4096), 0);
	return file;
}

static void a_mapping_holds_it_until_its_process_is_killed(void **state)
{
	(void)state;
	int ready[2], look = file_open_again();
	char byte;
	if (!life_hold(look))
		skip();
	close(look);
	look = file_open_again();
	assert_true(life_is_unheld(look));
	assert_int_equal(pipe(ready), 0);
	pid_t child = child_fork();
	if (child == 0) {
		int file = file_open_again();
		bool held =
		    life_hold(file) && mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) != MAP_FAILED;
		close(file);
		_exit(held && write(ready[1], "x", 1) == 1 ? pause() : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_false(life_is_unheld(look));
	assert_false(life_claim(look));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(life_is_unheld(look));
	assert_true(life_claim(look));
	int other = file_open_again(); /* a single one */
	assert_false(life_claim(other));
	assert_false(life_hold(other));
	close(look);
	assert_true(life_claim(other));
	close(other);
}

static void what_is_abandoned_lives_only_where_it_is_seen(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	describe_process(&header);
	assert_true(life_goes_on(&header, true)); /* it has executed another program, say */
	header.start_ticks++;
	assert_false(life_goes_on(&header, true));
	header.start_ticks--;
	/* its number is somebody else's here, and its last sign of life is fresh */
	atomic_store(&header.pid_namespace, process_namespace() + 1);
	atomic_store(&header.alive_ns, header.start_ns);
	assert_false(life_goes_on(&header, true));
	if (!namespace_sees_all())
		assert_true(life_goes_on(&header, false));
}

static void a_run_that_goes_on_is_seen(void **state)
{
	(void)state;
	static struct seep_heap_header header;
	char name[64];
	describe_process(&header);
	assert_false(life_runner_goes_on(&header));
	seep_runner_name(name);
	life_runner_note(&header, name);
	assert_int_equal(header.runner_pid, getpid());
	assert_int_equal(header.runner_namespace, process_namespace());
	assert_true(life_runner_goes_on(&header));
	header.runner_start_ticks++; /* another process of that number */
	assert_false(life_runner_goes_on(&header));
	header.runner_namespace++;
	header.start_ns -= OWNER_FOREIGN_LIFE_NS;
	assert_false(life_runner_goes_on(&header));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_mapping_holds_it_until_its_process_is_killed, directory_setup,
					    directory_teardown),
	    cmocka_unit_test(what_is_abandoned_lives_only_where_it_is_seen),
	    cmocka_unit_test(a_run_that_goes_on_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
