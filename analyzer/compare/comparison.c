/* SPDX-License-Identifier: Apache-2.0 */
/* Sums both profiles by group, matches their samples, and judges each group's growth. Churn has its own file. */
#include "compare/comparison.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "compare/samples.h"
#include "statistics/discovery.h"
#include "statistics/measure.h"
#include "work/keyed.h"

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {NULL, "steady", "growing", "shrinking", "unknown"};

	return names[verdict];
}

struct row_sums comparison_sums(const struct comparison *comparison, const struct comparison_row *row)
{
	return row_sums_of(&comparison->sources, row->group);
}

/* A group that never showed an uncertain sample can't have any that were missed, as far as anybody knows. */
static double row_unseen_bytes(const struct comparison *comparison, const struct row_sums *sums)
{
	return comparison->could_miss && sum_is_uncertain(&sums->ever.bytes) ? unseen_bytes(comparison->rate) : 0;
}

struct interval comparison_growth(const struct comparison *comparison, const struct row_sums *sums)
{
	return difference_interval(&sums->fresh.bytes, &sums->gone.bytes, row_unseen_bytes(comparison, sums), ALPHA);
}

struct growth_intervals comparison_intervals(const struct comparison *comparison, const struct row_sums *sums)
{
	const double unseen_count = comparison->could_miss ? unseen_objects(comparison->rate, &sums->ever.objects) : 0;

	return (struct growth_intervals){
	    .bytes = comparison_growth(comparison, sums),
	    .objects = difference_interval(&sums->fresh.objects, &sums->gone.objects, unseen_count, ALPHA),
	    .after_bytes = sum_interval(&sums->after.bytes, unseen_bytes(comparison->rate), ALPHA),
	};
}

static double row_p_value(const struct comparison *comparison, const struct row_sums *sums)
{
	return difference_p_value(&sums->fresh.bytes, &sums->gone.bytes, row_unseen_bytes(comparison, sums));
}

/* p is at most ALPHA exactly when the interval excludes zero. */
static void row_judge(struct comparison *comparison, struct comparison_row *row, const struct row_sums *sums,
		      bool always)
{
	const uint64_t changes = sums->fresh.samples + sums->gone.samples;

	row->changes = changes < UINT32_MAX ? (uint32_t)changes : UINT32_MAX;
	row->p = row->q = NAN;
	row->verdict = VERDICT_NONE;
	if (!comparison->has_intervals) {
		row->growth_bytes = sum_estimate(&sums->after.bytes) - sum_estimate(&sums->before.bytes);
		row->growth_objects = sum_estimate(&sums->after.objects) - sum_estimate(&sums->before.objects);
		return;
	}
	row->growth_bytes = sum_estimate(&sums->fresh.bytes) - sum_estimate(&sums->gone.bytes);
	row->growth_objects = sum_estimate(&sums->fresh.objects) - sum_estimate(&sums->gone.objects);
	if (always || difference_excludes_zero(&comparison->reach, &sums->fresh.bytes, &sums->gone.bytes,
					       row_unseen_bytes(comparison, sums)))
		row->p = row_p_value(comparison, sums);
}

static void row_add_churn(const struct comparison *comparison, struct comparison_row *row, const struct row_sums *sums)
{
	const struct seep_measure allocated = churn_allocated(&comparison->churn_counters, row->group);

	row->churn_bytes = sum_estimate(&allocated.bytes);
	row->is_hotspot = churn_is_hotspot(&allocated, &sums->after, comparison->rate);
}

/* Judges the groups, in their order, and the total. */
static void rows_judge(struct comparison *comparison)
{
	for (uint32_t i = 0; i <= comparison->count; i++) {
		const bool is_total = i == comparison->count;
		struct comparison_row *row = is_total ? &comparison->total : &comparison->rows[i];
		row->group = i;
		const struct row_sums sums = comparison_sums(comparison, row);
		row_judge(comparison, row, &sums, is_total);
		row_add_churn(comparison, row, &sums);
		if (is_total)
			break;
		comparison->grown_bytes += fmax(row->growth_bytes, 0);
		comparison->shrunk_bytes += fmax(-row->growth_bytes, 0);
	}
}

/*
 * Tests only the rows that showed a fresh or a gone sample. Leaving out the others is not peeking: in a site that did
 * not grow, the number of samples says nothing about which of them are fresh (independent filtering). Returns the rows'
 * q-values, as far as their p-values are known.
 */
static double *rows_test(const struct comparison *comparison)
{
	double *p = memory_allocate(comparison->count + 1u, sizeof *p);
	double *q = memory_allocate(comparison->count + 1u, sizeof *q);
	size_t tests = 0;

	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		const bool is_tested = row->changes > 0;
		p[i] = is_tested ? row->p : NAN;
		tests += is_tested;
	}
	q_values(p, q, comparison->count, tests);
	free(p);
	return q;
}

static void rows_call(struct comparison *comparison)
{
	double *q = rows_test(comparison);

	for (uint32_t i = 0; i < comparison->count; i++) {
		struct comparison_row *row = &comparison->rows[i];
		if (q[i] <= CALL_Q) {
			row->q = q[i];
			row->verdict = row->growth_bytes > 0 ? VERDICT_GROWING : VERDICT_SHRINKING;
		} else {
			row->verdict = isnan(row->p) ? VERDICT_STEADY : VERDICT_UNKNOWN;
		}
	}
	free(q);
}

void comparison_test_all(struct comparison *comparison)
{
	if (!comparison->has_intervals)
		return;
	for (uint32_t i = 0; i < comparison->count; i++) {
		struct comparison_row *row = &comparison->rows[i];
		if (!isnan(row->p))
			continue;
		const struct row_sums sums = comparison_sums(comparison, row);
		row->p = row_p_value(comparison, &sums);
	}
	double *q = rows_test(comparison);
	for (uint32_t i = 0; i < comparison->count; i++)
		comparison->rows[i].q = isnan(q[i]) ? 1 : q[i];
	free(q);
}

/* The largest growth first; rows of equal growth by their groups' keys, which are always the same. */
static void rows_order(struct comparison *comparison)
{
	struct keyed *ranks = memory_allocate(comparison->count + 1u, sizeof *ranks);
	struct comparison_row *rows = memory_allocate(comparison->count + 1u, sizeof *rows);

	for (uint32_t i = 0; i < comparison->count; i++)
		ranks[i] = (struct keyed){comparison->groups.groups[i].key, i};
	keyed_sort(ranks, comparison->count);
	for (uint32_t i = 0; i < comparison->count; i++)
		ranks[i].key = keyed_descending(comparison->rows[ranks[i].item].growth_bytes);
	keyed_sort(ranks, comparison->count);
	for (uint32_t i = 0; i < comparison->count; i++)
		rows[i] = comparison->rows[ranks[i].item];
	free(ranks);
	free(comparison->rows);
	comparison->rows = rows;
}

struct churn comparison_churn(const struct comparison *comparison, const struct comparison_row *row)
{
	struct churn churn = churn_of(&comparison->churn_counters, row->group);

	churn.hotspot = row->is_hotspot;
	return churn;
}

static int hotspot_compare(const void *left, const void *right, void *rows)
{
	const struct comparison_row *array = rows;
	const double a = array[*(const uint32_t *)left].churn_bytes;
	const double b = array[*(const uint32_t *)right].churn_bytes;

	if (a != b)
		return a > b ? -1 : 1;
	return (*(const uint32_t *)left > *(const uint32_t *)right) ? 1 : -1;
}

/* Makes the list of hotspots; the rows must be in their final order. */
static void rank_churn(struct comparison *comparison)
{
	comparison->churn = memory_allocate(comparison->count + 1u, sizeof *comparison->churn);
	for (uint32_t i = 0; i < comparison->count; i++) {
		if (comparison->rows[i].is_hotspot)
			comparison->churn[comparison->churn_count++] = i;
	}
	qsort_r(comparison->churn, comparison->churn_count, sizeof *comparison->churn, hotspot_compare,
		comparison->rows);
}

static double period_seconds(const struct comparison *comparison)
{
	const struct profile *after = comparison->after;
	const uint64_t start_ns = comparison->same_process ? comparison->before->time_ns : after->start_ns;

	if (start_ns == 0 || after->time_ns <= start_ns)
		return NAN;
	return (double)(after->time_ns - start_ns) / 1e9;
}

void comparison_build(struct comparison *comparison, const struct profile *before, const struct profile *after,
		      enum group_by by)
{
	*comparison = (struct comparison){
	    .before = before,
	    .after = after,
	    .same_process = profiles_are_same_process(before, after),
	    .has_intervals = before->rate && after->rate && before->has_samples && after->has_samples,
	    .could_miss = !profiles_are_same_moment(before, after),
	    .rate = before->rate && after->rate ? fmax((double)before->rate, (double)after->rate) : 0,
	};
	comparison->seconds = period_seconds(comparison);
	group_table_init(&comparison->groups, by);
	if (!comparison->same_process)
		rebuilt_add(&comparison->groups.rebuilt, after, before);
	/* the later profile first, because a group is shown as it is now */
	uint32_t *after_groups = group_table_add(&comparison->groups, after);
	uint32_t *before_groups = group_table_add(&comparison->groups, before);

	comparison->count = comparison->groups.count;
	comparison->rows = memory_allocate(comparison->count + 1u, sizeof *comparison->rows);
	row_sources_open(&comparison->sources, before, after, before_groups, after_groups, comparison->count);
	const struct churn_period period = {before, after, comparison->same_process, comparison->seconds};
	churn_open(&comparison->churn_counters, &period, before_groups, after_groups, &comparison->sources.after.sites);
	rows_judge(comparison);
	if (comparison->has_intervals)
		rows_call(comparison);
	rows_order(comparison);
	rank_churn(comparison);
	free(before_groups);
	free(after_groups);
}

static void places_find_spreads(const struct comparison *places, struct spreads *spreads)
{
	bool *explained = memory_allocate(places->groups.count + 1u, sizeof *explained);

	for (uint32_t i = 0; i < places->count; i++)
		explained[places->rows[i].group] = places->rows[i].verdict == VERDICT_GROWING;
	spreads_find(spreads, &(struct spread_question){.before = places->before,
							.after = places->after,
							.groups = &places->groups,
							.explained = explained,
							.in_after = places->sources.before.shared,
							.in_before = places->sources.after.shared,
							.q = CALL_Q});
	free(explained);
}

void comparison_find_spreads(struct comparison *comparison)
{
	struct comparison places;

	if (!comparison->has_intervals)
		return;
	if (comparison->groups.by == GROUP_BY_PLACE) {
		places_find_spreads(comparison, &comparison->spreads);
		return;
	}
	comparison_build(&places, comparison->before, comparison->after, GROUP_BY_PLACE);
	places_find_spreads(&places, &comparison->spreads);
	comparison_free(&places);
}

void comparison_free(struct comparison *comparison)
{
	group_table_free(&comparison->groups);
	free(comparison->rows);
	free(comparison->churn);
	churn_close(&comparison->churn_counters);
	row_sources_close(&comparison->sources);
	spreads_free(&comparison->spreads);
	*comparison = (struct comparison){0};
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

const struct recording_entry *recording_choose_before(const struct recording *recording, const struct profile *last)
{
	const struct recording_entry *best = NULL;
	uint64_t start_ns = last->start_ns;

	for (size_t i = 0; i < recording->count && start_ns == 0; i++)
		start_ns = recording->entries[i].time_ns; /* without it, the first snapshot serves as the start */
	const uint64_t quarter_ns = last->time_ns > start_ns ? start_ns + (last->time_ns - start_ns) / 4 : start_ns;
	for (size_t i = 0; i < recording->count; i++) {
		const struct recording_entry *entry = &recording->entries[i];
		if (entry->time_ns >= last->time_ns || (last->number && entry->number >= last->number))
			continue;
		const bool is_peak = trigger_follows_use(entry->trigger);
		const bool best_is_peak = best && trigger_follows_use(best->trigger);
		if (!best || (best_is_peak && !is_peak) ||
		    (best_is_peak == is_peak &&
		     distance(entry->time_ns, quarter_ns) < distance(best->time_ns, quarter_ns)))
			best = entry;
	}
	return best;
}

struct profile *recording_open_before(struct recording *recording, const struct profile *last, bool *found,
				      struct error *error)
{
	struct passed_over passed_over = {0};
	struct profile *before = NULL;
	const struct recording_entry *entry;

	*found = false;
	while (!before && (entry = recording_choose_before(recording, last))) {
		struct recording_entry *taken = &recording->entries[entry - recording->entries];
		*found = true;
		before = profile_open(taken->path, error);
		if (before)
			break;
		passed_over_add(&passed_over, error);
		taken->time_ns = UINT64_MAX; /* is not chosen again */
	}
	if (before) {
		passed_over_say(&passed_over);
		before->damaged = passed_over.count;
	} else if (*found) {
		*error = passed_over.first;
	}
	return before;
}
