/* SPDX-License-Identifier: Apache-2.0 */
#include "target/take_snapshot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <seep/keeper.h>
#include <seep/process.h>

#include "base/message.h"
#include "process/fault.h"
#include "process/inspect.h"
#include "process/stand_in.h"
#include "profile/profile.h"

static const uint64_t answer_timeout_ns = 10000000000;

/* Makes an error of the fault of a recording's heap file. */
static bool heap_fault(struct error *error, const char *directory, const struct seep_fault *fault)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof path, "%s/%s", directory, SEEP_HEAP_NAME);
	return error_set_fault(error, path, fault);
}

/* Says why a keeper that should answer did not. */
static bool unanswered(const char *directory, pid_t pid, const struct seep_fault *fault, struct error *error)
{
	struct process_facts facts;

	if (fault->error == ETIMEDOUT && process_inspect(pid, &facts, error)) {
		if (facts.state == 'T' || facts.state == 't')
			return error_set(error, "%d (%s) is stopped and can't answer; continue it (kill -CONT %d)",
					 (int)pid, facts.name, (int)pid);
		return error_set(error, "%d (%s) did not answer within %d s", (int)pid, facts.name,
				 (int)(answer_timeout_ns / 1000000000));
	}
	return heap_fault(error, directory, fault);
}

static bool snapshot_request(const char *directory, char name[static 32], struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault = {0};

	if (!seep_heap_open(&heap, directory, true, &fault))
		return heap_fault(error, directory, &fault);
	seep_heap_state(&heap, &state);
	struct stand_in *stand_in = stand_in_begin(directory);
	bool answered = seep_snapshot_request(&heap, answer_timeout_ns, name, &fault);
	stand_in_end(stand_in);
	/* The process may have ended while we waited. */
	bool ended = !answered && !seep_heap_alive(&heap);
	seep_heap_close(&heap);
	if (answered)
		return true;
	if (ended)
		return seep_recording_finish(directory, SEEP_TRIGGER_POSTMORTEM, name, &fault) ||
		       heap_fault(error, directory, &fault);
	return unanswered(directory, (pid_t)state.pid, &fault, error);
}

/* Finds the last snapshot of a recording that is complete. */
static bool snapshot_last(const char *directory, char name[static 32], struct error *error)
{
	struct recording recording;

	if (!recording_list(directory, &recording, error))
		return false;
	const char *path = recording.entries[recording.count - 1].path;
	const char *slash = strrchr(path, '/');
	snprintf(name, 32, "%s", slash ? slash + 1 : path);
	recording_free(&recording);
	return true;
}

/* The state of a recording's process according to its heap file, and whether the process runs. */
static bool target_state(const char *directory, struct seep_heap_state *state, bool *alive, struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_fault fault = {0};

	if (!seep_heap_open(&heap, directory, false, &fault))
		return heap_fault(error, directory, &fault);
	seep_heap_state(&heap, state);
	*alive = seep_heap_alive(&heap);
	seep_heap_close(&heap);
	return true;
}

bool target_process(const char *directory, pid_t *pid, bool *alive, struct error *error)
{
	struct seep_heap_state state;
	struct seep_process_stat stat;

	if (!target_state(directory, &state, alive, error))
		return false;
	*pid = (pid_t)state.pid;
	return !*alive || (seep_process_stat(state.pid, &stat) && stat.start_ticks == state.start_ticks) ||
	       error_set(error, "%s: its process is in another pid namespace; ask there", directory);
}

bool target_snapshot(const char *directory, char name[static 32], struct error *error)
{
	struct seep_heap_state state;
	struct seep_fault fault = {0};
	bool alive;

	if (!target_state(directory, &state, &alive, error))
		return false;
	if (alive)
		return snapshot_request(directory, name, error);
	if (state.complete) {
		if (!snapshot_last(directory, name, error))
			return false;
		message("%s is complete; its last snapshot is %s", directory, name);
		return true;
	}
	return seep_recording_finish(directory, SEEP_TRIGGER_POSTMORTEM, name, &fault) ||
	       heap_fault(error, directory, &fault);
}
