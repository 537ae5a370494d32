/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry is a file of lines, each appended with one write: the absolute
 * path of a recording directory, from the process that began it, or "! " and
 * a message that the shim would not print into the program's own output. In
 * both a newline is written "\n" and a backslash "\\".
 * A line is a claim of a program that was profiled, so it is only used to
 * open a recording, which is checked like every other input.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/map.h"
#include "base/memory.h"
#include "process/fault.h"
#include "session/host.h"
#include "session/hurry.h"
#include "session/session.h"
#include "profile/lost.h"
#include "profile/profile.h"

/* How long to wait for a child that outlives the program: the rest of a pipeline ends in that time, a daemon does
 * not. */
static const uint64_t patience_ns = 200000000;

bool session_open(struct session *session, const char *output, struct error *error)
{
	char *current = getcwd(NULL, 0);
	const char *wanted = getenv("TMPDIR");
	char *temporary = wanted && *wanted ? realpath(wanted, NULL) : NULL; /* the program may change its directory */
	const char *const places[] = {temporary, "/tmp", "/dev/shm", current};
	const size_t count = sizeof places / sizeof places[0];
	bool made = false;
	int reason = 0;

	/* if no directory has room for lines, a registry without room is better than none */
	for (size_t i = 0; i < 2 * count && !made; i++) {
		const char *place = places[i % count];
		if (!place || *place != '/')
			continue;
		registries_reclaim(place);
		made = registry_make(session, place, i < count);
		reason = errno;
	}
	free(current);
	free(temporary);
	if (made) {
		session->output = output;
		host_listen(session);
		return true;
	}
	memset(session, 0, sizeof *session);
	return error_set(error, "no directory takes a temporary file (%s)", strerror(reason));
}

void session_close(struct session *session)
{
	if (!session->directory[0])
		return;
	registry_remove(session);
	close(session->descriptor);
	if (session->host >= 0)
		close(session->host);
	session->directory[0] = 0;
}

/* Undoes the escapes of a line of the registry, up to its newline, in place. */
static void escapes_undo(char *line)
{
	char *out = line;

	for (const char *at = line; *at && *at != '\n'; at++) {
		bool is_escape = at[0] == '\\' && (at[1] == 'n' || at[1] == '\\');
		at += is_escape;
		*out++ = is_escape && *at == 'n' ? '\n' : *at;
	}
	*out = 0;
}

bool session_line_next(FILE *registry, char line[SESSION_LINE_BYTES])
{
	const size_t length = fgets(line, SESSION_LINE_BYTES, registry) ? strlen(line) : 0;

	if (!length || line[length - 1] != '\n')
		return false;
	escapes_undo(line);
	return true;
}

/* Lines of the registry that were read already, by a 64-bit hash that nobody outside can foresee. */
struct seen {
	struct map *recordings, *notes;
	uint64_t secret;
};

/* Where the index of a text is stored; *is_new if the text was not seen before. */
static uint64_t *text_index(const struct seen *seen, struct map *map, const char *text, bool *is_new)
{
	return map_put(map, hash_bytes(seen->secret, text, strlen(text)), is_new);
}

static void results_note(struct session_results *results, struct seen *seen, const char *text)
{
	struct error safe;
	bool is_new;

	error_set(&safe, "%s", text);
	uint64_t *index = text_index(seen, seen->notes, safe.text, &is_new);
	if (!is_new) {
		results->notes[*index].processes++;
		return;
	}
	*index = results->note_count;
	ARRAY_RESERVE(results->notes, results->note_count, results->note_capacity);
	results->notes[results->note_count++] = (struct session_note){memory_copy_text(safe.text), 1};
}

static void registry_take_line(struct session_results *results, struct seen *seen, const char *line)
{
	bool is_new;

	if (line[0] == '!' && line[1] == ' ')
		results_note(results, seen, line + 2);
	if (line[0] != '/')
		return;
	text_index(seen, seen->recordings, line, &is_new);
	if (!is_new)
		return;
	ARRAY_RESERVE(results->recordings, results->count, results->capacity);
	results->recordings[results->count++] =
	    (struct session_recording){.directory = memory_copy_text(line), .state = SESSION_BROKEN};
}

/* A program may have put there what is no line: a length of terabytes, too, which takes no space. */
static void registry_take(struct session_results *results, FILE *registry)
{
	struct seen seen = {.recordings = map_create(), .notes = map_create(), .secret = hash_secret()};
	char line[SESSION_LINE_BYTES];
	struct stat status;
	long end = 0;

	rewind(registry);
	while (!hurry_is_over() && session_line_next(registry, line)) {
		registry_take_line(results, &seen, line);
		end = ftell(registry);
	}
	results->interrupted = hurry_is_over();
	if (!results->interrupted && fstat(fileno(registry), &status) == 0 && status.st_size > end)
		results_note(results, &seen, "the list of this run's recordings was damaged; some may be missing here");
	map_free(seen.recordings);
	map_free(seen.notes);
}

/* Its name is removed first, so that a process that still writes to it (a daemon) can tell that nobody will read it. It
 * is read by the descriptor that made it, since another file may have its name by now. */
static void registry_read(struct session *session, struct session_results *results)
{
	int descriptor = session->directory[0] ? fcntl(session->descriptor, F_DUPFD_CLOEXEC, 3) : -1;
	FILE *registry = descriptor >= 0 ? fdopen(descriptor, "r") : NULL;

	session_close(session);
	results->interrupted = hurry_is_over();
	if (!registry)
		return;
	registry_take(results, registry);
	fclose(registry);
}

static bool has_snapshots(const char *directory)
{
	struct recording list;
	struct error error;
	bool has = recording_list(directory, &list, &error) && list.count > 0;

	recording_free(&list);
	return has;
}

/* Finishes the recording if its process has ended; false while the process lives. */
static bool recording_settle(struct session_recording *recording)
{
	struct seep_heap_view heap = {0};
	struct seep_fault fault = {0};
	struct seep_heap_state state;
	char name[32], path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", recording->directory, SEEP_HEAP_NAME);
	/* First tries to open it for writing, which maps it. Reading a dead program's file copies all that it had
	 * reserved. */
	if (!seep_heap_open(&heap, recording->directory, true, &fault) &&
	    !seep_heap_open(&heap, recording->directory, false, &fault)) {
		error_set_fault(&recording->fault, path, &fault);
		if (fault.error == ENOENT && has_snapshots(recording->directory))
			recording->state = SESSION_FINISHED; /* there was no room for the file */
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

	for (size_t i = 0; i < results->count; i++)
		error_set(&results->recordings[i].fault, "%s: interrupted; 'seep snapshot' writes its last snapshot",
			  results->recordings[i].directory);

	for (uint64_t waited_ns = 0;; waited_ns += (uint64_t)pause.tv_nsec) {
		size_t open_count = 0;
		for (size_t i = 0; i < results->count && !hurry_is_over(); i++) {
			if (!settled[i])
				settled[i] = recording_settle(&results->recordings[i]);
			open_count += !settled[i];
		}
		if (open_count == 0 || waited_ns >= patience_ns || hurry_is_over())
			break;
		nanosleep(&pause, NULL);
	}
	free(settled);
}

static double sum_estimate(const struct seep_sum *sum)
{
	return sum->uncertain + sum->certain;
}

/* Figures for the end line: from the last snapshot if the recording is finished, from now if it still runs. */
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
	recording->lower_bound = profile_is_lower_bound(profile);
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
	*results = (struct session_results){.lacks_room = session->lacks_room};
	registry_read(session, results);
	recordings_settle(results);
	for (size_t i = 0; i < results->count && !hurry_is_over(); i++)
		recording_measure(&results->recordings[i]);
	results->interrupted |= hurry_is_over();
	if (results->count > 1)
		qsort(results->recordings, results->count, sizeof *results->recordings, recording_compare);
}

const char **session_directories(const struct session_results *results, size_t *count)
{
	const char **directories = memory_allocate(results->count, sizeof *directories);

	*count = 0;
	for (size_t i = 0; i < results->count; i++)
		if (results->recordings[i].state != SESSION_BROKEN)
			directories[(*count)++] = results->recordings[i].directory;
	return directories;
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
