/* SPDX-License-Identifier: Apache-2.0 */
/* A profile, or the difference of two, in the formats of other tools. Each function appends a whole document. Profiles
 * must have been symbolized; `base` is NULL if no difference is wanted. */
#ifndef SEEP_EXPORT_EXPORT_H
#define SEEP_EXPORT_EXPORT_H

#include "base/buffer.h"
#include "export/rows.h"
#include "profile/profile.h"
#include "tree/call_tree.h"

/* profile.proto (github.com/google/pprof), gzip-compressed and symbolized: alloc and inuse, objects and space. The
 * objects in use carry labels: their size and thread. Returns the unpacked size in bytes. */
size_t export_pprof(struct buffer *out, const struct profile *now, const struct profile *base);

/* The same, uncompressed. */
void export_pprof_plain(struct buffer *out, const struct profile *now, const struct profile *base);

/* A stretch of a recording's time, for those who collect one stretch after the other. */
struct export_interval {
	const struct profile *now, *base; /* `base` is NULL if the stretch begins with the recording */
	const struct export_rows *rows;   /* made by export_rows_build_interval() */
	uint32_t first, count;            /* the rows that go into a profile of their own */
	uint32_t lacks;                   /* values to leave out, as in struct profile */
	bool has_duration;    /* give the profile a duration; some readers then take all its values for differences */
	bool shows_allocated; /* readers show the allocated memory first, instead of the memory in use */
};

/* Such a stretch as profile.proto, uncompressed: samples without labels. */
void export_pprof_interval(struct buffer *out, const struct export_interval *interval);

/* speedscope's JSON: one profile for each of the four values. A difference has two for each (what grew, what shrank),
 * since speedscope has no negative weights. Inlined calls are frames. */
void export_speedscope(struct buffer *out, const struct profile *now, const struct profile *base);

/* The text of gperftools' heap profiler, with addresses and the modules in which they lie. It has no negative numbers,
 * so there is no difference; the tools that read it can subtract. */
void export_gperftools(struct buffer *out, const struct profile *profile);

/*
 * A call tree as folded stacks, the plain text that flame graph tools read:
 *
 * *       main;serve;parse 1048576
 *
 * Each path at whose end something was allocated has a line, callers first, with its flat value as a whole number. It
 * is the value by which the tree is arranged. A line of a differential tree has two numbers, before and now, as
 * difffolded writes them. In names ";" becomes ":". Paths without a value are left out.
 */
void folded_render(struct buffer *out, const struct call_tree *tree);

#endif
