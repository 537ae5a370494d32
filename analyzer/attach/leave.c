/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving a process: see join.h. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <seep/keeper.h>

#include "attach/join.h"
#include "attach/work.h"
#include "base/memory.h"
#include "process/fault.h"
#include "process/inspect.h"
#include "process/locate.h"
#include "tracing/borrowed.h"
#include "tracing/environment.h"
#include "tracing/filter.h"
#include "tracing/safe_point.h"

enum { RELEASE_WITHIN_MS = 10000, RELEASE_NAP_MS = 1 };

/* Finds where each stopped thread notes that it is in the recording's memory: an address for each of those that are.
 * False: a thread has yet to return through the frame that an earlier seep, which was killed, has left behind. */
static bool threads_inside(const struct work *work, uint64_t *inside, size_t *count)
{
	const struct seep_join *join = &work->join;
	struct user_regs_struct registers;

	*count = 0;
	for (size_t i = 0; i < work->tracees.count; i++) {
		const struct tracee *tracee = &work->tracees.items[i];
		uint8_t users = 0;
		if (tracee->state != TRACEE_STOPPED || ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) != 0)
			continue;
		if (registers.rsp >= join->rescue && registers.rsp < join->rescue + join->rescue_bytes)
			return false;
		uint64_t at = registers.fs_base + (uint64_t)join->thread_state + join->thread_users;
		if (remote_read(&work->remote, at, &users, 1) && users)
			inside[(*count)++] = at;
	}
	return true;
}

/* Waits for these threads. The gate is shut, so a thread that was seen outside once stays outside, and those inside
 * come out as soon as they get a processor. Nobody stops them for that. */
static bool threads_await(struct work *work, const uint64_t *inside, size_t count)
{
	const double until_ms = tracing_now_ms() + RELEASE_WITHIN_MS;
	uint8_t users;

	while (count > 0) {
		if (!remote_read(&work->remote, inside[count - 1], &users, 1) || !users) {
			count--;
			continue;
		}
		if (tracing_now_ms() >= until_ms)
			return false;
		tracees_serve(&work->tracees);
		tracing_nap(RELEASE_NAP_MS);
	}
	return true;
}

/* Whether the thread may be sent into a system call where it stands. */
static bool thread_is_fit(const struct work *work, const struct tracee *tracee)
{
	struct error ignored;

	return !safe_point_in_sequence(tracee) &&
	       (!thread_is_confined(work->pid, tracee->tid) ||
		(thread_filters_allow(work->pid, tracee->tid, &ignored) && tracee_suspend_filters(tracee)));
}

/* A stopped thread unmaps the memory; no thread is in it. The library forgets the memory first: if we end in between,
 * it stays mapped, and nobody mistakes for it what the program maps in its place. */
static void memory_unmap(struct work *work, struct borrowed *borrowed, struct tracee *tracee)
{
	const struct seep_join *join = &work->join;
	const uint64_t nothing = 0;
	uint64_t area[BORROWED_ARGUMENTS] = {0};
	struct error ignored;
	uint8_t is_free = 0;
	int64_t result;

	borrowed->place = join->rescue + join->rescue_bytes;
	if (!remote_read(&work->remote, join->memory_free, &is_free, sizeof is_free) || !is_free ||
	    !remote_read(&work->remote, join->memory, &area[0], sizeof area[0]) || !area[0] ||
	    !remote_read(&work->remote, join->memory_bytes, &area[1], sizeof area[1]) ||
	    !borrowed_begin(borrowed, tracee, &ignored))
		return;
	if (remote_write(&work->remote, join->memory, &nothing, sizeof nothing))
		borrowed_system(borrowed, SYS_munmap, area, &result, &ignored);
	borrowed_end(borrowed);
}

static bool is_alone(const struct work *work, const struct tracee *tracee)
{
	for (size_t i = 0; i < work->tracees.count; i++)
		if (&work->tracees.items[i] != tracee && work->tracees.items[i].state != TRACEE_GONE)
			return false;
	return true;
}

/* Uses any thread that stands still, or one that is stopped for this. */
static void thread_unmaps(struct work *work, struct borrowed *borrowed)
{
	struct error ignored;

	for (size_t i = 0; i < work->tracees.count; i++) {
		struct tracee *tracee = &work->tracees.items[i];
		if (tracee->state != TRACEE_STOPPED &&
		    (tracee->state != TRACEE_FREE || !tracee_stop(&work->tracees, tracee, work->pause_ms, &ignored)))
			continue;
		if (thread_is_fit(work, tracee)) {
			tracees_resume_others(&work->tracees, tracee); /* it may wait long for a processor */
			memory_unmap(work, borrowed, tracee);
			if (!is_alone(work, tracee)) /* the program did not stand still for that */
				tracee_resume(&work->tracees, tracee);
			return;
		}
	}
}

/* Unmaps the old recording's memory once no thread is in it any more, or when the next recording begins, if no thread
 * can do it now. Before it, all threads are stopped; afterwards they run. */
static bool memory_release(struct work *work, struct borrowed *borrowed)
{
	const uint64_t idle = 1;
	uint64_t *inside = memory_allocate(work->tracees.count, sizeof *inside);
	size_t count;
	bool told = true;

	if (threads_inside(work, inside, &count)) {
		if (count > 0)
			tracees_resume(&work->tracees);
		if (threads_await(work, inside, count)) {
			told = remote_write(&work->remote, work->block + offsetof(struct seep_join, idle), &idle,
					    sizeof idle);
			thread_unmaps(work, borrowed);
		}
	}
	free(inside);
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
	environment_take_out(&(struct joined_block){&work->remote, work->block, &work->join});
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
	if (!result->directory[0])
		snprintf(result->directory, sizeof result->directory, "%s", work.join.directory);
	work_end(&work, result);
	return left;
}

bool process_is_joined(pid_t pid)
{
	struct error ignored;
	struct work work;

	if (!work_begin(&work, pid, 0, &ignored))
		return false;
	const bool joined = work_is_joined(&work);
	work_end(&work, NULL);
	return joined;
}

/* In a forked child the library names the parent's recording until the child takes a sample. */
static bool is_anothers(const char *directory, pid_t pid)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault;

	if (!seep_heap_open(&heap, directory, false, &fault))
		return false;
	seep_heap_state(&heap, &state);
	seep_heap_close(&heap);
	return state.pid != (uint64_t)pid;
}

bool process_leave(pid_t pid, double pause_ms, struct join_result *result, struct error *error)
{
	struct process_facts facts;
	struct seep_fault fault;
	struct error unknown;

	*result = (struct join_result){0};
	if (!process_inspect(pid, &facts, error))
		return false;
	bool found = recording_locate(pid, result->directory, sizeof result->directory, &unknown);
	if (!found)
		result->directory[0] = 0;
	result->stays = facts.shim_mapped && !facts.shim_joined;
	if (result->stays && !found)
		return *error = unknown, false;
	/* A library that was there from the start has its hooks in every look-up of names: they stay, and learn from the heap file
	 * that nothing is to be recorded. */
	if (!result->stays && !recording_leave(pid, pause_ms, result, error))
		return false;
	if (!found && !is_anothers(result->directory, pid))
		return error_set(error, "%d was left, but its recording was not found", (int)pid);
	if (!found) {
		result->directory[0] = 0;
		return true;
	}
	return seep_recording_leave(result->directory, &fault) || error_set_fault(error, result->directory, &fault);
}
