/* SPDX-License-Identifier: Apache-2.0 */
/* See work.h. */
#include "attach/work.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "tracing/environment.h"
#include "tracing/filter.h"
#include "tracing/remote.h"

enum {
	READ_TRIES = 400, /* reads of a list of modules that is being changed */
	READ_NAP_MS = 5,
	STOP_TRIES = 50,
	STOP_NAP_MS = 20,
	PATIENCE_LEAST_MS = 5,
	BEGUN_WITHIN_MS = 5000, /* how long to wait for a recording that a killed seep has asked for */
	BEGUN_NAP_MS = 2,
	SETTLE_MS = 3, /* a function whose first use binds it while we write is bound again after this time */
};

#define SHIM "libseep.so"

static bool modules_read(struct work *work, struct error *error)
{
	loaded_free(&work->loaded);
	for (int i = 0; i < READ_TRIES; i++) {
		if (loaded_read(&work->loaded, &work->remote, error))
			return true;
		if (error->text[0])
			return false;
		tracees_serve(&work->tracees);
		tracing_nap(READ_NAP_MS);
	}
	return error_set(error,
			 work->loaded.state ? "%d loads and unloads libraries all the time: try again later"
					    : "%d can't be joined: its loader has not begun yet",
			 (int)work->pid);
}

const struct loaded_module *shim_find(const struct loaded *loaded, const struct remote *remote, uint64_t *block)
{
	const struct loaded_module *found = NULL;
	uint32_t state = SEEP_JOIN_NOT;

	*block = 0;
	for (size_t i = 0; i < loaded->count && state <= SEEP_JOIN_LOADED; i++) {
		const struct loaded_module *module = &loaded->modules[i];
		if (strcmp(module->soname, SHIM) != 0)
			continue;
		uint64_t at = loaded_definition(module, "seep_join");
		if (!at || !remote_read(remote, at + offsetof(struct seep_join, state), &state, sizeof state))
			state = SEEP_JOIN_NOT;
		if (!found || state > SEEP_JOIN_LOADED) {
			found = module;
			*block = at;
		}
	}
	return found;
}

/* Finds libseep.so in the process, and reads its block. */
static void block_find(struct work *work)
{
	work->shim = shim_find(&work->loaded, &work->remote, &work->block);
	work->table = work->shim ? loaded_definition(work->shim, "seep_linked") : 0;
	if (!work->block || !remote_read(&work->remote, work->block, &work->join, sizeof work->join))
		work->block = 0;
	work->join.directory[sizeof work->join.directory - 1] = 0;
}

/* Waits for a recording that a killed seep has asked for, and that a thread of the library's still makes. In a child
 * that was forked meanwhile, the wait is in vain. */
static void beginning_await(struct work *work)
{
	double until_ms = tracing_now_ms() + BEGUN_WITHIN_MS;

	while (work->block && work->join.state == SEEP_JOIN_BEGINS && tracing_now_ms() < until_ms) {
		tracing_nap(BEGUN_NAP_MS);
		block_find(work);
	}
}

bool work_begin(struct work *work, pid_t pid, double pause_ms, struct error *error)
{
	*work = (struct work){.pid = pid, .pause_ms = pause_ms};
	tracees_begin(&work->tracees, pid);
	if (!remote_open(&work->remote, pid, error))
		return false;
	if (!modules_read(work, error)) {
		remote_close(&work->remote);
		return false;
	}
	block_find(work);
	beginning_await(work);
	work->confined = process_is_confined(pid);
	return true;
}

void work_end(struct work *work, struct join_result *result)
{
	tracees_end(&work->tracees);
	if (result) {
		result->longest_ms = work->tracees.longest_ms;
		result->retries = work->tracees.retries;
	}
	loaded_free(&work->loaded);
	remote_close(&work->remote);
}

bool work_is_joined(const struct work *work)
{
	return work->block && work->join.asked == SEEP_JOIN_ASKED && work->join.version == SEEP_JOIN_VERSION &&
	       work->join.state == SEEP_JOIN_RECORDING;
}

/* Clears what each thread knows of the last recording, so that it begins anew. A thread whose block is not as the C
 * library makes it knows nothing. */
static void threads_forget(const struct work *work)
{
	char nothing[256] = {0};
	struct user_regs_struct registers;
	uint64_t self;

	for (size_t i = 0; i < work->tracees.count; i++) {
		const struct tracee *tracee = &work->tracees.items[i];
		if (tracee->state == TRACEE_STOPPED && work->join.thread_bytes <= sizeof nothing &&
		    ptrace(PTRACE_GETREGS, tracee->tid, NULL, &registers) == 0 &&
		    remote_read(&work->remote, registers.fs_base, &self, sizeof self) && self == registers.fs_base)
			remote_write(&work->remote, registers.fs_base + (uint64_t)work->join.thread_state, nothing,
				     work->join.thread_bytes);
	}
}

/* A thread that waits for a processor stops when it gets one. Where others take their turns, that is soon in most tries, and
 * late in some: the first ones are given up early, so that the program seldom stands still for as long as it may. */
static double patience_ms(const struct work *work, int tries)
{
	static const double shares[] = {0.1, 0.1, 0.1, 0.3, 0.3, 0.3};
	const double share = tries < (int)(sizeof shares / sizeof *shares) ? shares[tries] : 1;

	return fmin(work->pause_ms, fmax(PATIENCE_LEAST_MS, work->pause_ms * share));
}

bool work_stop(struct work *work, struct bindings *bindings, struct error *error)
{
	for (int i = 0; i < STOP_TRIES; i++) {
		if (!modules_read(work, error))
			return false;
		block_find(work);
		if (!work->block)
			return error_set(error, "%d has executed another program", (int)work->pid);
		if (!bindings_find(bindings, &work->loaded, work->shim, error))
			return false;
		if (tracees_stop(&work->tracees, patience_ms(work, i), error)) {
			if (loaded_is_current(&work->loaded, &work->remote))
				return true;
			tracees_resume(&work->tracees);
		}
		bindings_free(bindings);
		double until_ms = tracing_now_ms() + STOP_NAP_MS;
		while (tracing_now_ms() < until_ms) {
			tracees_serve(&work->tracees);
			tracing_nap(1);
		}
	}
	return error->text[0] ? false : error_set(error, "%d could not be stopped", (int)work->pid);
}

/* Stops the process at a moment at which, besides, no thread is in the instructions of the program's own allocator that
 * are to be replaced. */
static bool stop_clear(struct work *work, struct bindings *bindings, struct error *error)
{
	for (int i = 0; i < STOP_TRIES; i++) {
		if (!work_stop(work, bindings, error))
			return false;
		if (!work->patch || area_put_in(&work->patch->area, &work->tracees))
			return true;
		tracees_resume(&work->tracees);
		bindings_free(bindings);
		tracing_nap(STOP_NAP_MS);
	}
	return error_set(error, "%d: some thread is always in the code to be replaced, or that code is not its file's",
			 (int)work->pid);
}

bool work_put_in(struct work *work, bool again, struct join_result *result, struct error *error)
{
	struct bindings bindings;

	if (!stop_clear(work, &bindings, error))
		return false;
	result->slots = bindings_put_in(&bindings, &work->remote);
	environment_put_in(&(struct joined_block){&work->remote, work->block, &work->join});
	if (again)
		threads_forget(work);
	tracees_resume(&work->tracees);
	for (double until_ms = tracing_now_ms() + SETTLE_MS; tracing_now_ms() < until_ms; tracing_nap(1))
		tracees_serve(&work->tracees);
	/* A function that was just being bound has the loader's answer written over ours. */
	if (loaded_is_current(&work->loaded, &work->remote))
		bindings_put_in(&bindings, &work->remote);
	bindings_free(&bindings);
	return true;
}
