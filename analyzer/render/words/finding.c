/* SPDX-License-Identifier: Apache-2.0 */
#include "render/words/finding.h"

#include <math.h>

#include "render/words/estimate.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "render/words/quantity.h"
#include "statistics/measure.h"

enum finding finding_of(const struct leaks *leaks)
{
	if (!leaks->can_judge)
		return FINDING_NO_VERDICT;
	return leaks_any(leaks) ? FINDING_LEAKS : FINDING_NOTHING;
}

static void leaks_append(struct buffer *out, const struct leaks *leaks)
{
	const uint32_t count = leaks->verdicts[LEAK_LEAK], spread = leaks_spread_count(leaks, LEAK_LEAK);
	const struct leak_unit unit = leak_unit_for(leaks->seconds);
	const struct estimate_text rate = estimate_bytes(
	    leaks->leak_rate * unit.seconds, interval_times(leaks->leak_interval, unit.seconds), leaks->reference);

	if (count)
		buffer_printf(out, "%u %s%s%s", count, group_by_name(leaks->groups.by), count == 1 ? "" : "s",
			      spread ? " and " : "");
	if (spread)
		buffer_printf(out, "%u spread over many", spread);
	buffer_printf(out, ", %s %s %s", rate.value, rate.interval, unit.name);
}

void finding_append(struct buffer *out, const struct leaks *leaks, const struct series *series)
{
	switch (finding_of(leaks)) {
	case FINDING_NO_VERDICT:
		leak_want_append(out, leaks, series);
		return;
	case FINDING_NOTHING:
		buffer_printf(out, "as far as %s of recording can show", quantity_duration(leaks->seconds * 1e9).text);
		return;
	case FINDING_LEAKS:
		leaks_append(out, leaks);
	}
}

bool finding_append_limit(struct buffer *out, const struct leaks *leaks)
{
	struct leak_limit limit;

	if (!leaks_limit(leaks, &limit) || limit.seconds > LEAK_HORIZON * leaks->seconds)
		return false;
	buffer_printf(out, "at that pace the %s of %s %s %s", limit.name, quantity_bytes(limit.limit).text,
		      leaks->goes_on ? "is reached in" : "would have been reached after another",
		      quantity_duration(limit.seconds * 1e9).text);
	if (limit.bound.high < 1e10)
		buffer_printf(out, " [%s, %s]", quantity_duration(limit.bound.low * 1e9).text,
			      quantity_duration(limit.bound.high * 1e9).text);
	return true;
}

void verdict_amount_append(struct buffer *out, const struct leaks *leaks, enum leak_verdict verdict)
{
	const struct leak_row *rows = leaks_rows(leaks, verdict);
	double sum = 0;

	for (uint32_t i = 0; i < leaks->verdicts[verdict]; i++)
		sum += verdict == LEAK_CHURN ? fmax(rows[i].churn.bytes_per_second, 0)
					     : sum_estimate(&rows[i].in_use.bytes);
	buffer_append_text(out, verdict == LEAK_CHURN ? quantity_bytes_rate(sum).text : quantity_bytes(sum).text);
}
