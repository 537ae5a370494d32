/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns, their thresholds and their words. */
#include "render/words/churn_advice.h"

#include <math.h>
#include <stdio.h>

#include "render/words/estimate.h"
#include "statistics/measure.h"

#define TEMPORARY_SHARE 0.9 /* share of the freed objects that must be so young ... */
#define LEAVING_SHARE 0.01  /* ... if at most this share changed threads */
#define REMOTE_SHARE 0.1
#define LADDER_SHARE 0.3

/* The memory of one pattern that was freed in a period, divided by the period's length. */
struct pattern_rates {
	double share, bytes_per_second, calls_per_second;
};

static struct pattern_rates rates_of(const struct churn *churn, enum churn_pattern pattern)
{
	const struct seep_measure *const measures[CHURN_PATTERNS] = {
	    [CHURN_LADDER] = &churn->freed_grown,
	    [CHURN_TEMPORARY] = &churn->freed_shortly,
	    [CHURN_REMOTE] = &churn->freed_remotely,
	};
	const double shares[CHURN_PATTERNS] = {
	    [CHURN_LADDER] = churn->grown,
	    [CHURN_TEMPORARY] = churn->shortly,
	    [CHURN_REMOTE] = churn->remotely,
	};

	return (struct pattern_rates){
	    shares[pattern],
	    sum_estimate(&measures[pattern]->bytes) / churn->seconds,
	    sum_estimate(&measures[pattern]->objects) / churn->seconds,
	};
}

static bool is_there(const struct churn *churn, enum churn_pattern pattern)
{
	switch (pattern) {
	case CHURN_LADDER:
		return churn->grown >= LADDER_SHARE;
	case CHURN_TEMPORARY:
		/* The steps of a ladder are short-lived, too, but there is better advice for them. */
		return churn->shortly >= TEMPORARY_SHARE && churn->remotely <= LEAVING_SHARE &&
		       !(churn->grown >= LADDER_SHARE);
	case CHURN_REMOTE:
		return churn->remotely >= REMOTE_SHARE;
	default:
		return false;
	}
}

bool churn_advice_append(struct buffer *out, const struct churn *churn, enum churn_pattern pattern)
{
	static const struct {
		const char *what, *advice;
	} texts[CHURN_PATTERNS] = {
	    [CHURN_LADDER] = {"grown step by step by realloc", "reserve the final size, or grow by a factor"},
	    [CHURN_TEMPORARY] = {"freed within 1 ms by the same thread", "keep one buffer, or use the stack"},
	    [CHURN_REMOTE] = {"freed by another thread", "hand them back, or pool them"},
	};
	const struct pattern_rates rates = rates_of(churn, pattern);

	if (!is_there(churn, pattern))
		return false;
	if (out && isfinite(rates.bytes_per_second))
		buffer_printf(out, "%s: %s (%s, %s): %s", texts[pattern].what, quantity_share(rates.share, 1).text,
			      quantity_count_rate(rates.calls_per_second).text,
			      quantity_bytes_rate(rates.bytes_per_second).text, texts[pattern].advice);
	else if (out)
		buffer_printf(out, "%s: %s: %s", texts[pattern].what, quantity_share(rates.share, 1).text,
			      texts[pattern].advice);
	return true;
}

void json_churn_advice(struct json *json, const struct churn *churn)
{
	static const char *const names[CHURN_PATTERNS] = {"realloc_ladder", "temporary", "freed_by_other_thread"};

	json_begin_array(json_key(json, "advice"));
	for (int i = 0; i < CHURN_PATTERNS; i++) {
		const struct pattern_rates rates = rates_of(churn, (enum churn_pattern)i);
		if (!is_there(churn, (enum churn_pattern)i))
			continue;
		json_begin_object(json);
		json_text(json_key(json, "pattern"), names[i]);
		json_number(json_key(json, "bytes_per_s"), rates.bytes_per_second);
		json_number(json_key(json, "calls_per_s"), rates.calls_per_second);
		json_end_object(json);
	}
	json_end_array(json);
}
