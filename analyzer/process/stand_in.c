/* SPDX-License-Identifier: Apache-2.0 */
/* See stand_in.h. */
#include "process/stand_in.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "process/thread.h"

struct stand_in {
	pthread_t thread;
	seep_keeper_leave leave;
	char *directory;
};

static void *stand_in_run(void *argument)
{
	struct stand_in *stand_in = argument;
	struct seep_fault ignored; /* without one the request times out, and the command says so */

	thread_signals_block();
	seep_keeper_run(stand_in->directory, &stand_in->leave, NULL, &ignored);
	return NULL;
}

struct stand_in *stand_in_begin(const char *directory)
{
	struct stand_in *stand_in = memory_allocate(1, sizeof *stand_in);

	stand_in->directory = memory_copy_text(directory);
	if (thread_start(&stand_in->thread, stand_in_run, stand_in, false))
		return stand_in;
	free(stand_in->directory);
	free(stand_in);
	return NULL;
}

void stand_in_end(struct stand_in *stand_in)
{
	if (!stand_in)
		return;
	atomic_store(&stand_in->leave, true);
	seep_keeper_wake(stand_in->directory);
	pthread_join(stand_in->thread, NULL);
	free(stand_in->directory);
	free(stand_in);
}
