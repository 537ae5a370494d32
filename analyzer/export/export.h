/* SPDX-License-Identifier: Apache-2.0 */
/* A profile, or the difference of two, in the languages of other tools. Each function appends a whole document.
 * Profiles must have been symbolized; `base` is NULL where no difference is wanted. */
#ifndef SEEP_EXPORT_EXPORT_H
#define SEEP_EXPORT_EXPORT_H

#include "base/buffer.h"
#include "export/rows.h"
#include "profile/profile.h"
#include "tree/call_tree.h"

/* profile.proto (github.com/google/pprof), gzip-compressed and symbolized: alloc and inuse, objects and space. The
 * objects in use carry labels: their size and thread. Gives the bytes that it unpacks to. */
size_t export_pprof(struct buffer *out, const struct profile *now, const struct profile *base);

/* The same, not yet compressed. */
void export_pprof_plain(struct buffer *out, const struct profile *now, const struct profile *base);

/* A stretch of a recording's time, for those who collect such stretches one after the other. */
struct export_interval {
	const struct profile *now, *base; /* base: NULL, since the recording began */
	const struct export_rows *rows;   /* by export_rows_build_interval() */
	uint32_t first, count;            /* of the rows, for a profile of its own */
	uint32_t lacks;                   /* values that it shall not have, as in struct profile */
	bool has_duration;                /* some readers take a profile with one for a difference in all its values */
	bool shows_allocated;             /* readers are to show what was allocated first, not what is in use */
};

/* Such a stretch as profile.proto, not compressed: samples without labels. */
void export_pprof_interval(struct buffer *out, const struct export_interval *interval);

/* speedscope's JSON: one profile for each of the four values; of a difference two, what grew and what shrank, since
 * speedscope has no negative weights. Inlined calls are frames. */
void export_speedscope(struct buffer *out, const struct profile *now, const struct profile *base);

/* The text of gperftools' heap profiler, with addresses and the modules they lie in. It has no negative numbers, so
 * there is no difference; the tools that read it subtract by themselves. */
void export_gperftools(struct buffer *out, const struct profile *profile);

/*
 * A call tree as folded stacks, the plain text that flame graph tools read:
 *
 *	main;serve;parse 1048576
 *
 * There is a line for each path at whose end something was allocated, callers first, with its flat value as a whole number:
 * the value that the tree is arranged by. A line of a differential tree has two numbers, before and now, as difffolded
 * writes them. In names ";" becomes ":". Paths without a value are left out.
 */
void folded_render(struct buffer *out, const struct call_tree *tree);

#endif
