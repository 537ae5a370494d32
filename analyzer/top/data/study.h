/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that takes longer than a look, in a process of its own (process/task.h): names of all places as of now, and the
 * verdicts of `seep leaks` from the recording's snapshots. Its answer is one block of bytes, which is checked like a
 * file's contents.
 */
#ifndef SEEP_TOP_DATA_STUDY_H
#define SEEP_TOP_DATA_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "symbols/symbols.h"

#define STUDY_MOST ((size_t)256 << 20) /* most bytes of an answer */

struct study_request {
	const char *directory;
	struct symbol_search symbols;
	const char *const *wrappers;
	size_t wrapper_count;
	uint64_t open; /* key of a place whose stacks are wanted, too; 0: none */
	unsigned columns;
};

/* A text is an offset into `texts`; 0 is "". All texts are fit to print. A label has an entry like a place's. */
struct study_place {
	uint64_t key;
	uint32_t function, source, file, module; /* source: "svc.c:63-66" */
	uint32_t callers, evidence, caution;
	uint32_t stacks;
	uint32_t verdict, cautions; /* enum leak_verdict; LEAK_VERDICTS: not judged yet */
	/* growth over many places: it has no sites of its own here, but values as of the judgement */
	uint32_t is_spread;
	double leak_low; /* bytes a second */
	double in_use;   /* for growth over many places */
};

struct study_site {
	uint64_t key;          /* profile_site.key */
	uint32_t place, label; /* indices of its entries */
	uint32_t stack;        /* a text: the frames, one on each line, if its place or its label is open */
	uint32_t reserved;
};

struct study_moment {
	uint64_t time_ns;
	double in_use;
};

/* The answer: this struct, then its arrays and texts, in this order. */
struct study_head {
	uint64_t bytes; /* of everything */
	uint32_t place_count, site_count, moment_count, text_bytes;
	uint32_t error, program, finding_text, limit_name;
	uint32_t finding; /* enum finding */
	uint64_t judged_ns, open;
	/* bytes; and seconds from the judgement until the limit is reached, INFINITY: never, or no limit */
	double limit, limit_s;
};

struct study {
	const struct study_head *head; /* NULL: there is no study */
	const struct study_place *places;
	const struct study_site *sites;
	const struct study_moment *moments;
	const char *texts;
	struct buffer bytes; /* owned: contains all of the above */
};

/* The work for task_start(): the context is a struct study_request. */
void study_work(struct buffer *answer, const void *context);

/* Takes over the answer, which is empty afterwards. False: study_work() makes no such answer, or the answer says why
 * there is none. */
bool study_take(struct study *study, struct buffer *answer, struct error *error);
void study_free(struct study *study);

static inline const char *study_text(const struct study *study, uint32_t text)
{
	return study->texts + text;
}

#endif
