/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task (process/task.h) that makes a profile for those who fetch profiles from Go programs: of a recording as of now, which
 * takes no snapshot, or of some seconds from now on.
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
	PROFILE_WHOLE, /* what was allocated since the recording began, and what is in use */
	PROFILE_TEXT,  /* the same as gperftools writes it */
	PROFILE_DELTA, /* what was allocated since the last such profile, and what is in use */
	PROFILE_SPAN,  /* the growth of all values within some seconds */
};

/* Since when a delta is. */
struct profile_since {
	struct buffer snapshot; /* the state at the last delta; empty: there is none */
	/* Unix time. Nobody knows who was told of what was allocated before: the first delta of a recording that began earlier has
	 * nothing allocated. */
	uint64_t beginning_ns;
	uint64_t ended_start_ns; /* start of the recording whose last delta was made; 0: none */
};

struct profile_wish {
	const char *path;
	const struct symbol_search *symbols;
	enum profile_kind kind;
	unsigned seconds;     /* of a span */
	bool shows_allocated; /* first; else what is in use */
	const struct profile_since *since;
};

enum { PROFILE_SECONDS_MOST = 240 };

bool profile_task_start(struct task *task, const struct profile_wish *wish, uint64_t now_ns, struct error *error);
/* Ends it. True: `document` is appended to, and of a delta, `since` moves on. Else the error has one line. */
bool profile_task_finish(struct task *task, struct buffer *document, struct profile_since *since, double *cpu_s,
			 struct error *error);

#endif
