/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recordings that are served: those that the operands name, and those that appear beside them later. A directory of
 * recordings brings each one that appears in it. A recording brings those that get its name with .2, .3 behind it from
 * now on: such are the names of processes that record to the same place.
 *
 * Each recording has a name that we gave it; no path is ever made of what a client sends.
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

/* What a directory or file looked like. If another look finds the same, it need not be read again. */
struct look {
	dev_t device;
	ino_t inode;
	int64_t size, changed_ns; /* changed_ns 0: it did not exist */
};

struct served {
	char *name, *path;
	struct look seen, tried; /* now, and when its page was last begun */
	bool is_tried, is_built, is_gone;
	struct page_summary summary; /* of the data; valid if is_built */
	struct error fault;          /* of the last attempt; "": none */
	struct cached data;          /* empty: not made yet, or dropped to make room for another's */
	uint64_t looked_ns, asked_ns,
	    listed_ns;             /* when it was looked at; when its page, and the list with it, was asked for */
	struct cached profiles[2]; /* those for /debug/pprof/heap and allocs, and when they were made */
	uint64_t profiles_ns[2], scraped_ns;
	struct profile_since since; /* for deltas */
	struct look measured;       /* when its metrics were last begun */
	uint64_t measured_ns;
	bool is_measured, is_known; /* if is_known: these two are of that time */
	struct metrics_summary about;
	struct metrics metrics;
	/* when its process, and when it itself, was first seen to be gone; 0: still there */
	uint64_t vanished_ns, gone_ns;
	struct pace pace, scrape_pace, metrics_pace;
};

struct operand {
	char *path;
	bool is_directory; /* of a directory of recordings */
	unsigned follower; /* for a recording: the number that the next one with its name would get */
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
/* Serves what will be recorded in a directory that may not be there yet. */
void recordings_await(struct recordings *recordings, const char *directory);
/* Whether an operand is a directory of recordings. */
bool recordings_may_grow(const struct recordings *recordings);
void recordings_free(struct recordings *recordings);

/* Looks for new ones, at most once a second, and forgets those that have been gone for long. */
void recordings_scan(struct recordings *recordings, uint64_t now_ns);
/* NULL: no recording has this name. */
struct served *recordings_find(const struct recordings *recordings, const char *name, size_t length);

/* Checks whether it has changed, at most once a second. */
void served_look(struct served *served, uint64_t now_ns);
/* "running", "ended", "left", "broken", "gone", or "new" before anything is known. */
const char *served_state(struct served *served, uint64_t now_ns);
/* Whether its page was made, or tried to be made, in its present state. */
bool served_is_current(const struct served *served);
/* The same for its metrics. */
bool served_metrics_are_current(const struct served *served);

#endif
