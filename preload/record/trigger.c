/* SPDX-License-Identifier: Apache-2.0 */
/* The opt-in signal: its handler asks the keeper and returns. See trigger.h. */
#include "record/trigger.h"

#include <signal.h>
#include <stddef.h>

#include "base/atomics.h"
#include "base/syscall.h"
#include "record/recording.h"

static void ask(int signal)
{
	(void)signal;
	const struct heap *heap = recording_heap();
	if (!heap)
		return;
	store_relaxed(&heap->header->request_trigger, SEEP_TRIGGER_SIGNAL);
	add_release(&heap->header->requested, 1);
	add_release(&heap->header->wake, 1);
	system_futex_wake(&heap->header->wake, 1);
}

void trigger_prepare(int signal)
{
	struct sigaction action = {.sa_handler = ask, .sa_flags = SA_RESTART};
	struct sigaction before;
	if (!signal || sigaction(signal, NULL, &before) != 0 || before.sa_handler != SIG_DFL)
		return;
	sigaction(signal, &action, NULL);
}
