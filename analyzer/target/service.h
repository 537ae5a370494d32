/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service at a given time: which of its processes ran, and the nearest snapshot of each.
 *
 * A process seldom has a snapshot of exactly that time, so the nearest one stands for it. If no process ran at all,
 * those that ran at the nearest time do. Times are by the clock of the day: the time at which a process started, and
 * how long it had run.
 */
#ifndef SEEP_TARGET_SERVICE_H
#define SEEP_TARGET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One process, from one recording. */
struct service_process {
	char *path;        /* of the recording */
	uint64_t *numbers; /* of its snapshots, in ascending order */
	size_t count;
	uint64_t start_ns, start_unix_ns; /* start of the recording, by both clocks */
	uint64_t end_unix_ns;             /* of the last snapshot; SERVICE_NOW: the process runs */
};

#define SERVICE_NOW UINT64_MAX

struct service {
	const char *name; /* borrowed */
	struct service_process *processes;
	size_t count;
	size_t left_out; /* number of recordings that can't be read, or have no snapshot yet */
};

/* Looks in every store; what is found lives as long as the command. False: there is no such service, or nothing of it
 * can be read. */
bool service_open(struct service *service, const char *name, struct error *error);
/* Fills the error: there is no service of that name. Returns false. */
bool service_say_missing(const char *name, struct error *error);

/* The snapshots that stand for the service at a time. */
struct service_choice {
	const struct service_process *process;
	char *path; /* path of the snapshot; for the last one, of the recording */
	/* time of the snapshot; SERVICE_NOW: its process runs, and the time is later than all snapshots */
	uint64_t unix_ns;
};

struct service_moment {
	struct service_choice *choices;
	size_t count;
	uint64_t unix_ns; /* the time asked for, or the nearest at which a process ran */
};

void service_at(const struct service *service, uint64_t unix_ns, struct service_moment *moment);

/* Converts a time to the clock of the process's snapshots; 0: it is before the process's start. */
uint64_t service_process_time(const struct service_process *process, uint64_t unix_ns);

/* Calls `visit` for the directory of a service in each store, or of every service if `name` is NULL. */
typedef void service_visitor(const char *name, const char *directory, void *context);
void service_visit(const char *name, service_visitor *visit, void *context);

#endif
