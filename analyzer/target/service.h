/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service as it was at some time: which of its processes ran, and the snapshot of each that is nearest.
 *
 * Of a process that ran at no snapshot's time exactly the nearest one stands for it; where none ran at all, those that ran at
 * the nearest time do. Times are the clock's: that of a process's start, and how long it had run.
 */
#ifndef SEEP_TARGET_SERVICE_H
#define SEEP_TARGET_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One process, as one recording has it. */
struct service_process {
	char *path;        /* of the recording */
	uint64_t *numbers; /* of its snapshots, ascending */
	size_t count;
	uint64_t start_ns, start_unix_ns; /* of the recording, by both clocks */
	uint64_t end_unix_ns;             /* of the last snapshot; SERVICE_NOW: it runs */
};

#define SERVICE_NOW UINT64_MAX

struct service {
	const char *name; /* borrowed */
	struct service_process *processes;
	size_t count;
	size_t left_out; /* recordings that can't be read, or have no snapshot yet */
};

/* Of every store; what is found stays for as long as the command runs. False: there is no such service, or nothing of it can be read. */
bool service_open(struct service *service, const char *name, struct error *error);
/* Says that there is none of that name; false. */
bool service_say_missing(const char *name, struct error *error);

/* What stands for the service at a time. */
struct service_choice {
	const struct service_process *process;
	char *path;       /* of the snapshot; where it is the last, of the recording */
	uint64_t unix_ns; /* of the snapshot; SERVICE_NOW: its process runs, and the time was later */
};

struct service_moment {
	struct service_choice *choices;
	size_t count;
	uint64_t unix_ns; /* the time, or the nearest at which a process ran */
};

void service_at(const struct service *service, uint64_t unix_ns, struct service_moment *moment);

/* A time by the clock of the process's snapshots; 0: before its start. */
uint64_t service_process_time(const struct service_process *process, uint64_t unix_ns);

/* Calls `visit` for the directory of a service, or of every one where `name` is NULL, in all stores. */
typedef void service_visitor(const char *name, const char *directory, void *context);
void service_visit(const char *name, service_visitor *visit, void *context);

#endif
