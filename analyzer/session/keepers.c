/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that keep recordings: see keepers.h. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/memory.h"
#include "session/host.h"
#include "session/keepers.h"
#include "session/names.h"
#include "process/thread.h"
#include "work/clock.h"

enum {
	/* keepers at a time. The programs of the others fold their own events until it is their turn. SEEP_KEEPERS sets
	 * fewer, for tests */
	KEEPERS_MAX = 2048,
	LOOK_FIRST_MS = 4, /* between looks at the registry, in the beginning */
	LOOK_MS = 100,     /* the same later */
	WAIT_LEAST_S = 1,
	LEAVE_LOOK_NS = 2000000,
	LEAVE_LOOKS = 1000,
	BEGIN_LOOK_NS = 20000000,
	BEGIN_LOOKS = 150,
};

struct keepers {
	const struct session *session;
	int most; /* keepers at a time */
	pthread_t watcher;
	int rouse; /* eventfd that wakes the watcher; -1: there is none */
	seep_keeper_leave leave;
	pthread_mutex_t lock;      /* protects the two lists below */
	struct keeper_task *tasks; /* keepers that run */
	int running;
	/* The watcher's own, until it has ended: recordings whose turn has not come, the oldest first. */
	struct keeper_task *waiting, **waiting_end;
	_Atomic size_t waiting_count;
	struct keepers_waits waits;
};

struct keeper_task {
	struct keepers *keepers;
	char *directory;
	struct keeper_task *previous, *next;
	uint64_t since_ns; /* when it began to wait */
	void *findings;    /* what was found when the program was looked at as it ended */
};

static void task_add(struct keeper_task *task)
{
	struct keepers *keepers = task->keepers;

	pthread_mutex_lock(&keepers->lock);
	task->next = keepers->tasks;
	if (task->next)
		task->next->previous = task;
	keepers->tasks = task;
	keepers->running++;
	pthread_mutex_unlock(&keepers->lock);
}

/* The caller holds the lock. */
static void task_unlink(struct keeper_task *task)
{
	struct keepers *keepers = task->keepers;

	if (task->previous)
		task->previous->next = task->next;
	else
		keepers->tasks = task->next;
	if (task->next)
		task->next->previous = task->previous;
	keepers->running--;
}

static void task_remove(struct keeper_task *task)
{
	pthread_mutex_lock(&task->keepers->lock);
	task_unlink(task);
	pthread_mutex_unlock(&task->keepers->lock);
}

static void task_end(struct keeper_task *task)
{
	struct keepers *keepers = task->keepers;

	pthread_mutex_lock(&keepers->lock); /* the watcher may free the struct as soon as we unlock it */
	task_unlink(task);
	free(task->directory);
	free(task);
	pthread_mutex_unlock(&keepers->lock);
}

static int keepers_running(struct keepers *keepers)
{
	pthread_mutex_lock(&keepers->lock);
	int running = keepers->running;
	pthread_mutex_unlock(&keepers->lock);
	return running;
}

static void exit_take(const char *directory, void *context)
{
	struct keeper_task *task = context;

	if (!task->findings)
		task->findings = task->keepers->session->look->take(directory);
}

/* A program that was handed its heap file takes a while to fill in the file's beginning; on a busy machine it takes
 * longer. */
static bool recording_run(struct keeper_task *task)
{
	const struct exit_look *look = task->keepers->session->look;
	const struct seep_keeper_helper helper = {
	    .removal = names_keep_aside, .exit = look ? exit_take : NULL, .context = task};
	const struct timespec nap = {.tv_nsec = BEGIN_LOOK_NS};
	const seep_keeper_leave *leave = &task->keepers->leave;
	struct seep_fault fault;

	for (int i = 0; i < BEGIN_LOOKS && !atomic_load(leave); i++) {
		if (seep_keeper_run(task->directory, leave, &helper, &fault))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

/* Only this process has the findings, so it waits for the end of a process that is just ending. */
static void findings_keep(struct keeper_task *task)
{
	const struct timespec nap = {.tv_nsec = LEAVE_LOOK_NS};
	struct seep_fault fault;
	char name[32];
	bool is_over = false;

	for (int naps = 0; naps < LEAVE_LOOKS && !is_over; naps++) {
		is_over = seep_recording_finish(task->directory, SEEP_TRIGGER_EXIT, name, &fault);
		if (!is_over)
			nanosleep(&nap, NULL);
	}
	task->keepers->session->look->keep(is_over ? task->directory : NULL, name, task->findings);
}

static void *recording_keep(void *argument)
{
	struct keeper_task *task = argument;
	struct seep_fault fault;
	char name[32];

	thread_signals_block();
	/* If this fails, the heap file still holds the recording, and the end of the run reports the fault. The
	 * recording is finished at once, so that a build of thousands of processes does not hold the space of all of
	 * them. */
	const bool is_kept = recording_run(task);
	if (task->findings)
		findings_keep(task);
	else if (is_kept && !atomic_load(&task->keepers->leave))
		seep_recording_finish(task->directory, SEEP_TRIGGER_EXIT, name, &fault);
	task_end(task);
	return NULL;
}

static void recording_begin(struct keepers *keepers, const char *directory)
{
	if (directory[0] != '/')
		return;
	struct keeper_task *task = memory_allocate(1, sizeof *task);
	*task = (struct keeper_task){.keepers = keepers, .directory = memory_copy_text(directory)};
	task->since_ns = clock_monotonic_ns();
	*keepers->waiting_end = task;
	keepers->waiting_end = &task->next;
	atomic_fetch_add(&keepers->waiting_count, 1);
}

/* The end of the run reports recordings that waited for longer than one look. */
static void wait_count(struct keepers *keepers, uint64_t since_ns)
{
	const double waited_s = (double)(clock_monotonic_ns() - since_ns) / 1e9;

	if (waited_s < WAIT_LEAST_S)
		return;
	keepers->waits.recordings++;
	if (waited_s > keepers->waits.longest_s)
		keepers->waits.longest_s = waited_s;
}

static struct keeper_task *waiting_take(struct keepers *keepers)
{
	struct keeper_task *task = keepers->waiting;

	keepers->waiting = task->next;
	if (!keepers->waiting)
		keepers->waiting_end = &keepers->waiting;
	task->next = NULL;
	return task;
}

/* Starts a thread for each recording, the oldest first, as long as the system gives threads. */
static void waiting_begin(struct keepers *keepers)
{
	pthread_t thread;

	while (keepers->waiting && keepers_running(keepers) < keepers->most && !atomic_load(&keepers->leave)) {
		struct keeper_task *task = waiting_take(keepers);
		const uint64_t since_ns = task->since_ns;
		task_add(task);
		if (thread_start(&thread, recording_keep, task, true)) {
			wait_count(keepers, since_ns);
			atomic_fetch_sub(&keepers->waiting_count, 1);
			continue;
		}
		task_remove(task);
		task->previous = NULL;
		task->next = keepers->waiting;
		if (!keepers->waiting)
			keepers->waiting_end = &task->next;
		keepers->waiting = task;
		return;
	}
}

/* For recordings whose turn never came: their heap files hold them, and the end of the run writes their snapshots. */
static void waiting_drop(struct keepers *keepers)
{
	while (keepers->waiting) {
		struct keeper_task *task = waiting_take(keepers);
		wait_count(keepers, task->since_ns);
		free(task->directory);
		free(task);
	}
}

/* Reads the whole lines that came since the last look; a line that is still being written stays for the next look. */
static void registry_follow(struct keepers *keepers, FILE *registry)
{
	char line[SESSION_LINE_BYTES];
	long start = ftell(registry);

	while (session_line_next(registry, line)) {
		recording_begin(keepers, line);
		start = ftell(registry);
	}
	fseek(registry, start, SEEK_SET); /* clears the end-of-file mark, too */
}

/* The watcher looks again and again, because closing an inotify descriptor takes 13 ms, which every short run would
 * pay. A recording that waits for its keeper loses nothing. */
static void *registry_watch(void *argument)
{
	struct keepers *keepers = argument;
	/* opened by the descriptor, since another file may have its name by now */
	int descriptor = fcntl(keepers->session->descriptor, F_DUPFD_CLOEXEC, 3);
	FILE *registry = descriptor >= 0 ? fdopen(descriptor, "r") : NULL;
	struct host *host = host_begin(keepers->session);
	int look_ms = LOOK_FIRST_MS;

	thread_signals_block();
	if (registry)
		rewind(registry); /* a watcher before us, which was killed, may have read from it already */
	while (registry && !atomic_load(&keepers->leave)) {
		registry_follow(keepers, registry);
		waiting_begin(keepers);
		host_wait(host, keepers->rouse, look_ms);
		look_ms = look_ms * 5 / 4 < LOOK_MS ? look_ms * 5 / 4 : LOOK_MS;
	}
	if (registry)
		fclose(registry);
	host_end(host);
	waiting_drop(keepers);
	return NULL;
}

static int keepers_most(void)
{
	const char *wanted = getenv("SEEP_KEEPERS");
	int most = wanted ? atoi(wanted) : 0;

	return most > 0 && most < KEEPERS_MAX ? most : KEEPERS_MAX;
}

struct keepers *keepers_start(const struct session *session)
{
	struct keepers *keepers = memory_allocate(1, sizeof *keepers);

	keepers->session = session;
	keepers->most = keepers_most();
	keepers->waiting_end = &keepers->waiting;
	keepers->rouse = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&keepers->lock, NULL);
	if (thread_start(&keepers->watcher, registry_watch, keepers, false))
		return keepers;
	if (keepers->rouse >= 0)
		close(keepers->rouse);
	free(keepers);
	return NULL;
}

bool keepers_are_busy(struct keepers *keepers)
{
	return keepers && (keepers_running(keepers) || atomic_load(&keepers->waiting_count));
}

char **keepers_directories(struct keepers *keepers, size_t *count)
{
	char **directories = NULL;

	*count = 0;
	if (!keepers)
		return NULL;
	pthread_mutex_lock(&keepers->lock);
	directories = memory_allocate((size_t)keepers->running + 1, sizeof *directories);
	for (const struct keeper_task *task = keepers->tasks; task; task = task->next)
		directories[(*count)++] = memory_copy_text(task->directory);
	pthread_mutex_unlock(&keepers->lock);
	return directories;
}

struct keepers_waits keepers_stop(struct keepers *keepers)
{
	const struct timespec nap = {.tv_nsec = LEAVE_LOOK_NS};

	if (!keepers)
		return (struct keepers_waits){0};
	atomic_store(&keepers->leave, true);
	if (keepers->rouse >= 0)
		eventfd_write(keepers->rouse, 1);
	pthread_join(keepers->watcher, NULL);
	if (keepers->rouse >= 0)
		close(keepers->rouse);
	pthread_mutex_lock(&keepers->lock);
	for (struct keeper_task *task = keepers->tasks; task; task = task->next)
		seep_keeper_wake(task->directory);
	pthread_mutex_unlock(&keepers->lock);
	struct keepers_waits waits = keepers->waits;
	for (int naps = 0; keepers_running(keepers) && naps < LEAVE_LOOKS; naps++)
		nanosleep(&nap, NULL);
	/* a keeper that is stuck in a write to a dead disk still uses the struct */
	if (!keepers_running(keepers))
		free(keepers);
	return waits;
}
