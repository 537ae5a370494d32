/* SPDX-License-Identifier: Apache-2.0 */
/* Advice about a site's churn, as far as the recorded data show a reason, with the bytes and calls a second to which it
 * applies. */
#ifndef SEEP_WORDS_CHURN_ADVICE_H
#define SEEP_WORDS_CHURN_ADVICE_H

#include "base/buffer.h"
#include "base/json.h"
#include "compare/comparison.h"

enum churn_pattern {
	CHURN_LADDER,    /* grown step by step, by realloc */
	CHURN_TEMPORARY, /* freed within a millisecond, and not by another thread */
	CHURN_REMOTE,    /* freed by another thread */
	CHURN_PATTERNS
};

/* Whether the pattern is worth mentioning; if so, appends a line without a newline to `out`, unless that is NULL. */
bool churn_advice_append(struct buffer *out, const struct churn *churn, enum churn_pattern pattern);

/* "advice": an array of {"pattern","bytes_per_s","calls_per_s"}. */
void json_churn_advice(struct json *json, const struct churn *churn);

#endif
