/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving a process: see join.h. */
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <seep/keeper.h>

#include "attach/join.h"
#include "attach/work.h"
#include "process/fault.h"
#include "process/locate.h"
#include "tracing/borrowed.h"
#include "tracing/filter.h"
#include "tracing/safe_point.h"

enum { RELEASE_TRIES = 20, RELEASE_NAP_MS = 1 };

/* Is any of the stopped threads in the recording's memory? */
static bool threads_are_out(const struct work *work)
{
	struct user_regs_struct registers;

	for (size_t i = 0; i < work->tracees.count; i++) {
		const struct tracee *tracee = &work->tracees.items[i];
		uint8_t users = 0;
		if (tracee->state != TRACEE_STOPPED || ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) != 0)
			continue;
		remote_read(&work->remote,
			    registers.fs_base + (uint64_t)work->join.thread_state + work->join.thread_users, &users, 1);
		if (users)
			return false;
	}
	return true;
}

/* Programs that it executes from now on are not preloaded. Copies of the list that the program has made point to the same
 * texts. */
static void environment_undo(struct work *work)
{
	struct seep_join *join = &work->join;
	uint64_t now = 0;

	if (!join->environ_at)
		return;
	memcpy(join->preload, join->preload_was, sizeof join->preload);
	for (char *at = join->environment, *end = at + sizeof join->environment; at < end && *at;) {
		size_t length = strnlen(at, (size_t)(end - at));
		char *equals = memchr(at, '=', length);
		if (equals)
			equals[1] = 0;
		at += length + 1;
	}
	if (remote_read(&work->remote, join->environ_at, &now, sizeof now) && now == join->environ_is)
		remote_write(&work->remote, join->environ_at, &join->environ_was, sizeof join->environ_was);
}

/* A thread that can be sent into a system call where it stands. */
static struct tracee *thread_choose(struct work *work)
{
	struct error ignored;

	for (size_t i = 0; i < work->tracees.count; i++) {
		struct tracee *tracee = &work->tracees.items[i];
		if (tracee->state == TRACEE_STOPPED && !safe_point_in_sequence(tracee) &&
		    (!work->confined ||
		     (thread_filters_allow(work->pid, tracee->tid, &ignored) && tracee_suspend_filters(tracee))))
			return tracee;
	}
	return NULL;
}

/* All are stopped, and none is in the recording's memory. The library forgets it first: should we end in between, it stays
 * mapped, and nobody takes for it what the program maps at its place. */
static void memory_unmap(struct work *work, struct borrowed *borrowed)
{
	const uint64_t nothing = 0;
	uint64_t area[BORROWED_ARGUMENTS] = {0};
	struct tracee *tracee = thread_choose(work);
	struct error ignored;
	int64_t result;

	borrowed->place = work->join.rescue;
	if (!tracee || !remote_read(&work->remote, work->join.memory, &area[0], sizeof area[0]) || !area[0] ||
	    !remote_read(&work->remote, work->join.memory_bytes, &area[1], sizeof area[1]) ||
	    !borrowed_begin(borrowed, tracee, &ignored))
		return;
	if (remote_write(&work->remote, work->join.memory, &nothing, sizeof nothing))
		borrowed_system(borrowed, SYS_munmap, area, &result, &ignored);
	borrowed_end(borrowed);
}

/* Once no thread is in the old recording any more, its memory goes; or when the next one begins, where no thread can do that
 * for us. The gate is shut: those that are in it come out within a moment. All are stopped before, and run afterwards. */
static bool memory_release(struct work *work, struct borrowed *borrowed)
{
	const uint64_t idle = 1;
	struct error ignored;
	bool out = threads_are_out(work), told = true;

	for (int i = 0; !out && i < RELEASE_TRIES; i++) {
		tracees_resume(&work->tracees);
		tracing_nap(RELEASE_NAP_MS);
		tracees_serve(&work->tracees);
		out = tracees_stop(&work->tracees, work->pause_ms, &ignored) && threads_are_out(work);
	}
	if (out) {
		told = remote_write(&work->remote, work->block + offsetof(struct seep_join, idle), &idle, sizeof idle);
		memory_unmap(work, borrowed);
	}
	tracees_resume(&work->tracees);
	return told;
}

static bool hooks_take_out(struct work *work, struct join_result *result, struct error *error)
{
	struct bindings bindings;
	struct borrowed borrowed;
	const uint32_t shut_word = SEEP_JOIN_GATE_SHUT;
	const bool yes = true;

	if (!borrowed_prepare(&borrowed, &work->remote, &work->loaded, &work->tracees, error) ||
	    !work_stop(work, &bindings, error))
		return false;
	result->slots = bindings_take_out(&bindings, &work->remote);
	bool restored = !work->table || area_take_out(&work->remote, work->table);
	work->join.state = SEEP_JOIN_LEFT;
	bool shut = remote_write(&work->remote, work->join.off, &yes, sizeof yes) &&
		    remote_write(&work->remote, work->join.gate, &shut_word, sizeof shut_word);
	environment_undo(work);
	remote_write(&work->remote, work->block, &work->join, sizeof work->join);
	bindings_free(&bindings);
	shut = shut && memory_release(work, &borrowed);
	return (shut && restored) || error_set(error, "%d: its memory can't be written", (int)work->pid);
}

static bool recording_leave(pid_t pid, double pause_ms, struct join_result *result, struct error *error)
{
	struct work work;

	if (!work_begin(&work, pid, pause_ms, error))
		return false;
	bool left = work_is_joined(&work) ? hooks_take_out(&work, result, error)
					  : error_set(error, "%d is not joined", (int)pid);
	work_end(&work, result);
	return left;
}

bool process_leave(pid_t pid, double pause_ms, struct join_result *result, struct error *error)
{
	struct seep_fault fault;
	struct error unknown;

	*result = (struct join_result){0};
	bool found = recording_locate(pid, result->directory, sizeof result->directory, &unknown);
	if (!recording_leave(pid, pause_ms, result, error))
		return false;
	if (!found)
		return error_set(error, "%d was left, but its recording is not to be found", (int)pid);
	return seep_recording_leave(result->directory, &fault) || error_set_fault(error, result->directory, &fault);
}
