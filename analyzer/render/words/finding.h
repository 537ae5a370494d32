/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a whole recording in one line. */
#ifndef SEEP_WORDS_FINDING_H
#define SEEP_WORDS_FINDING_H

#include "base/buffer.h"
#include "leaks/leaks.h"
#include "series/series.h"

enum finding {
	FINDING_NO_VERDICT,
	FINDING_NOTHING,
	FINDING_LEAKS,
};
enum finding finding_of(const struct leaks *leaks);

/* The words after the finding's name: "4 places, 37.9 GiB [34, 43] an hour"; "as far as 4 min 10 s of recording can
 * show"; or why there is no verdict. */
void finding_append(struct buffer *out, const struct leaks *leaks, const struct series *series);

/* "at that pace the cgroup limit of 2 GiB is reached in 3 h [2 h, 5 h]". False: nothing, because no limit is near or
 * nothing leaks. */
bool finding_append_limit(struct buffer *out, const struct leaks *leaks);

/* The sum of the bytes in use of a verdict's rows; for churn, the bytes that they allocate a second. */
void verdict_amount_append(struct buffer *out, const struct leaks *leaks, enum leak_verdict verdict);

#endif
