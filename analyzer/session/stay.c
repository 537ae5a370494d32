/* SPDX-License-Identifier: Apache-2.0 */
/* See stay.h. */
#include "session/stay.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "session/hurry.h"
#include "process/thread.h"

enum { DESCRIPTORS_OLD = 1024 /* where the kernel has no close_range() */ };

static void range_close(int first, int last)
{
	if (first > last || close_range((unsigned)first, (unsigned)last, 0) == 0)
		return;
	for (int descriptor = first; descriptor <= last && descriptor < DESCRIPTORS_OLD; descriptor++)
		close(descriptor);
}

void descriptors_close_but(int first, const int *kept, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		range_close(first, kept[i] - 1);
		first = kept[i] + 1;
	}
	range_close(first, INT32_MAX);
}

void background_enter(const int *kept, size_t count)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int descriptor = 0; null >= 0 && descriptor < 3; descriptor++)
		dup2(null, descriptor);
	descriptors_close_but(3, kept, count);
	if (chdir("/") != 0)
		return;
}

static int descriptor_compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

void background_enter_with(const struct session *session, int descriptor)
{
	int kept[] = {session->descriptor, descriptor, session->host};
	size_t count = session->host >= 0 ? 3 : 2;

	qsort(kept, count, sizeof kept[0], descriptor_compare);
	background_enter(kept, count);
}

static void *recording_stay(void *argument)
{
	static const seep_keeper_leave never;
	struct seep_fault fault;
	char name[32];
	const char *directory = argument;

	thread_signals_block();
	if (seep_keeper_run(directory, &never, &fault))
		seep_recording_finish(directory, SEEP_TRIGGER_EXIT, name, &fault);
	return NULL;
}

static size_t running_count(const struct session_results *results)
{
	size_t running = 0;

	for (size_t i = 0; i < results->count; i++)
		running += results->recordings[i].state == SESSION_RUNNING;
	return running;
}

void recordings_stay(const struct session_results *results)
{
	size_t started = 0;
	pthread_t *threads = memory_allocate(running_count(results) + 1, sizeof *threads);

	for (size_t i = 0; i < results->count; i++) {
		if (results->recordings[i].state == SESSION_RUNNING &&
		    thread_start(&threads[started], recording_stay, results->recordings[i].directory, false))
			started++;
	}
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

int keepers_stay(const struct session_results *results)
{
	if (!running_count(results))
		return 0;
	pid_t child = fork();
	if (child != 0)
		return child > 0 ? child : 0;
	background_enter(NULL, 0);
	hurry_forget();
	recordings_stay(results);
	_exit(0);
}
