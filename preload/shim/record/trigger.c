/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the keeper for a snapshot: see trigger.h. */
#include "shim/record/trigger.h"

#include <signal.h>
#include <stddef.h>

#include "keeper/loop/request.h"
#include "shim/recording/recording.h"
#include "shim/sample/thread.h"

bool trigger_ask(enum seep_trigger trigger)
{
	thread_use();
	const struct heap *heap = recording_heap();
	if (heap && recording_is_confined())
		request_post_silently(heap->header, trigger);
	else if (heap)
		request_post(heap->header, trigger);
	thread_end_use();
	return heap != NULL;
}

static void ask(int signal)
{
	(void)signal;
	trigger_ask(SEEP_TRIGGER_SIGNAL);
}

void trigger_prepare(int signal)
{
	struct sigaction action = {.sa_handler = ask, .sa_flags = SA_RESTART};
	struct sigaction before;
	if (!signal || sigaction(signal, NULL, &before) != 0 || before.sa_handler != SIG_DFL)
		return;
	sigaction(signal, &action, NULL);
}
