/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For a process that was running already. `seep attach` loads this library by
 * dlopen() in a thread that it has borrowed, calls seep_join_begin() there, and
 * then puts our hooks into the modules' tables from outside. When it leaves, it
 * takes them out and shuts the gate; the library stays, idle, and the same
 * function begins anew.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/clone.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/descriptors.h"
#include "shim/host/joined.h"
#include "shim/hooks/lifecycle.h"
#include "shim/hooks/hook.h"
#include "shim/record/trigger.h"
#include "shim/recording/apart.h"
#include "shim/recording/gate.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"
#include "shim/sample/stack_window.h"
#include "shim/sample/thread.h"

EXPORT bool seep_join_begin(void);

_Static_assert(SEEP_JOIN_GATE_SHUT == GATE_OFF, "seep shuts the gate from outside");

#define OPTIONS 32
#define STACK_BYTES (128u << 10)
#define RESCUE_BYTES (24u << 10) /* a frame with the vector state of any processor */

void join_load(void)
{
	seep_join.thread_state = (int64_t)((uintptr_t)&thread_state - (uintptr_t)__builtin_thread_pointer());
	seep_join.thread_bytes = sizeof thread_state;
	seep_join.thread_users = offsetof(struct thread_state, users);
	__atomic_store_n(&seep_join.state, SEEP_JOIN_LOADED, __ATOMIC_RELEASE);
}

/* The options that seep has left for us, as a list such as an environment is. */
static void options_list(char *list[OPTIONS + 1])
{
	char *at = seep_join.environment, *end = at + sizeof seep_join.environment - 1;
	size_t count = 0;
	*end = 0;
	for (; count < OPTIONS && at < end && *at; at += strlen(at) + 1)
		list[count++] = at;
	list[count] = NULL;
}

static bool again; /* an earlier recording is over */
static char rescue_room[RESCUE_BYTES];

static void recording_make(void)
{
	if (again)
		recording_prepare_again(seep_join.idle != 0);
	seep_join.idle = 0;
	if (seep_join.confined)
		recording_confine(); /* begins it */
	const struct heap *heap = recording_heap_or_begin();
	struct text text = text_begin(seep_join.directory, sizeof seep_join.directory);
	text_add(&text, heap ? recording_directory() : "");
	__atomic_store_n(&seep_join.state, heap ? SEEP_JOIN_RECORDING : SEEP_JOIN_REFUSED, __ATOMIC_RELEASE);
}

/* On the new stack; never returns. */
static __attribute__((noreturn)) void maker_main(void *memory)
{
	if (descriptors_leave(true))
		recording_make();
	else
		__atomic_store_n(&seep_join.state, SEEP_JOIN_REFUSED, __ATOMIC_RELEASE);
	system_exit_from(memory, STACK_BYTES + apart_tls_bytes() + THREAD_BLOCK_BYTES);
}

/* Making the recording's files takes a while, and the borrowed thread may be the only one that the program has. So a
 * thread of ours makes them: it has descriptors of its own, and neither the program nor the C library knows of it.
 * False: no thread can be made. */
static bool maker_start(void)
{
	const size_t bytes = STACK_BYTES + apart_tls_bytes() + THREAD_BLOCK_BYTES;
	if (!descriptors_can_be_left())
		return false;
	char *memory =
	    system_map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (system_failed(memory))
		return false;
	if (system_begin_thread(memory, STACK_BYTES, apart_tls_bytes(), true, maker_main, memory) > 0)
		return true;
	system_unmap(memory, bytes);
	return false;
}

/* False: a seep that was killed has begun already, and a thread of ours may still be making the recording. A child that was forked
 * meanwhile has no such thread. */
static bool begin_claim(void)
{
	static _Atomic uint32_t era;
	uint32_t state = __atomic_load_n(&seep_join.state, __ATOMIC_ACQUIRE);
	do {
		if (state == SEEP_JOIN_BEGINS && load_relaxed(&era) == gate_era())
			return false;
		store_relaxed(&era, gate_era());
	} while (!__atomic_compare_exchange_n(&seep_join.state, &state, SEEP_JOIN_BEGINS, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	return true;
}

/* False: somebody else has begun. */
bool seep_join_begin(void)
{
	char *options[OPTIONS + 1];
	int error = errno;
	if (!begin_claim())
		return false;
	options_list(options);
	recording_setup.loaded_ns = clock_read_ns(CLOCK_MONOTONIC);
	char ***variables = host_environ();
	recorder_prepare(options, variables ? *variables : NULL, false);
	stack_window_note_wanted(0, UINTPTR_MAX); /* whatever the program has asked for before */
	recording_setup.status |= SEEP_STATUS_JOINED;
	again = recording_is_prepared();
	if (!again)
		recording_prepare();
	trigger_prepare(recording_setup.options.signal);
	seep_join.environ_at = 0;
	if (recording_setup.options.follow && !seep_join.confined)
		environment_follow(options);
	seep_join.gate = (uintptr_t)gate_word;
	seep_join.off = (uintptr_t)&recording_setup.options.off;
	recording_tell_memory(&seep_join);
	seep_join.rescue = (uintptr_t)rescue_room;
	seep_join.rescue_bytes = sizeof rescue_room;
	if (seep_join.confined || !maker_start())
		recording_make();
	errno = error;
	return true;
}
