/* SPDX-License-Identifier: Apache-2.0 */
/* Combines groups, growth and history, judges every group, and sorts them. */
#include "leaks/leaks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "keeper/loop/schedule.h"
#include "leaks/judge.h"
#include "leaks/referenced.h"
#include "leaks/resident.h"
#include "statistics/measure.h"

#define ROUNDING_MOST 3    /* times: one byte becomes a block of 32, but not every block has one byte */
#define GROWTH_SURE 0.25   /* the largest share of a growth that may be chance when two growths are compared */
#define ACCOUNT_OLD_NS 1e9 /* an older account does not describe this moment */

const char *leak_verdict_name(enum leak_verdict verdict)
{
	static const char *const names[] = {"leak", "growing", "stopped", "unknown", "steady", "churn"};
	_Static_assert(sizeof names / sizeof *names == LEAK_VERDICTS, "a name for each");

	return names[verdict];
}

const struct leak_row *leaks_rows(const struct leaks *leaks, enum leak_verdict verdict)
{
	const struct leak_row *rows = leaks->rows;

	for (int i = 0; i < (int)verdict; i++)
		rows += leaks->verdicts[i];
	return rows;
}

/* Takes growth, q-value and churn from the comparison of the middle with the end; finds its rows by their keys. */
static void rows_take_growth(struct leaks *leaks, enum group_by by)
{
	struct comparison comparison;

	comparison_build(&comparison, leaks->middle, leaks->reference, by);
	if (leaks->detail == LEAK_WHOLE)
		comparison_test_all(&comparison);
	for (uint32_t i = 0; i < comparison.count; i++) {
		const struct comparison_row *from = &comparison.rows[i];
		const uint32_t index = numbering_get(&leaks->groups.by_key, comparison.groups.groups[from->group].key);
		if (index == NUMBERING_NONE)
			continue;
		struct leak_row *row = &leaks->rows[index];
		row->growth = from->growth_bytes;
		const struct row_sums sums = comparison_sums(&comparison, from);
		/* Verdicts only ask whether it excludes zero: then there is a p. */
		const bool is_needed = comparison.has_intervals && (leaks->detail > LEAK_JUDGED || !isnan(from->p));
		row->growth_bytes = is_needed ? comparison_growth(&comparison, &sums) : (struct interval){0};
		row->q = from->q;
		if (from->is_hotspot || leaks->detail == LEAK_WHOLE)
			row->churn = comparison_churn(&comparison, from);
	}
	leaks->growth = comparison.total.growth_bytes;
	const struct row_sums total = comparison_sums(&comparison, &comparison.total);
	if (comparison.has_intervals)
		leaks->growth_bytes = comparison_growth(&comparison, &total);
	comparison_free(&comparison);
}

static void rows_take_sums(struct leaks *leaks, const uint32_t *groups)
{
	const struct profile *reference = leaks->reference;

	for (uint32_t i = 0; i < leaks->count; i++)
		leaks->rows[i].group = i;
	for (uint32_t i = 0; i < reference->site_count; i++) {
		measure_add(&leaks->rows[groups[i]].in_use, &reference->sites[i].in_use);
		measure_add(&leaks->rows[groups[i]].allocated, &reference->sites[i].allocated);
	}
}

struct interval leak_row_in_use(const struct leaks *leaks, const struct leak_row *row)
{
	return sum_interval(&row->in_use.bytes, unseen_bytes((double)leaks->reference->rate), ALPHA);
}

static void rows_take_references(struct leaks *leaks, const struct series *series, const uint32_t *groups)
{
	struct reference_sum *sums = references_by_group(series, groups, leaks->count);

	for (uint32_t i = 0; sums && i < leaks->count; i++)
		row_take_references(&leaks->rows[i], &sums[i], leaks->referenced->time_ns);
	free(sums);
}

/* Both proofs, but weak ones. */
static bool is_suspect(const struct leak_row *row)
{
	return row->evidence.has_plateau && row->evidence.has_cohorts;
}

/* The value by which rows of one verdict are sorted, the largest first: the surest rows lead. */
static double row_weight(const struct leak_row *row)
{
	switch (row->verdict) {
	case LEAK_LEAK:
		return row->leak_interval.low;
	case LEAK_CHURN:
		return row->churn.bytes_per_second;
	default:
		return row->growth_bytes.low;
	}
}

int leak_row_compare(const void *left, const void *right)
{
	const struct leak_row *a = left, *b = right;
	const double x = row_weight(a), y = row_weight(b);

	if (a->verdict != b->verdict)
		return a->verdict < b->verdict ? -1 : 1;
	if (a->verdict == LEAK_GROWING && is_suspect(a) != is_suspect(b))
		return is_suspect(a) ? -1 : 1;
	if (x != y)
		return x > y ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

uint32_t leaks_spread_count(const struct leaks *leaks, enum leak_verdict verdict)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < leaks->spread_count; i++)
		count += leaks->spreads[i].row.verdict == verdict;
	return count;
}

struct leak_row *leaks_rows_and_spreads(const struct leaks *leaks, enum leak_verdict verdict, uint32_t *count)
{
	const uint32_t most = leaks->verdicts[verdict] + leaks->spread_count;
	struct leak_row *rows = memory_allocate(most + 1u, sizeof *rows);

	*count = leaks->verdicts[verdict];
	if (*count)
		memcpy(rows, leaks_rows(leaks, verdict), *count * sizeof *rows);
	for (uint32_t i = 0; i < leaks->spread_count; i++)
		if (leaks->spreads[i].row.verdict == verdict)
			rows[(*count)++] = leaks->spreads[i].row;
	qsort(rows, *count, sizeof *rows, leak_row_compare);
	return rows;
}

void leaks_add_rates(struct leaks *leaks)
{
	double squares_low = 0, squares_high = 0;

	leaks->leak_rate = 0;
	for (uint32_t i = 0; i < leaks->count + leaks->spread_count; i++) {
		const struct leak_row *row = i < leaks->count ? &leaks->rows[i] : &leaks->spreads[i - leaks->count].row;
		if (row->verdict != LEAK_LEAK || isnan(row->leak_rate))
			continue;
		leaks->leak_rate += row->leak_rate;
		squares_low += pow(row->leak_rate - row->leak_interval.low, 2);
		squares_high += pow(row->leak_interval.high - row->leak_rate, 2);
	}
	/* MOVER for a sum of independent estimates (Zou & Donner 2008). */
	leaks->leak_interval =
	    (struct interval){leaks->leak_rate - sqrt(squares_low), leaks->leak_rate + sqrt(squares_high)};
}

/* Drops groups that never showed a sample (the one without a stack always exists). */
static void rows_drop_empty(struct leaks *leaks)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < leaks->count; i++) {
		if (leaks->rows[i].allocated.samples || leaks->rows[i].in_use.samples)
			leaks->rows[kept++] = leaks->rows[i];
	}
	leaks->count = kept;
}

/* Until the timer has taken that many more snapshots. */
static double seconds_until(const struct profile *reference, uint32_t snapshots)
{
	const uint64_t age_ns = reference->time_ns - reference->start_ns;
	uint64_t wait_ns = 0;

	if (snapshots && !reference->interval_ns)
		return NAN;
	for (uint32_t i = 0; i < snapshots; i++)
		wait_ns += schedule_timer_step(reference->interval_ns, age_ns + wait_ns);
	return (double)wait_ns / 1e9;
}

static int gap_compare(const void *left, const void *right)
{
	const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void leaks_take_gaps(struct leaks *leaks)
{
	uint64_t *gaps = memory_allocate(leaks->time_count, sizeof *gaps);

	for (size_t i = 0; i < leaks->time_count; i++)
		gaps[i] = leaks->times_ns[i] - (i ? leaks->times_ns[i - 1] : leaks->reference->start_ns);
	qsort(gaps, leaks->time_count, sizeof *gaps, gap_compare);
	leaks->usual_gap_ns = gaps[leaks->time_count / 2];
	leaks->longest_gap_ns = gaps[leaks->time_count - 1];
	free(gaps);
}

static void leaks_take_times(struct leaks *leaks, const struct history *history)
{
	const size_t count = history->count;
	const struct history_moment *moments = history->moments;

	leaks->times_ns = memory_allocate(count, sizeof *leaks->times_ns);
	leaks->is_timer = memory_allocate(count, sizeof *leaks->is_timer);
	leaks->time_count = count;
	leaks->can_judge = leaks->reference->rate > 0 && leaks->reference->start_ns < moments[0].sums.time_ns;
	for (size_t i = 0; i < count; i++) {
		leaks->times_ns[i] = moments[i].sums.time_ns;
		leaks->is_timer[i] = moments[i].is_timer;
		leaks->timer_count += leaks->is_timer[i];
		leaks->can_judge &= moments[i].has_samples && (i == 0 || leaks->times_ns[i] > leaks->times_ns[i - 1]);
	}
	leaks_take_gaps(leaks);
	const uint32_t missing = leaks->timer_count < LEAK_SERIES_LEAST ? LEAK_SERIES_LEAST - leaks->timer_count : 0;
	leaks->possible_in_s = leaks->can_judge ? seconds_until(leaks->reference, missing) : NAN;
	leaks->can_judge &= missing == 0;
}

static void rows_judge(struct leaks *leaks, const struct history *history, const uint32_t *groups)
{
	struct group_lives lives;

	group_lives_init(&lives, history, leaks, groups);
	struct follow_up *room = memory_allocate(lives.objects_most, sizeof *room);
	for (uint32_t i = 0; i < leaks->count; i++)
		leak_row_judge(&leaks->rows[i], &lives, room);
	free(room);
	group_lives_free(&lives);
}

void leaks_build(struct leaks *leaks, const struct series *series, enum group_by by, enum leak_detail detail)
{
	*leaks = (struct leaks){.reference = series->reference,
				.detail = detail,
				.middle = series->middle,
				.middle_index = history_middle(&series->history),
				.referenced = series->referenced,
				.goes_on = series->goes_on,
				.damaged = series->damaged};
	leaks->seconds = ((double)leaks->reference->time_ns - (double)leaks->reference->start_ns) / 1e9;
	leaks_take_times(leaks, &series->history);
	if (detail == LEAK_JUDGED && !leaks->can_judge)
		return;
	leaks->memory = memory_growth_of_history(&series->history);
	group_table_init(&leaks->groups, by);
	uint32_t *groups = group_table_add(&leaks->groups, leaks->reference);

	leaks->count = leaks->groups.count;
	leaks->rows = memory_allocate(leaks->count + 1u, sizeof *leaks->rows);
	rows_take_sums(leaks, groups);
	rows_take_growth(leaks, by);
	rows_take_absent(leaks->rows, leaks->count, series, groups);
	rows_judge(leaks, &series->history, groups);
	rows_take_references(leaks, series, groups);
	rows_drop_empty(leaks);
	for (uint32_t i = 0; i < leaks->count; i++)
		leaks->verdicts[leaks->rows[i].verdict]++;
	leaks_add_rates(leaks);
	qsort(leaks->rows, leaks->count, sizeof *leaks->rows, leak_row_compare);
	free(groups);
}

void leaks_free(struct leaks *leaks)
{
	group_table_free(&leaks->groups);
	free(leaks->rows);
	free(leaks->in_use);
	free(leaks->spreads);
	free(leaks->times_ns);
	free(leaks->is_timer);
	*leaks = (struct leaks){0};
}

/* How many bytes the allocator takes for each byte that the program asks for: it rounds up, small blocks the most. Its
 * account includes blocks from before the recording, so a factor that rounding can't explain is not used. 0:
 * unknown. */
static double rounding_by_account(const struct profile *profile)
{
	struct profile_totals totals;

	profile_totals(profile, &totals);
	const double asked = sum_estimate(&totals.in_use.bytes);
	const uint64_t known = profile->memory_known;
	if (!(known >> SEEP_MEMORY_ALLOCATOR_IN_USE & 1) || !(asked > 0))
		return 0;
	if (known >> SEEP_MEMORY_ALLOCATOR_TIME & 1 &&
	    (double)profile->time_ns - (double)profile->memory[SEEP_MEMORY_ALLOCATOR_TIME] > ACCOUNT_OLD_NS)
		return 0;
	return (double)profile->memory[SEEP_MEMORY_ALLOCATOR_IN_USE] / asked;
}

/* Without an account: how many bytes that count against a limit came since the middle, for each byte that came into
 * use, if that is known to a quarter. 0: unknown. */
static double rounding_by_growth(const struct leaks *leaks, enum seep_memory_key used)
{
	const struct profile *before = leaks->middle, *now = leaks->reference;
	double growth = 0, squares = 0;

	for (uint32_t i = 0; i < leaks->count; i++) {
		growth += leaks->rows[i].growth;
		squares += pow(leaks->rows[i].growth - leaks->rows[i].growth_bytes.low, 2);
	}
	if (!(before->memory_known & now->memory_known & UINT64_C(1) << used) ||
	    !(sqrt(squares) <= GROWTH_SURE * growth))
		return 0;
	return ((double)now->memory[used] - (double)before->memory[used]) / growth;
}

static double rounding_of(const struct leaks *leaks, enum seep_memory_key used)
{
	double factor = rounding_by_account(leaks->reference);

	if (!(factor > 0))
		factor = rounding_by_growth(leaks, used);
	return factor > 1 && factor <= ROUNDING_MOST ? factor : 1;
}

bool leaks_limit(const struct leaks *leaks, struct leak_limit *limit)
{
	static const struct {
		const char *name;
		enum seep_memory_key limit, used; /* used: the amount that counts against the limit */
	} limits[] = {
	    {"cgroup limit", SEEP_MEMORY_LIMIT, SEEP_MEMORY_RSS},
	    {"address space limit", SEEP_MEMORY_LIMIT_VIRTUAL, SEEP_MEMORY_VIRTUAL},
	    {"data limit", SEEP_MEMORY_LIMIT_DATA, SEEP_MEMORY_DATA},
	};
	const struct profile *profile = leaks->reference;

	*limit = (struct leak_limit){.seconds = INFINITY};
	for (size_t i = 0; i < sizeof limits / sizeof *limits && leaks->leak_rate > 0; i++) {
		if (!(profile->memory_known >> limits[i].limit & 1) || !(profile->memory_known >> limits[i].used & 1))
			continue;
		const double most = (double)profile->memory[limits[i].limit];
		const double used = (double)profile->memory[limits[i].used];
		const double left = fmax(most - used, 0) / rounding_of(leaks, limits[i].used);
		if (left / leaks->leak_rate < limit->seconds)
			*limit =
			    (struct leak_limit){limits[i].name,
						most,
						used,
						left / leaks->leak_rate,
						{left / leaks->leak_interval.high, left / leaks->leak_interval.low}};
	}
	return limit->name != NULL;
}
