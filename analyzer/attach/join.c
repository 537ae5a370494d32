/* SPDX-License-Identifier: Apache-2.0 */
/* See join.h. */
#include "attach/join.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracing/filter.h"
#include "attach/push.h"
#include "attach/refusal.h"
#include "attach/work.h"
#include "tracing/borrowed.h"
#include "tracing/safe_point.h"

enum {
	SEARCH_MS = 10000, /* how long to look for a thread that can be borrowed */
	SEARCH_NAP_MS = 2,
	CALL_WITHIN_MS = 5000,
	VAIN_WITHIN_MS = 30000, /* how long a recording that was given up may still appear */
	LOOK_PAUSE_MS = 100,    /* to look at a thread's filters */
};

#define NAP_MS 0.2

static bool is_to_be_joined(const struct work *work, bool linked, const struct loaded_module **allocator,
			    struct error *error)
{
	if (work->shim && (!work->block || work->join.asked != SEEP_JOIN_ASKED))
		return error_set(error, "%d is recorded already: it was started with libseep.so", (int)work->pid);
	if (work->shim && work->join.version != SEEP_JOIN_VERSION)
		return error_set(error, "%d was joined by another version of seep", (int)work->pid);
	if (work->shim && work->join.state == SEEP_JOIN_RECORDING)
		return error_set(error, "%d is joined already, and records into %s", (int)work->pid,
				 work->join.directory);
	if (!loaded_find(&work->loaded, "libc.so.6"))
		return error_set(error, "%d can't be joined: its C library is not glibc", (int)work->pid);
	loaded_first_definition(&work->loaded, work->shim, "malloc", allocator);
	if (*allocator == &work->loaded.modules[0] && !linked)
		return error_set(error, "%d can't be joined: its allocator is a part of the program; add --static",
				 (int)work->pid);
	return *allocator || error_set(error, "%d can't be joined: it has no malloc", (int)work->pid);
}

/* A thread of a confined process works for us with its filters suspended. They return if we end, so they must allow
 * what the thread does then. */
static bool filters_are_off(const struct work *work, const struct tracee *tracee, const char **why)
{
	struct error reason;

	*why = "its seccomp filters can't be suspended";
	return !thread_is_confined(work->pid, tracee->tid) ||
	       (thread_filters_allow(work->pid, tracee->tid, &reason) && tracee_suspend_filters(tracee));
}

/* Borrows a thread that stands where that is safe. The threads most likely to stand there are tried first. */
static bool thread_borrow(struct work *work, const struct loaded_module *allocator, struct borrowed *borrowed,
			  struct error *error)
{
	bool is_linked = allocator == &work->loaded.modules[0];
	struct safe_point *safe = safe_point_begin(work->pid, &work->loaded, is_linked ? NULL : allocator);
	size_t own_count = 0;
	struct code_range *own = work->patch ? patch_own_code(work->patch, &own_count) : NULL;
	double until_ms = tracing_now_ms() + SEARCH_MS;
	const char *why = "no thread can be stopped";
	bool found = false, fine = true;

	safe_point_forbid(safe, own, own_count);
	while (!found && fine && tracing_now_ms() < until_ms) {
		fine = tracees_look(&work->tracees, error);
		for (int rank = 0; fine && !found && rank <= 2; rank++) {
			for (size_t i = 0; fine && !found && i < work->tracees.count; i++) {
				struct tracee *tracee = &work->tracees.items[i];
				if (tracee->state != TRACEE_FREE || safe_point_rank(work->pid, tracee->tid) != rank ||
				    !tracee_stop(&work->tracees, tracee, work->pause_ms, error))
					continue;
				found = safe_point_is_here(safe, tracee, &why) && filters_are_off(work, tracee, &why);
				if (found && !borrowed_begin(borrowed, tracee, error))
					found = fine = false;
				if (!found)
					tracee_resume(&work->tracees, tracee);
			}
		}
		if (!found)
			tracing_nap(SEARCH_NAP_MS);
		tracees_serve(&work->tracees);
	}
	safe_point_end(safe);
	free(own);
	return found ||
	       (!fine
		    ? false
		    : error_set(error, "%d: no thread reached a point where it can be borrowed in %d s (%s); try again",
				(int)work->pid, SEARCH_MS / 1000, why));
}

/* The address of errno, which is the thread's own. */
static uint64_t errno_address(struct borrowed *borrowed, const struct loaded *loaded, struct error *error)
{
	const uint64_t arguments[3] = {0};
	uint64_t function = loaded_definition(loaded_find(loaded, "libc.so.6"), "__errno_location"), address = 0;

	return function && borrowed_function(borrowed, function, arguments, CALL_WITHIN_MS, &address, error) ? address
													     : 0;
}

/* Writes the options, and nothing that the library writes itself. */
static void wish_write(const struct work *work)
{
	const struct seep_join *join = &work->join;

	remote_write(&work->remote, work->block + offsetof(struct seep_join, confined), &join->confined,
		     sizeof join->confined);
	remote_write(&work->remote, work->block + offsetof(struct seep_join, environment), join->environment,
		     sizeof join->environment);
}

/* Has the borrowed thread bring the library into the process, if it is not there, and make it begin to record. */
static bool library_begin(struct work *work, struct borrowed *borrowed, const struct push *push, struct error *error)
{
	const uint64_t arguments[3] = {0};
	uint64_t begun = 0, begin = work->shim ? loaded_definition(work->shim, "seep_join_begin") : 0;

	if (!work->block) {
		uint64_t base = push_library(push, borrowed, &work->loaded, error);
		if (!base)
			return false;
		work->block = base + push->block;
		work->table = base + push->table;
		begin = base + push->begin;
	} else {
		wish_write(work);
	}
	work->begun = true; /* it may also have begun if the call takes too long */
	if (!borrowed_function(borrowed, begin, arguments, CALL_WITHIN_MS, &begun, error))
		return false;
	work->begun = begun & 1;
	if (!work->begun)
		return error_set(error, "another seep is just joining %d", (int)work->pid);
	return !work->patch || patch_bring(work->patch, borrowed, work->table, error);
}

/* Waits for the recording. The program runs on meanwhile. */
static bool recording_await(struct work *work, double within_ms, struct error *error)
{
	double until_ms = tracing_now_ms() + within_ms;
	uint32_t state = SEEP_JOIN_BEGINS;

	while (remote_read(&work->remote, work->block + offsetof(struct seep_join, state), &state, sizeof state) &&
	       state != SEEP_JOIN_RECORDING && state != SEEP_JOIN_REFUSED && tracing_now_ms() < until_ms) {
		tracees_serve(&work->tracees);
		tracing_nap(NAP_MS);
	}
	return state == SEEP_JOIN_RECORDING || error_set(error, "%d: no recording could be begun", (int)work->pid);
}

static bool library_bring(struct work *work, const struct loaded_module *allocator, const struct join_request *request,
			  struct join_result *result, struct error *error)
{
	struct borrowed borrowed;
	struct push push;
	int32_t saved = 0;

	if (!push_prepare(&push, request->shim, work->confined, request->environment, request->environment_bytes,
			  error))
		return false;
	if (!borrowed_prepare(&borrowed, &work->remote, &work->loaded, &work->tracees, error) ||
	    !thread_borrow(work, allocator, &borrowed, error)) {
		push_free(&push);
		return false;
	}
	double begun_ms = tracing_now_ms();
	bool brought = borrowed_area(&borrowed, error);
	uint64_t number = brought ? errno_address(&borrowed, &work->loaded, error) : 0;
	brought = brought && number && remote_read(&work->remote, number, &saved, sizeof saved) &&
		  library_begin(work, &borrowed, &push, error);
	if (number)
		remote_write(&work->remote, number, &saved, sizeof saved);
	borrowed_end(&borrowed);
	result->borrowed_ms = tracing_now_ms() - begun_ms;
	if (borrowed.tracee->state == TRACEE_STOPPED)
		tracee_resume(&work->tracees, borrowed.tracee);
	if (work->tracees.count == 1) /* the thread is the whole process */
		work->tracees.longest_ms = result->borrowed_ms;
	push_free(&push);
	return brought;
}

bool process_can_be_joined(pid_t pid, bool *linked, struct error *error)
{
	const struct loaded_module *allocator;
	struct patch patch;
	struct work work;

	*linked = false;
	if (!process_may_be_joined(pid, error) || !work_begin(&work, pid, LOOK_PAUSE_MS, error))
		return false;
	bool joinable = is_to_be_joined(&work, true, &allocator, error) &&
			process_filters_allow(&work.tracees, LOOK_PAUSE_MS, error);
	if (joinable && allocator == &work.loaded.modules[0]) {
		*linked = joinable = patch_plan(&patch, &work.remote, &work.loaded, error);
		if (joinable)
			patch_free(&patch);
	}
	work_end(&work, NULL);
	return joinable;
}

bool process_join(const struct join_request *request, struct join_result *result, struct error *error)
{
	const struct loaded_module *allocator;
	struct join_result vain;
	struct error ignored;
	struct patch patch;
	struct work work;

	*result = (struct join_result){0};
	if (!process_may_be_joined(request->pid, error) || !work_begin(&work, request->pid, request->pause_ms, error))
		return false;
	bool again = work.block != 0;
	memset(work.join.environment, 0, sizeof work.join.environment);
	memcpy(work.join.environment, request->environment, request->environment_bytes);
	work.join.confined = work.confined;
	bool joined = is_to_be_joined(&work, request->linked, &allocator, error) &&
		      process_filters_allow(&work.tracees, request->pause_ms, error) &&
		      (!request->linked || patch_plan(&patch, &work.remote, &work.loaded, error));
	if (joined && request->linked)
		work.patch = &patch;
	joined = joined && library_bring(&work, allocator, request, result, error) &&
		 recording_await(&work, CALL_WITHIN_MS, error) && work_put_in(&work, again, result, error);
	snprintf(result->directory, sizeof result->directory, "%s", work.join.directory);
	if (work.patch) {
		snprintf(result->notes, sizeof result->notes, "%s", patch.notes);
		patch_free(&patch);
	}
	if (!joined && !loaded_is_there(&work.loaded, &work.remote))
		error_set(error, "%d has ended or executed another program meanwhile", (int)request->pid);
	/* A recording that was begun in vain is ended: otherwise the process would seem to be joined. */
	bool is_vain = !joined && work.begun && recording_await(&work, VAIN_WITHIN_MS, &ignored);
	work_end(&work, result);
	if (is_vain)
		process_leave(request->pid, request->pause_ms, &vain, &ignored);
	return joined;
}
