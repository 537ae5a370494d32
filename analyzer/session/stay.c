/* SPDX-License-Identifier: Apache-2.0 */
/* See stay.h. */
#include "session/stay.h"

#include <stdlib.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "session/background.h"
#include "session/hurry.h"
#include "session/names.h"
#include "process/thread.h"

static void *recording_stay(void *argument)
{
	static const seep_keeper_leave never;
	struct seep_fault fault;
	char name[32];
	const char *directory = argument;

	thread_signals_block();
	if (seep_keeper_run(directory, &never, &(struct seep_keeper_helper){.removal = names_keep_aside}, &fault))
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
