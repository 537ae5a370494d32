/* SPDX-License-Identifier: Apache-2.0 */
/* See program_maker.h. */
#include "support/program_maker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/program/descriptors.h"
#include "support/recording_maker.h"

static void *keeper_thread(void *argument)
{
	if (descriptors_leave(true))
		keeper_run(argument);
	return NULL;
}

/* A program's end waits for its keeper no longer than KEEPER_FINISH_NS; on a loaded machine that may be too short. */
static bool finished_at_last(struct keeper *keeper)
{
	return keeper_finish(keeper, 10 * KEEPER_FINISH_NS) == 0;
}

pid_t program_start(program_work *work, uint64_t interval_ns)
{
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t child = child_fork();
	if (child == 0) {
		static struct keeper keeper;
		struct heap heap;
		pthread_t thread;
		close(ready[0]);
		recording_make(&heap, test_directory, 512 << 10);
		heap.header->interval_ns = interval_ns;
		if (!keeper_prepare(&keeper, &heap, test_directory, true) ||
		    pthread_create(&thread, NULL, keeper_thread, &keeper) != 0)
			_exit(90);
		close(ready[1]);
		int result = work(&keeper);
		if (!result && !finished_at_last(&keeper))
			result = 91;
		if (!result)
			pthread_join(thread, NULL);
		_exit(result);
	}
	close(ready[1]);
	while (read(ready[0], &byte, 1) > 0)
		;
	close(ready[0]);
	return child;
}

int program_wait(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool snapshots_await(int count)
{
	for (int i = 0; i < 6000 && directory_count(test_directory, ".seep") < count; i++)
		usleep(10000);
	return directory_count(test_directory, ".seep") >= count;
}

const char *snapshot_last(void)
{
	static char name[32];
	snprintf(name, sizeof name, "%06u.seep", (unsigned)directory_count(test_directory, ".seep") % 1000000);
	return name;
}
