/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry is a file of lines, each appended with one write: the absolute
 * path of a recording directory, from the process that began it, or "! " and
 * a message that the shim would not print into the program's own output.
 * A line is a claim of a program that was profiled, so it is only used to
 * open a recording, which is checked like every other input.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "process/fault.h"
#include "process/session.h"
#include "profile/profile.h"

/* How long to wait for a child that outlives the program: the rest of a pipeline ends within this, a daemon not. */
static const uint64_t patience_ns = 200000000;

static bool registry_create(struct session *session, const char *parent)
{
	if (!parent || !*parent ||
	    (size_t)snprintf(session->directory, sizeof session->directory, "%s/seep-session-XXXXXX", parent) >=
		sizeof session->directory ||
	    !mkdtemp(session->directory))
		return false;
	snprintf(session->registry, sizeof session->registry, "%s/recordings", session->directory);
	int descriptor = open(session->registry, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (descriptor < 0) {
		rmdir(session->directory);
		return false;
	}
	close(descriptor);
	return true;
}

bool session_open(struct session *session, struct error *error)
{
	char *current = getcwd(NULL, 0);
	bool made = registry_create(session, getenv("TMPDIR")) || registry_create(session, "/tmp") ||
		    registry_create(session, "/dev/shm") || registry_create(session, current);
	int reason = errno;

	free(current);
	if (made)
		return true;
	memset(session, 0, sizeof *session);
	return error_set(error, "no directory takes a temporary file (%s)", strerror(reason));
}

void session_close(struct session *session)
{
	if (!session->directory[0])
		return;
	unlink(session->registry);
	rmdir(session->directory);
	session->directory[0] = 0;
}

static bool results_have(const struct session_results *results, const char *directory)
{
	for (size_t i = 0; i < results->count; i++)
		if (strcmp(results->recordings[i].directory, directory) == 0)
			return true;
	return false;
}

static void results_note(struct session_results *results, const char *text)
{
	struct error safe;

	error_set(&safe, "%s", text);
	for (size_t i = 0; i < results->note_count; i++) {
		if (strcmp(results->notes[i].text, safe.text) == 0) {
			results->notes[i].processes++;
			return;
		}
	}
	ARRAY_RESERVE(results->notes, results->note_count, results->note_capacity);
	results->notes[results->note_count++] = (struct session_note){memory_copy_text(safe.text), 1};
}

static void registry_take_line(struct session_results *results, const char *line)
{
	if (line[0] == '!' && line[1] == ' ')
		results_note(results, line + 2);
	if (line[0] != '/' || results_have(results, line))
		return;
	ARRAY_RESERVE(results->recordings, results->count, results->capacity);
	results->recordings[results->count++] =
	    (struct session_recording){.directory = memory_copy_text(line), .state = SESSION_BROKEN};
}

/* Removed first: who still writes to it afterwards (a daemon) can tell that nobody will read it. */
static void registry_read(struct session *session, struct session_results *results)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	FILE *registry = fopen(session->registry, "re");

	session_close(session);
	if (!registry)
		return;
	while ((length = getline(&line, &capacity, registry)) > 0) {
		if (line[length - 1] == '\n')
			line[--length] = 0;
		registry_take_line(results, line);
	}
	free(line);
	fclose(registry);
}

/* Settles what can be settled now; false while the process is alive. */
static bool recording_settle(struct session_recording *recording)
{
	struct seep_heap_view heap = {0};
	struct seep_fault fault = {0};
	struct seep_heap_state state;
	char name[32], path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", recording->directory, SEEP_HEAP_NAME);
	/* For writing first: a mapping, where reading a dead program's file would copy all that it had reserved. */
	if (!seep_heap_open(&heap, recording->directory, true, &fault) &&
	    !seep_heap_open(&heap, recording->directory, false, &fault)) {
		error_set_fault(&recording->fault, path, &fault);
		return true;
	}
	seep_heap_state(&heap, &state);
	bool alive = seep_heap_alive(&heap);
	seep_heap_close(&heap);
	recording->pid = state.pid;
	recording->state = alive ? SESSION_RUNNING : SESSION_FINISHED;
	if (alive)
		return false;
	if (!state.complete && !seep_recording_finish(recording->directory, SEEP_TRIGGER_EXIT, name, &fault)) {
		recording->state = SESSION_BROKEN;
		error_set_fault(&recording->fault, path, &fault);
	}
	return true;
}

static void recordings_settle(struct session_results *results)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	bool *settled = memory_allocate(results->count + 1, sizeof *settled);

	for (uint64_t waited_ns = 0;; waited_ns += (uint64_t)pause.tv_nsec) {
		size_t open_count = 0;
		for (size_t i = 0; i < results->count; i++) {
			if (!settled[i])
				settled[i] = recording_settle(&results->recordings[i]);
			open_count += !settled[i];
		}
		if (open_count == 0 || waited_ns >= patience_ns)
			break;
		nanosleep(&pause, NULL);
	}
	free(settled);
}

static double sum_estimate(const struct seep_sum *sum)
{
	return sum->uncertain + sum->certain;
}

/* What the end line says about a recording: of a finished one from its last snapshot, of a running one from now. */
static void recording_measure(struct session_recording *recording)
{
	struct error error;
	struct recording list;
	struct profile_totals totals;

	if (recording->state == SESSION_BROKEN)
		return;
	if (recording_list(recording->directory, &list, &error)) {
		recording->snapshots = list.count;
		for (size_t i = 0; i < list.count; i++)
			recording->timer_snapshots += list.entries[i].trigger == SEEP_TRIGGER_TIMER;
		recording_free(&list);
	}
	struct profile *profile = profile_open(recording->directory, &error);
	if (!profile) {
		if (recording->state == SESSION_FINISHED) {
			recording->state = SESSION_BROKEN;
			recording->fault = error;
		}
		return;
	}
	profile_totals(profile, &totals);
	recording->in_use_bytes = sum_estimate(&totals.in_use.bytes);
	recording->allocated_bytes = sum_estimate(&totals.allocated.bytes);
	profile_free(profile);
}

static int recording_compare(const void *left_pointer, const void *right_pointer)
{
	const struct session_recording *left = left_pointer, *right = right_pointer;

	if ((left->state == SESSION_BROKEN) != (right->state == SESSION_BROKEN))
		return left->state == SESSION_BROKEN ? 1 : -1;
	if (left->in_use_bytes != right->in_use_bytes)
		return left->in_use_bytes < right->in_use_bytes ? 1 : -1;
	if (left->allocated_bytes != right->allocated_bytes)
		return left->allocated_bytes < right->allocated_bytes ? 1 : -1;
	return strcmp(left->directory, right->directory);
}

void session_finish(struct session *session, struct session_results *results)
{
	memset(results, 0, sizeof *results);
	registry_read(session, results);
	recordings_settle(results);
	for (size_t i = 0; i < results->count; i++)
		recording_measure(&results->recordings[i]);
	if (results->count > 1)
		qsort(results->recordings, results->count, sizeof *results->recordings, recording_compare);
}

void session_results_free(struct session_results *results)
{
	for (size_t i = 0; i < results->count; i++)
		free(results->recordings[i].directory);
	for (size_t i = 0; i < results->note_count; i++)
		free(results->notes[i].text);
	free(results->notes);
	free(results->recordings);
	memset(results, 0, sizeof *results);
}
