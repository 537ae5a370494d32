/* SPDX-License-Identifier: Apache-2.0 */
/* Why a site has its verdict, in one line. */
#ifndef SEEP_WORDS_LEAK_EVIDENCE_H
#define SEEP_WORDS_LEAK_EVIDENCE_H

#include "base/buffer.h"
#include "leaks/leaks.h"

/* "young", "slowing", "paused", "dying", "veiled". */
const char *leak_caution_name(enum leak_caution caution);
/* "short", "few", "old", "swings", "chance"; NULL: there is a verdict. */
const char *leak_unknown_name(enum leak_unknown unknown);

/* A pace is extrapolated to at most this many times the time that was seen; no larger unit of time is used. */
#define LEAK_HORIZON 10
struct leak_unit {
	const char *name; /* "an hour", "a minute", "a second" */
	double seconds;
};
struct leak_unit leak_unit_for(double seconds);

void leak_evidence_append(struct buffer *out, const struct leaks *leaks, const struct leak_row *row);

#endif
