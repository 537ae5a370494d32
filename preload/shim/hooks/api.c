/* SPDX-License-Identifier: Apache-2.0 */
/* The public API of <seep/seep.h>. */
#include <seep/seep.h>

#include "shim/hooks/hook.h"
#include "shim/record/allocator_account.h"
#include "shim/record/labels.h"
#include "shim/recording/recording.h"
#include "shim/record/trigger.h"
#include "shim/sample/thread.h"

EXPORT int seep_snapshot(void);
EXPORT int seep_account(void);
EXPORT void seep_work(unsigned long long units);
EXPORT const char *seep_label(const char *text);

int seep_snapshot(void)
{
	return trigger_ask(SEEP_TRIGGER_API) ? 0 : -1;
}

int seep_account(void)
{
	int error = errno;
	const struct heap *heap = recording_heap();
	bool taken = heap && account_take(heap);
	errno = error;
	return taken ? 0 : -1;
}

void seep_work(unsigned long long units)
{
	thread_use();
	recording_count_work(units);
	thread_end_use();
}

const char *seep_label(const char *text)
{
	const uint8_t before = thread_state.label;
	thread_state.label = label_number(text);
	return label_text(before);
}
