/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTML file that shows a whole recording: what leaks, since when, and how sure that is. It asks no server for
 * anything; data, style and script are in it. docs/PAGE.md describes the data.
 */
#ifndef SEEP_PAGE_PAGE_H
#define SEEP_PAGE_PAGE_H

#include "base/buffer.h"
#include "leaks/leaks.h"
#include "page/cells.h"
#include "profile/profile.h"
#include "source/source_excerpt.h"

/* One snapshot of the recording, for the page's time line. */
struct page_moment {
	uint64_t number, time_ns;
	uint32_t trigger;
	uint64_t memory_known, memory[64]; /* as in the profile */
	struct class_sums classes;
};

/* Everything that the page shows. Nothing is owned. */
struct page {
	const char *source;
	const struct page_moment *moments; /* in ascending order of number */
	size_t moment_count;
	const struct history *history; /* its sites are the page's */
	const struct page_cell *cells; /* at these moments, like the counters */
	size_t cell_count;
	const struct page_counters *counters;
	/* the last moment, symbolized: its counters and stacks are those of the whole recording */
	const struct profile *whole;
	const struct leaks *places;  /* judged by place; NULL: not judged, because of */
	const char *unjudged;        /* ... this line */
	const struct series *series; /* from which the verdicts were made */
	const struct leaks
	    *mapped;            /* what was mapped past malloc, by place; NULL: it has not grown, or is not judged */
	size_t judged_at;       /* the moment that the verdicts are about */
	bool shutdown_left_out; /* moments after judged_at belong to the program's shutdown */
	const struct source_excerpt *sources; /* NULL: they are withheld */
	/* For a flame graph instead of a recording: the value that it shows; its sites are groups by stack, and the
	 * history is NULL. */
	const char *metric;
	const struct page_selection *selection;
	const struct group_table *groups;
	bool is_unsure;           /* there are no intervals */
	uint32_t node_limit;      /* nodes that the trie of calls may have; 0: any number */
	size_t left_out, removed; /* snapshots of the series that were not read, and that no longer exist */
	size_t damaged;           /* snapshots that can't be read */
};

/* Appends the data: JSON (docs/PAGE.md), packed by gzip. */
void page_data_pack(struct buffer *out, const struct page *page);

/* Appends the whole file. */
void page_render(struct buffer *out, const struct page *page);

/* Appends the file for a server, without data: its script fetches them from `state` and `data` beside it. The server's
 * answer must have the policy in its header. */
void page_render_live(struct buffer *out);
void page_append_live_policy(struct buffer *out);

#endif
