/* SPDX-License-Identifier: Apache-2.0 */
#include "render/metrics/leaks_metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/spreads.h"
#include "files/path.h"
#include "profile/lost.h"
#include "render/words/account_words.h"
#include "statistics/measure.h"

struct metric_labels metric_labels_of(const struct profile *profile, const char *path)
{
	struct metric_labels labels = {.command = profile->command, .pid = profile->pid};
	char *real = profile->status & SEEP_STATUS_SERVICE ? realpath(path, NULL) : NULL;
	char *slash = real ? strrchr(real, '/') : NULL;

	if (slash && slash > real) {
		*slash = '\0';
		snprintf(labels.service, sizeof labels.service, "%s", path_base_name(real));
	}
	free(real);
	return labels;
}

static struct buffer *place_begin(struct metrics *metrics, enum metric_family family, const struct leaks *leaks,
				  const struct leak_row *row)
{
	const struct group *group = &leaks->groups.groups[row->group];
	const struct source_line *line = group_line(group);
	const struct profile_location *location = group_location(group);
	struct buffer *sample = metric_begin(metrics, family);
	char number[16];

	snprintf(number, sizeof number, "%u", line ? group->first_line : 0);
	metric_label(sample, "function", line ? line->function : group_stand_in(group));
	metric_label(sample, "file", line && line->file ? line->file : "");
	metric_label(sample, "line", line && group->first_line ? number : "");
	metric_label(sample, "module", location ? path_base_name(group->profile->modules[location->module].path) : "");
	metric_label(sample, "verdict", leak_verdict_name(row->verdict));
	return sample;
}

static struct buffer *spread_begin(struct metrics *metrics, enum metric_family family, const struct leak_row *row)
{
	const struct spread_place *place = &row->spread->place;
	struct buffer *sample = metric_begin(metrics, family);

	metric_label(sample, "level", spread_level_name(place->level));
	metric_label(sample, "function", place->line ? place->line->function : "");
	metric_label(sample, "file", place->line && place->line->file ? place->line->file : "");
	metric_label(sample, "module", place->module ? path_base_name(place->module) : "");
	metric_label(sample, "label", place->label ? place->label : "");
	metric_label(sample, "verdict", leak_verdict_name(row->verdict));
	return sample;
}

/* A place's row, or a spread's. */
static void row_append(struct metrics *metrics, const struct leaks *leaks, const struct leak_row *row)
{
	static const char *const bounds[] = {"estimate", "low", "high"};
	const double rates[] = {row->leak_rate, row->leak_interval.low, row->leak_interval.high};

	for (int i = 0; i < 3 && row->verdict == LEAK_LEAK; i++) {
		struct buffer *sample = row->spread ? spread_begin(metrics, METRIC_SPREAD_LEAK_RATE, row)
						    : place_begin(metrics, METRIC_PLACE_LEAK_RATE, leaks, row);
		metric_label(sample, "bound", bounds[i]);
		metric_end(sample, rates[i]);
	}
	metric_end(row->spread ? spread_begin(metrics, METRIC_SPREAD_INUSE, row)
			       : place_begin(metrics, METRIC_PLACE_INUSE, leaks, row),
		   sum_estimate(&row->in_use.bytes));
}

/* Rows are sorted by verdict: leaks first, then growing places. Spreads and rows have no bytes in common. */
static void places_append(struct metrics *metrics, const struct leaks *leaks, uint32_t most)
{
	const uint32_t places = leaks->verdicts[LEAK_LEAK] + leaks->verdicts[LEAK_GROWING];
	const uint32_t places_shown = places < most ? places : most;
	const uint32_t spreads_shown = leaks->spread_count < most ? leaks->spread_count : most;

	for (uint32_t i = 0; i < places_shown; i++)
		row_append(metrics, leaks, &leaks->rows[i]);
	for (uint32_t i = 0; i < spreads_shown; i++)
		row_append(metrics, leaks, &leaks->spreads[i].row);
	metric_append(metrics, METRIC_PLACES_LEFT_OUT, places - places_shown + leaks->spread_count - spreads_shown);
}

static void verdicts_append(struct metrics *metrics, const struct leaks *leaks)
{
	uint32_t sure = 0;

	for (uint32_t i = 0; i < leaks->verdicts[LEAK_LEAK]; i++)
		sure += leak_is_sure(&leaks->rows[i]);
	for (int i = 0; i <= LEAK_VERDICTS; i++) {
		struct buffer *sample = metric_begin(metrics, METRIC_PLACES);
		metric_label(sample, "verdict",
			     i < LEAK_VERDICTS ? leak_verdict_name((enum leak_verdict)i) : "leak_sure");
		metric_end(sample, i < LEAK_VERDICTS ? leaks->verdicts[i] : sure);
	}
}

/* From the last snapshot with a ledger, which may be older than the judged one. */
static void classes_append(struct metrics *metrics, const struct leaks *leaks)
{
	const struct memory_growth *memory = &leaks->memory;

	if (!memory->after.is_known)
		return;
	for (size_t i = 0; i < ACCOUNT_ORDER_COUNT; i++) {
		struct buffer *sample = metric_begin(metrics, METRIC_CLASSES);
		metric_label(sample, "class", account_class_key(account_order[i]));
		metric_end(sample, memory->after.resident[account_order[i]]);
	}
	for (int part = 0; memory->after.has_kept && part < KEPT_PARTS; part++) {
		struct buffer *sample = metric_begin(metrics, METRIC_HEAP_KEPT);
		metric_label(sample, "part", account_kept_key((enum kept_part)part));
		metric_end(sample, memory->after.kept[part]);
	}
	metric_append(metrics, METRIC_CLASSES_TIME,
		      ((double)leaks->reference->start_unix_ns + (double)memory->to_ns) / 1e9);
}

static void memory_append(struct metrics *metrics, enum metric_family family, const struct profile *profile,
			  enum seep_memory_key key)
{
	if (profile->memory_known >> key & 1)
		metric_append(metrics, family, (double)profile->memory[key]);
}

static void losses_append(struct metrics *metrics, const struct profile *profile)
{
	double of_totals = 0, of_none = 0;

	for (int key = 0; key < 64; key++)
		*(loss_effect((enum seep_loss_key)key) == LOSS_OF_NONE ? &of_none : &of_totals) +=
		    (double)profile->losses[key];
	for (int i = 0; i < 2; i++) {
		struct buffer *sample = metric_begin(metrics, METRIC_LOSSES);
		metric_label(sample, "effect", i ? "none" : "totals");
		metric_end(sample, i ? of_none : of_totals);
	}
}

void profile_metrics_fill(struct metrics *metrics, const struct profile *profile)
{
	struct profile_totals totals;

	profile_totals(profile, &totals);
	metric_append_estimate(metrics, METRIC_INUSE, sum_estimate(&totals.in_use.bytes),
			       sum_interval(&totals.in_use.bytes, unseen_bytes((double)profile->rate), ALPHA));
	metric_append(metrics, METRIC_ALLOCATED, sum_estimate(&totals.allocated.bytes));
	memory_append(metrics, METRIC_RSS, profile, SEEP_MEMORY_RSS);
	memory_append(metrics, METRIC_LIMIT, profile, SEEP_MEMORY_NEAREST_LIMIT);
	memory_append(metrics, METRIC_LIMIT_LEFT, profile, SEEP_MEMORY_NEAREST_LEFT);
	metric_append(metrics, METRIC_JUDGED,
		      ((double)profile->start_unix_ns + (double)(profile->time_ns - profile->start_ns)) / 1e9);
	metric_append(metrics, METRIC_LOWER_BOUND, profile_is_lower_bound(profile));
	losses_append(metrics, profile);
}

static void growth_append(struct metrics *metrics, const struct leaks *leaks)
{
	const double seconds = (double)(leaks->reference->time_ns - leaks->middle->time_ns) / 1e9;

	if (leaks->can_judge && seconds > 0)
		metric_append_estimate(
		    metrics, METRIC_GROWTH, leaks->growth / seconds,
		    (struct interval){leaks->growth_bytes.low / seconds, leaks->growth_bytes.high / seconds});
}

void leaks_metrics_fill(struct metrics *metrics, const struct leaks *leaks, uint32_t places_most)
{
	struct leak_limit limit;

	profile_metrics_fill(metrics, leaks->reference);
	growth_append(metrics, leaks);
	if (leaks_limit(leaks, &limit))
		metric_append_estimate(metrics, METRIC_LIMIT_SECONDS, limit.seconds, limit.bound);
	classes_append(metrics, leaks);
	metric_append(metrics, METRIC_CAN_JUDGE, leaks->can_judge);
	metric_append_estimate(metrics, METRIC_LEAK_RATE, leaks->leak_rate, leaks->leak_interval);
	verdicts_append(metrics, leaks);
	places_append(metrics, leaks, places_most);
}
