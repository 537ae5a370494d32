/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recordings that are served: those that the operands name, and what is recorded beside them later. An operand that is a directory
 * of recordings brings each that appears in it. One that is a recording brings those that take its name with .2, .3 behind it from
 * now on, which is how processes that record to the same place are told apart.
 *
 * A recording is known by a name of ours; no path is ever made of what a client sends.
 */
#ifndef SEEP_SERVE_RECORDINGS_H
#define SEEP_SERVE_RECORDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "serve/answers/cached.h"
#include "serve/scrape/metrics_task.h"
#include "serve/scrape/profile_task.h"
#include "work/pace.h"
#include "serve/worker.h"

enum { RECORDINGS_MOST = 4096 };

/* What a directory or file looked like: another look that finds the same need not read it. */
struct look {
	dev_t device;
	ino_t inode;
	int64_t size, changed_ns; /* changed_ns 0: it was not there */
};

struct served {
	char *name, *path;
	struct look seen, tried; /* now, and when its page was last begun to be made */
	bool is_tried, is_built, is_gone;
	struct page_summary summary; /* of the data; where is_built */
	struct error fault;          /* of the last try; "": none */
	struct cached data;          /* empty: not made yet, or given up for another's */
	uint64_t looked_ns, asked_ns,
	    listed_ns;             /* when it was looked at; when its page, the list with it was asked for */
	struct cached profiles[2]; /* as /debug/pprof/heap and allocs give them, and when they were made */
	uint64_t profiles_ns[2], scraped_ns;
	struct profile_since since; /* of deltas */
	struct look measured;       /* when its metrics were last begun to be made */
	uint64_t measured_ns;
	bool is_measured, is_known; /* is_known: these two are of that time */
	struct metrics_summary about;
	struct metrics metrics;
	uint64_t vanished_ns, gone_ns; /* when its process, when it itself was first seen to be gone; 0: it is there */
	struct pace pace, scrape_pace, metrics_pace;
};

struct operand {
	char *path;
	bool is_directory; /* of recordings */
	unsigned follower; /* of a recording: the number that the next one behind it would have */
	struct look seen;
	uint64_t looked_ns;
};

struct recordings { /* zero-initialise */
	struct operand *operands;
	size_t operand_count;
	struct served **each; /* in any order */
	size_t count, left_out;
};

/* False: there is nothing to serve at that path, and never will be. */
bool recordings_add(struct recordings *recordings, const char *path, struct error *error);
/* Whether a directory is among the operands. */
bool recordings_may_grow(const struct recordings *recordings);
void recordings_free(struct recordings *recordings);

/* Looks for new ones, at most once a second; and forgets those that are gone, for long. */
void recordings_scan(struct recordings *recordings, uint64_t now_ns);
/* NULL: none has this name. */
struct served *recordings_find(const struct recordings *recordings, const char *name, size_t length);

/* Looks whether it has changed, at most once a second. */
void served_look(struct served *served, uint64_t now_ns);
/* "running", "ended", "left", "broken", "gone", or "new" before anything is known. */
const char *served_state(struct served *served, uint64_t now_ns);
/* Whether its page was tried to be made as it is now. */
bool served_is_current(const struct served *served);
/* The same of its metrics. */
bool served_metrics_are_current(const struct served *served);

#endif
