/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session is one `seep run`. It has a registry: a file to which each process of the tree appends the path of the
 * recording that it began, or a message. When the program has ended, the session finishes those recordings.
 */
#ifndef SEEP_SESSION_SESSION_H
#define SEEP_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "session/registry.h"

enum session_state {
	SESSION_FINISHED, /* its last snapshot is written */
	SESSION_RUNNING,  /* the process lives on (a daemon, a job in the background) */
	SESSION_BROKEN,   /* it can't be finished; `fault` says why */
};

struct session_recording {
	char *directory; /* absolute */
	uint64_t pid;
	enum session_state state;
	size_t snapshots, timer_snapshots;
	double in_use_bytes; /* estimated, at the end */
	double allocated_bytes;
	bool lower_bound;   /* some samples were lost, so the program had more */
	struct error fault; /* with SESSION_BROKEN: why */
};

/* A message of the shim, and how many processes gave it. */
struct session_note {
	char *text; /* safe to print */
	size_t processes;
};

struct session_results {
	struct session_recording *recordings; /* largest in use first, then most allocated; broken recordings last */
	size_t count, capacity;
	struct session_note *notes;
	size_t note_count, note_capacity;
	int lacks_room;   /* from the session: lines may be missing */
	bool interrupted; /* a signal ended the work: some are neither finished nor summed up */
};

/* Makes the registry in TMPDIR, /tmp, /dev/shm or the current directory, and removes registries of dead runs there.
 * False: none of these directories can take it. output: pattern of the recordings' names, which must stay valid. */
bool session_open(struct session *session, const char *output, struct error *error);

/* More than any line of the registry has: a path with each byte escaped. */
#define SESSION_LINE_BYTES 12288

/* Reads the registry's next line, and undoes its escapes. False: no whole line is there, or something else, behind which no
 * line is looked for. */
bool session_line_next(FILE *registry, char line[SESSION_LINE_BYTES]);

/* Removes the registry, finishes the recordings whose process has ended, waiting a moment for those about to end, and
 * sums them up. */
void session_finish(struct session *session, struct session_results *results);
/* The directories of the recordings that can be read, in their order. The caller frees the array alone. */
const char **session_directories(const struct session_results *results, size_t *count);
void session_results_free(struct session_results *results);

/* Removes the registry. */
void session_close(struct session *session);

#endif
