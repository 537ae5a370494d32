/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's page: see gate.h. */
#include "record/gate.h"

#include <pthread.h>

#include "base/syscall.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

seep_atomic32 *gate_word;

/* The page's second word: 1 from the constructor on, so 0 in a forked copy. */
#define GATE_ORIGIN 1

static void close_in_child(void)
{
	store_relaxed(&gate_word[GATE_ORIGIN], 0);
	store_release(gate_word, GATE_CLOSED);
}

bool gate_is_in_forked_child(void)
{
	return load_relaxed(&gate_word[GATE_ORIGIN]) == 0;
}

bool gate_prepare(void)
{
	void *page = system_map(NULL, SEEP_HEAP_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (system_failed(page))
		return false;
	gate_word = page;
	store_relaxed(&gate_word[GATE_ORIGIN], 1);
	/* Before Linux 4.14 and under some emulators a fork handler has to do: it misses raw clone() alone. */
	if (system_advise(page, SEEP_HEAP_PAGE, MADV_WIPEONFORK) != 0 &&
	    pthread_atfork(NULL, NULL, close_in_child) != 0) {
		system_unmap(page, SEEP_HEAP_PAGE);
		gate_word = NULL;
		return false;
	}
	return true;
}
