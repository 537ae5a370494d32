/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task (process/task.h) that makes the data of one page.
 */
#ifndef SEEP_SERVE_WORKER_H
#define SEEP_SERVE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "process/task.h"
#include "symbols/symbols.h"

/* Settings for all pages. Nothing is owned. */
struct page_request {
	struct symbol_search symbols;
	const char *const *wrappers;
	size_t wrapper_count;
	bool has_sources;                /* pages have lines of source */
	const char *const *source_rules; /* by which source files are found (source/sources.h) */
	size_t source_rule_count;
};

/* A recording's row in the list. Its texts are fit to print. */
struct page_summary {
	uint32_t state;   /* enum listing_state at that time */
	uint32_t finding; /* enum finding */
	uint64_t pid, start_ticks, start_unix_ns, newest_unix_ns, snapshots;
	double seconds;
	char command[64], in_use[32], interval[32], sentence[256];
};

bool worker_start(struct task *task, const char *path, const struct page_request *request, uint64_t now_ns,
		  struct error *error);
/* Ends the task, and waits for that. True: `got` has the page's data, without the summary. False: the error has one
 * line. `cpu_s` is the CPU time that it took. */
bool worker_finish(struct task *task, struct page_summary *summary, double *cpu_s, struct error *error);

#endif
