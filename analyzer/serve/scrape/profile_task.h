/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task (process/task.h) that makes a profile for clients of Go programs' profiles: of a recording as of now,
 * without taking a snapshot, or of some seconds from now on.
 */
#ifndef SEEP_SCRAPE_PROFILE_TASK_H
#define SEEP_SCRAPE_PROFILE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "process/task.h"
#include "symbols/symbols.h"

enum profile_kind {
	PROFILE_WHOLE, /* allocations since the recording began, and memory in use */
	PROFILE_TEXT,  /* the same in gperftools' text format */
	PROFILE_DELTA, /* allocations since the last such profile, and memory in use */
	PROFILE_SPAN,  /* the growth of all values within some seconds */
};

/* Where a delta begins. */
struct profile_since {
	struct buffer snapshot; /* the state at the last delta; empty: there was none */
	/* Unix time. The first delta of a recording that began before this has no allocations, since nobody knows who
	 * was told of them. */
	uint64_t beginning_ns;
	uint64_t ended_start_ns; /* start of the recording whose last delta was made; 0: none */
};

struct profile_wish {
	const char *path;
	const struct symbol_search *symbols;
	enum profile_kind kind;
	unsigned seconds;     /* for PROFILE_SPAN */
	bool shows_allocated; /* show allocations first; otherwise memory in use */
	const struct profile_since *since;
};

enum { PROFILE_SECONDS_MOST = 240 };

bool profile_task_start(struct task *task, const struct profile_wish *wish, uint64_t now_ns, struct error *error);
/* Ends the task. True: `document` was appended to, and for a delta, `since` moves on. False: the error has one line. */
bool profile_task_finish(struct task *task, struct buffer *document, struct profile_since *since, double *cpu_s,
			 struct error *error);

#endif
