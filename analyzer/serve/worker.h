/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that makes the data of one page and ends. So the memory that it took is given back; and a recording that somebody made
 * up, which crashes it or takes too long, costs its own page alone. What it hands over is checked like a file's contents.
 */
#ifndef SEEP_SERVE_WORKER_H
#define SEEP_SERVE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/error.h"
#include "symbols/symbols.h"

/* How all pages are made. Nothing is owned. */
struct page_request {
	struct symbol_search symbols;
	const char *const *wrappers;
	size_t wrapper_count;
	bool has_sources;                /* pages have lines of source, */
	const char *const *source_rules; /* which are looked for by these (source/sources.h) */
	size_t source_rule_count;
};

/* What the list of recordings says of one. Texts are fit to print. */
struct page_summary {
	uint32_t state;   /* enum listing_state at that time */
	uint32_t finding; /* enum finding */
	uint64_t pid, start_ticks, start_unix_ns, newest_unix_ns, snapshots;
	double seconds;
	char command[64], in_use[32], interval[32], sentence[256];
};

struct worker {
	pid_t pid; /* 0: there is none */
	int pipe;
	uint64_t deadline_ns;
	struct buffer got;
};

bool worker_start(struct worker *worker, const char *path, const struct page_request *request, uint64_t now_ns,
		  struct error *error);
/* Takes what is there. False: all of it is. */
bool worker_read(struct worker *worker);
/* Ends it, and waits for that. True: `got` has the page's data, after the summary was taken out of it. Else the error has one line. `cpu_s` is
 * what it took. */
bool worker_finish(struct worker *worker, struct page_summary *summary, double *cpu_s, struct error *error);

#endif
