/* SPDX-License-Identifier: Apache-2.0 */
/* See memory_line.h. */
#include "render/screen/memory_line.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "render/screen/spark.h"
#include "render/words/leak_evidence.h"
#include "render/words/estimate.h"
#include "statistics/measure.h"

#define SPARK_COLUMNS 16

static struct seep_sum in_use_of(const struct profile *profile)
{
	struct profile_totals totals;

	profile_totals(profile, &totals);
	return totals.in_use.bytes;
}

/* "283 MiB [270, 297]". */
static struct estimate_text in_use_text(const struct profile *profile)
{
	const struct seep_sum in_use = in_use_of(profile);

	return estimate_bytes(sum_estimate(&in_use), sum_interval(&in_use, unseen_bytes((double)profile->rate), ALPHA),
			      profile);
}

/* Writes a part of a line that has `used` columns already; a part that would pass the page's edge goes to the next
 * line. */
static void write_part(struct text_page *page, unsigned *used, enum text_style style, const char *separator,
		       const char *text)
{
	const unsigned columns = text_columns(separator) + text_columns(text);

	if (*used + columns > page->columns) {
		separator = "\n    ";
		*used = 0;
	}
	buffer_append_text(page->out, separator);
	text_write(page, style, "%s", text);
	*used += columns;
}

void memory_line_write(struct text_page *page, const struct leaks *leaks, const struct series *series)
{
	const size_t count = leaks->time_count;
	const struct estimate_text now = in_use_text(leaks->reference);
	double *in_use = memory_allocate(count, sizeof *in_use);
	struct leak_limit limit;
	char text[160];

	for (size_t i = 0; i < count; i++)
		in_use[i] = series->history.moments[i].sums.in_use;
	const size_t begin = page->out->length;
	buffer_append_text(page->out, "in use");
	const size_t label_end = page->out->length;
	buffer_append_byte(page->out, ' ');
	spark_append(page->out, leaks->times_ns, in_use, count, SPARK_COLUMNS);
	if (page->out->length == label_end + 1) /* nothing was ever in use */
		page->out->length = label_end;
	buffer_printf(page->out, " %s %s", now.value, now.interval);
	unsigned used = text_columns(page->out->data + begin);
	if (leaks->reference->memory_known >> SEEP_MEMORY_RSS & 1) {
		snprintf(text, sizeof text, "RSS %s",
			 quantity_bytes((double)leaks->reference->memory[SEEP_MEMORY_RSS]).text);
		write_part(page, &used, STYLE_PLAIN, "   ", text);
	}
	if (leaks_limit(leaks, &limit) && limit.seconds <= LEAK_HORIZON * leaks->seconds) {
		snprintf(text, sizeof text, "%s of %s %s about %s%s", limit.name, quantity_bytes(limit.limit).text,
			 leaks->goes_on ? "reached in" : "was", quantity_duration(limit.seconds * 1e9).text,
			 leaks->goes_on ? "" : " away");
		write_part(page, &used, STYLE_WARNING, "   ", text);
	}
	buffer_append_byte(page->out, '\n');
	free(in_use);
}
