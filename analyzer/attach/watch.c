/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that a joined process loads later: see join.h. */
#include <stdlib.h>

#include "attach/join.h"
#include "attach/work.h"
#include "base/memory.h"

struct join_watch {
	pid_t pid;
	double pause_ms;
	struct remote remote;
	struct loaded seen;
};

struct join_watch *join_watch_begin(pid_t pid, double pause_ms)
{
	struct join_watch *watch = memory_allocate(1, sizeof *watch);
	struct error ignored;

	*watch = (struct join_watch){.pid = pid, .pause_ms = pause_ms};
	if (!remote_open(&watch->remote, pid, &ignored) || !loaded_read(&watch->seen, &watch->remote, &ignored))
		watch->seen.first = 0;
	return watch;
}

bool join_watch_look(struct join_watch *watch)
{
	struct join_result result;
	struct error ignored;
	struct work work;

	if (watch->seen.first && loaded_is_current(&watch->seen, &watch->remote))
		return true;
	if (!work_begin(&work, watch->pid, watch->pause_ms, &ignored))
		return false;
	bool joined = work_is_joined(&work);
	if (joined && work_put_in(&work, false, &result, &ignored)) {
		loaded_free(&watch->seen);
		loaded_read(&watch->seen, &watch->remote, &ignored);
	}
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
