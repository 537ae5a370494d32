/* SPDX-License-Identifier: Apache-2.0 */
#include "target/take.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <seep/keeper.h>

#include "base/message.h"
#include "process/fault.h"
#include "process/inspect.h"
#include "process/stand_in.h"
#include "profile/profile.h"

static const uint64_t answer_timeout_ns = 10000000000;

/* Says why a keeper that should answer did not. */
static bool unanswered(const char *directory, pid_t pid, const struct seep_fault *fault, struct error *error)
{
	struct process_facts facts;
	char heap[PATH_MAX + 8];

	if (fault->error == ETIMEDOUT && process_inspect(pid, &facts, error)) {
		if (facts.state == 'T' || facts.state == 't')
			return error_set(error, "%d (%s) is stopped and can't answer; continue it (kill -CONT %d)",
					 (int)pid, facts.name, (int)pid);
		return error_set(error, "%d (%s) did not answer within %d s", (int)pid, facts.name,
				 (int)(answer_timeout_ns / 1000000000));
	}
	snprintf(heap, sizeof heap, "%s/%s", directory, SEEP_HEAP_NAME);
	return error_set_fault(error, heap, fault);
}

static bool snapshot_request(const char *directory, char name[static 32], struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault = {0};
	char path[PATH_MAX + 8];

	snprintf(path, sizeof path, "%s/%s", directory, SEEP_HEAP_NAME);
	if (!seep_heap_open(&heap, directory, true, &fault))
		return error_set_fault(error, path, &fault);
	seep_heap_state(&heap, &state);
	struct stand_in *stand_in = stand_in_begin(directory);
	bool answered = seep_snapshot_request(&heap, answer_timeout_ns, name, &fault);
	stand_in_end(stand_in);
	/* The process may have ended while we waited. */
	bool ended = !answered && !seep_heap_alive(&heap);
	seep_heap_close(&heap);
	if (answered)
		return true;
	if (ended) {
		if (seep_recording_finish(directory, SEEP_TRIGGER_POSTMORTEM, name, &fault))
			return true;
		return error_set_fault(error, path, &fault);
	}
	return unanswered(directory, (pid_t)state.pid, &fault, error);
}

/* The last snapshot of a recording that is complete. */
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

bool target_snapshot(const char *directory, char name[static 32], struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault = {0};
	char path[PATH_MAX + 8];

	snprintf(path, sizeof path, "%s/%s", directory, SEEP_HEAP_NAME);
	if (!seep_heap_open(&heap, directory, false, &fault))
		return error_set_fault(error, path, &fault);
	seep_heap_state(&heap, &state);
	bool alive = seep_heap_alive(&heap);
	seep_heap_close(&heap);
	if (alive)
		return snapshot_request(directory, name, error);
	if (state.complete) {
		if (!snapshot_last(directory, name, error))
			return false;
		message("%s is complete; its last snapshot is %s", directory, name);
		return true;
	}
	return seep_recording_finish(directory, SEEP_TRIGGER_POSTMORTEM, name, &fault) ||
	       error_set_fault(error, path, &fault);
}
