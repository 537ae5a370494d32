/* SPDX-License-Identifier: Apache-2.0 */
/* Watches for modules that a joined process loads later: see join.h. */
#include <stddef.h>
#include <stdlib.h>

#include "attach/join.h"
#include "attach/work.h"
#include "base/memory.h"

struct join_watch {
	pid_t pid;
	double pause_ms;
	struct remote remote;
	struct loaded seen;
	uint64_t state; /* address of the library's state; 0: unknown */
};

/* Notes what is loaded now, so that a change can be noticed. */
static void list_take(struct join_watch *watch)
{
	struct error ignored;

	loaded_free(&watch->seen);
	if (!loaded_read(&watch->seen, &watch->remote, &ignored))
		return;
	uint64_t block;
	shim_find(&watch->seen, &watch->remote, &block);
	watch->state = block ? block + offsetof(struct seep_join, state) : 0;
	loaded_forget_modules(&watch->seen);
}

struct join_watch *join_watch_begin(pid_t pid, double pause_ms)
{
	struct join_watch *watch = memory_allocate(1, sizeof *watch);
	struct error ignored;

	*watch = (struct join_watch){.pid = pid, .pause_ms = pause_ms};
	if (remote_open(&watch->remote, pid, &ignored))
		list_take(watch);
	return watch;
}

/* `seep detach` notes it in the library's state. */
static bool was_left(const struct join_watch *watch)
{
	uint32_t state;

	return watch->state && remote_read(&watch->remote, watch->state, &state, sizeof state) &&
	       state != SEEP_JOIN_RECORDING;
}

bool join_watch_look(struct join_watch *watch)
{
	struct join_result result;
	struct error ignored;
	struct work work;

	if (was_left(watch))
		return false;
	if (watch->seen.first && loaded_is_current(&watch->seen, &watch->remote))
		return true;
	if (!work_begin(&work, watch->pid, watch->pause_ms, &ignored))
		return false;
	bool joined = work_is_joined(&work);
	if (joined && work_put_in(&work, false, &result, &ignored))
		list_take(watch);
	work_end(&work, NULL);
	return joined;
}

void join_watch_end(struct join_watch *watch)
{
	if (!watch)
		return;
	loaded_free(&watch->seen);
	remote_close(&watch->remote);
	free(watch);
}
