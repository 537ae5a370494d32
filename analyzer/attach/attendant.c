/* SPDX-License-Identifier: Apache-2.0 */
/* See attendant.h. */
#include "attach/attendant.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <seep/join.h>
#include <seep/keeper.h>

#include "process/inspect.h"
#include "process/library.h"
#include "process/locate.h"
#include "run/settings.h"
#include "session/background.h"
#include "session/keepers.h"
#include "session/names.h"
#include "tracing/tracees.h"

enum { LOOK_MS = 200, LEAVE_TRIES = 20 };

/* What the attendant reports: once when it has joined or failed to, and once when it has left. */
struct news {
	bool joined, stuck; /* stuck: it was told to leave, and could not */
	struct join_result result;
	struct error error;
};

static _Atomic bool asked_to_leave;

static void leave_ask(int signal)
{
	(void)signal;
	asked_to_leave = true;
}

static void leave_listen(void)
{
	const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = leave_ask};

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		sigaction(signals[i], &action, NULL);
}

/* Writes the settings in the form that the library reads; 0: they do not fit. */
static size_t environment_make(const struct settings *settings, char *environment, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < settings->count; i++) {
		size_t bytes = strlen(settings->add[i]) + 1;
		if (used + bytes >= size)
			return 0;
		memcpy(environment + used, settings->add[i], bytes);
		used += bytes;
	}
	return used;
}

/* Whether the process sees our library under the same path, whatever its root is. If not, programs that it executes
 * would be told to preload a file that is not there, and the loader would complain. */
static bool shim_is_seen(const struct attendant_request *request)
{
	char path[4200];
	struct stat ours, theirs;

	snprintf(path, sizeof path, "/proc/%d/root%s", (int)request->pid, request->shim);
	return stat(request->shim, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
	       ours.st_ino == theirs.st_ino;
}

static bool join(const struct attendant_request *request, const struct session *session, bool kept,
		 struct join_result *result, struct error *error)
{
	static char environment[SEEP_JOIN_ENVIRONMENT_BYTES];
	struct settings settings = {0};

	settings_make(&settings, request->wish, request->output, session, kept);
	if (shim_is_seen(request))
		setting_take(&settings, "LD_PRELOAD", library_join_preload(request->shim, NULL, NULL));
	struct join_request wanted = {.pid = request->pid,
				      .shim = request->shim,
				      .environment = environment,
				      .environment_bytes = environment_make(&settings, environment, sizeof environment),
				      .pause_ms = request->pause_ms,
				      .linked = request->wish->linked};
	bool joined = wanted.environment_bytes
			  ? process_join(&wanted, result, error)
			  : error_set(error, "the paths of library, recording and TMPDIR are too long");
	settings_free(&settings);
	return joined;
}

/* Stopping the process may take several tries. If leaving succeeds but with an error, it is not repeated, and the error
 * stays. */
static bool leave(const struct attendant_request *request, struct join_watch *watch, struct error *error)
{
	struct join_result result;
	int tries = 0;
	bool left;

	do
		left = process_leave(request->pid, request->pause_ms, &result, error);
	while (!left && ++tries < LEAVE_TRIES && join_watch_look(watch));
	return left;
}

static bool is_over(double until_ms)
{
	return asked_to_leave || (until_ms > 0 && tracing_now_ms() >= until_ms);
}

/* Stays until the program was left, by us or by `seep detach`, or has ended. False: it should be left, and can't be. */
static bool attend(const struct attendant_request *request, double until_ms, struct error *error)
{
	struct join_watch *watch = join_watch_begin(request->pid, request->pause_ms);
	bool fine = true;

	while (join_watch_look(watch)) {
		if (is_over(until_ms)) {
			fine = leave(request, watch, error);
			break;
		}
		poll(NULL, 0, LOOK_MS);
	}
	join_watch_end(watch);
	return fine;
}

/* Leaves the process that records into this directory. */
static bool recorded_leave(const char *directory, double pause_ms, struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault;
	struct join_result result;
	char found[4200];

	if (!seep_heap_open(&heap, directory, false, &fault))
		return true;
	seep_heap_state(&heap, &state);
	const bool is_alive = seep_heap_alive(&heap);
	seep_heap_close(&heap);
	if (!is_alive)
		return true;
	if (!recording_locate((pid_t)state.pid, found, sizeof found, error))
		return false;
	if (strcmp(found, directory) != 0)
		return error_set(error, "%s: its process has another number here, and can't be left", directory);
	return process_leave((pid_t)state.pid, pause_ms, &result, error);
}

/* Leaves forked processes that have taken no sample yet: the others' recordings tell who keeps them, which may be another seep. */
static void idle_leave(pid_t pid, double pause_ms)
{
	struct process_list forked;
	struct join_result result;
	struct error ignored;
	char directory[4200];

	process_list_forked(&forked, pid);
	for (size_t i = 0; i < forked.count; i++)
		if (!recording_locate(forked.each[i].pid, directory, sizeof directory, &ignored))
			process_leave(forked.each[i].pid, pause_ms, &result, &ignored);
	process_list_free(&forked);
}

/* Leaves what the program forked and executed while it was joined, and what those did. */
static bool others_leave(struct keepers *keepers, const struct attendant_request *request, struct error *error)
{
	size_t count;
	bool left = true;

	idle_leave(request->pid, request->pause_ms);
	char **directories = keepers_directories(keepers, &count);
	for (size_t i = 0; i < count; i++) {
		left = recorded_leave(directories[i], request->pause_ms, error) && left;
		free(directories[i]);
	}
	free(directories);
	return left;
}

/* Stays with the other processes that are recorded, until they have ended or it is time to leave them. Whoever waits is told if one
 * of them can't be left. */
static void others_attend(const struct attendant_request *request, struct keepers *keepers, double until_ms, int news,
			  struct news *said)
{
	for (int tries = 0;;) {
		if (tries < LEAVE_TRIES && is_over(until_ms)) {
			tries = others_leave(keepers, request, &said->error) ? 0 : tries + 1;
			if (tries == LEAVE_TRIES) {
				said->stuck = true;
				send(news, said, sizeof *said, MSG_NOSIGNAL);
			}
		}
		if (!keepers_are_busy(keepers))
			return;
		poll(NULL, 0, LOOK_MS);
	}
}

static void session_names_keep(const struct session_results *results)
{
	size_t count;
	const char **directories = session_directories(results, &count);

	names_keep(directories, count);
	free(directories);
}

/* Adds what libseep.so gave as a reason. */
static void reasons_add(struct error *error, const struct session_results *results)
{
	for (size_t i = 0; i < results->note_count; i++) {
		size_t used = strlen(error->text);
		snprintf(error->text + used, sizeof error->text - used, ": %s", results->notes[i].text);
	}
}

static _Noreturn void process_run(const struct attendant_request *request, struct session *session, int news)
{
	struct session_results results;
	struct news said = {0};

	prctl(PR_SET_NAME, "seep-attendant");
	background_enter_with(session, news);
	leave_listen();
	struct keepers *keepers = keepers_start(session);
	said.joined = join(request, session, keepers != NULL, &said.result, &said.error);
	if (said.joined) {
		const double until_ms = request->for_ns ? tracing_now_ms() + (double)request->for_ns / 1e6 : 0;
		send(news, &said, sizeof said, MSG_NOSIGNAL);
		said.stuck = !attend(request, until_ms, &said.error);
		if (said.stuck) /* nobody waits for us; we go on keeping its recordings */
			send(news, &said, sizeof said, MSG_NOSIGNAL);
		others_attend(request, keepers, until_ms, news, &said);
	}
	keepers_stop(keepers);
	session_finish(session, &results);
	if (said.joined)
		session_names_keep(&results);
	else
		reasons_add(&said.error, &results);
	send(news, &said, sizeof said, MSG_NOSIGNAL);
	session_close(session);
	_exit(0);
}

bool attendant_begin(struct attendant *attendant, const struct attendant_request *request, struct error *error)
{
	struct session session = {0};
	struct news said = {0};
	int ends[2];

	if (!session_open(&session, request->output, error))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		session_close(&session);
		return error_set(error, "socketpair: %s", strerror(errno));
	}
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		process_run(request, &session, ends[1]);
	}
	close(ends[1]);
	close(session.descriptor);
	if (session.host >= 0)
		close(session.host);
	if (pid < 0)
		error_set(&said.error, "fork: %s", strerror(errno));
	else if (recv(ends[0], &said, sizeof said, 0) != sizeof said)
		error_set(&said.error, "the process that was to join %d has ended", (int)request->pid);
	*attendant = (struct attendant){.pid = pid, .news = ends[0], .joined = said.result};
	if (said.joined)
		return true;
	*error = said.error;
	attendant_forget(attendant);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return false;
}

bool attendant_await(struct attendant *attendant, struct error *error)
{
	struct news said;
	ssize_t got;

	leave_listen();
	while ((got = recv(attendant->news, &said, sizeof said, 0)) < 0 && errno == EINTR)
		if (asked_to_leave)
			kill(attendant->pid, SIGTERM);
	attendant_forget(attendant);
	/* an attendant that could not leave stays as long as the program */
	if (attendant->pid > 0 && !(got == sizeof said && said.stuck))
		waitpid(attendant->pid, NULL, 0);
	if (got != sizeof said)
		return error_set(error, "the process that stayed with it has ended");
	if (!said.joined || said.stuck)
		*error = said.error;
	return said.joined && !said.stuck;
}

void attendant_forget(struct attendant *attendant)
{
	close(attendant->news);
	attendant->news = -1;
}
