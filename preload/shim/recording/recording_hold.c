/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the program that need the keeper's thread away, or the heap file as it is: see recording.h. */
#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/area_growth.h"
#include "shim/keeping/keeper_thread.h"
#include "shim/recording/recording.h"
#include "shim/recording/recording_private.h"
#include "shim/sample/thread.h"

static _Atomic bool is_held;    /* a thread locks the program's memory; the next three are its own */
static struct heap *held;       /* the heap file that it holds */
static bool is_paused;          /* it has paused the keeper */
static uint64_t held_signals;   /* the signals that it had blocked before */
static uint64_t paused_signals; /* those of the thread that pauses the keeper alone */

void recording_forget_hold(void)
{
	is_paused = false;
	store_relaxed(&is_held, false);
}

/* A handler that jumped out before the keeper is back would leave it paused for good. */
bool recording_pause_keeper(void)
{
	if (!recording_at_liberty() || !keeper_thread_may_come())
		return false;
	uint64_t signals = system_block_signals(SIGNALS_BUT_FAULTS);
	if (keeper_thread_pause()) {
		paused_signals = signals;
		return true;
	}
	system_restore_signals(signals);
	return false;
}

void recording_resume_keeper(void)
{
	uint64_t signals = paused_signals;
	keeper_thread_resume();
	system_restore_signals(signals);
}

static void end_hold(void)
{
	if (is_paused)
		recording_resume_keeper();
	is_paused = false;
	store_release(&is_held, false);
}

/* A keeper's thread that could not leave might raise the room, and use it, while it can't be read. */
static bool hold(struct heap *heap)
{
	if (atomic_exchange(&is_held, true))
		return false;
	is_paused = recording_pause_keeper();
	if (is_paused ? !keeper_thread_is_there() : !keeper_thread_may_come()) {
		area_hold(heap);
		held = heap;
		return true;
	}
	end_hold();
	return false;
}

/* It is one use of the heap file, until it is let go: seep, which leaves the process meanwhile, waits for it. No handler
 * may jump out of it: the file's room would stay as it is for good. */
bool recording_hold(void)
{
	ENTRY_PLAIN_FLAGS;
	thread_use();
	struct heap *heap = recording_at_liberty();
	if (heap) {
		uint64_t signals = system_block_signals(SIGNALS_BUT_FAULTS);
		if (hold(heap)) {
			held_signals = signals;
			return true;
		}
		system_restore_signals(signals);
	}
	thread_end_use();
	return false;
}

bool recording_shed(void)
{
	if (is_paused || held->shed)
		return false;
	area_shed(held);
	return true;
}

void recording_limit_addresses(uint64_t bytes)
{
	ENTRY_PLAIN_FLAGS;
	if (!recording_hold())
		return;
	if (held->bytes > bytes / AREA_ADDRESS_SPACE_PART)
		recording_shed();
	recording_let_go();
}

void recording_let_go(void)
{
	ENTRY_PLAIN_FLAGS;
	uint64_t signals = held_signals;
	area_let_go(held);
	end_hold();
	thread_end_use();
	system_restore_signals(signals);
}
