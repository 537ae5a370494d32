/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTML file that shows a whole recording: what leaks, since when, and how sure that is. It asks nothing of any
 * server; its data, style and script are in it. docs/PAGE.md describes the data.
 */
#ifndef SEEP_PAGE_PAGE_H
#define SEEP_PAGE_PAGE_H

#include "base/buffer.h"
#include "leaks/leaks.h"
#include "page/cells.h"
#include "profile/profile.h"
#include "source/source_excerpt.h"

/* One snapshot of the recording, as the page's time line has it. */
struct page_moment {
	uint64_t number, time_ns;
	uint32_t trigger;
	uint64_t memory_known, memory[64]; /* as in the profile */
	struct class_sums classes;
};

/* What the page is made of. Nothing is owned. */
struct page {
	const char *source;
	const struct page_moment *moments; /* ascending by number */
	size_t moment_count;
	const struct history *history; /* its sites are the page's */
	const struct page_cell *cells; /* of these moments, as the counters */
	size_t cell_count;
	const struct page_counters *counters;
	const struct profile *whole; /* the last of them, symbolized: its counters and stacks are the recording's */
	const struct leaks *places;  /* judged by place; NULL: can't be, because of */
	const char *unjudged;        /* ... this line */
	const struct series *series; /* that the verdicts were made of */
	size_t judged_at;            /* the moment that the verdicts are about */
	bool shutdown_left_out;      /* moments after judged_at are the program's shutdown */
	const struct source_excerpt *sources; /* NULL: withheld */
	/* Of a flame graph instead of a recording: what is shown, and its sites as groups by stack; the history is NULL then. */
	const char *metric;
	const struct page_selection *selection;
	const struct group_table *groups;
	bool is_unsure;           /* there are no intervals */
	uint32_t node_limit;      /* of the trie of calls; 0: none */
	size_t left_out, removed; /* snapshots of the series that were not read, and that are no longer there */
	size_t damaged;           /* that can't be read */
};

/* Appends the data: JSON (docs/PAGE.md), packed by gzip. */
void page_data_pack(struct buffer *out, const struct page *page);

/* Appends the whole file. */
void page_render(struct buffer *out, const struct page *page);

/* Appends the file of a server, without data: its script asks for them, at `state` and `data` beside it. The answer's own
 * header must have the policy. */
void page_render_live(struct buffer *out);
void page_append_live_policy(struct buffer *out);

#endif
