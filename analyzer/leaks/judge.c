/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule, as docs/SAMPLING.md gives it. `leak` wants two proofs: what has
 * reached some age dies no more (plateau), and what stays was born all the time
 * (cohorts). Growth alone is `growing`: a cache that fills grows too.
 *
 * Each age is a power of two, from the series' largest gap (what dies within
 * a gap was never seen) to half of the recording; the first that has a plateau
 * is taken. The test of a plateau is strict because every site is tested at
 * several ages, and a program has hundreds of sites. What passes a weak test is
 * `growing`: old objects gather there, and too few yet for a proof.
 */
#include "leaks/judge.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "statistics/measure.h"

#define PLATEAU_P 1e-3 /* that those who die so rarely live for half of the recording on average, or less */
#define SUSPECT_P 0.05 /* the same, where it is worth a word but no proof */
#define LIFE_PART 2
#define PLATEAU_LEAST 0.8 /* of those that reached the age outlive all ages seen */
#define LATE_SHARE 0.3    /* of what stays must be born in the later half of the time */
#define LATE_CHANCE 1e-3  /* or, for a suspicion, chance may have left so few of them, ... */
#define FEW_SURVIVORS 100 /* ... where there are no more than this */
#define SURVIVORS_LEAST 4 /* samples */
#define RATE_FROM 4       /* leak rates are measured from a 4th of the recording on: what comes before is start-up */

static uint64_t largest_gap_ns(const struct leaks *leaks)
{
	uint64_t gap_ns = leaks->times_ns[0] - leaks->reference->start_ns;

	for (size_t i = 1; i < leaks->time_count; i++) {
		const uint64_t here_ns = leaks->times_ns[i] - leaks->times_ns[i - 1];
		gap_ns = here_ns > gap_ns ? here_ns : gap_ns;
	}
	return gap_ns;
}

/* The chance of `few` or fewer of `count`, each with an even chance. */
static double even_chance(uint32_t few, uint32_t count)
{
	double term = exp2(-(double)count), sum = term;

	for (uint32_t i = 1; i <= few; i++) {
		term *= (double)(count - i + 1) / i;
		sum += term;
	}
	return sum;
}

/* A pool that filled at the start has survivors of that time alone; one that fills up has fewer and fewer. For a proof
 * the later ones must be there; for a suspicion it is enough that chance may explain why they are few. */
static bool cohorts_hold(const struct cohort_outcome *outcome, bool for_proof)
{
	const uint32_t late = outcome->born[COHORTS - 2] + outcome->born[COHORTS - 1];

	if (for_proof || outcome->survivors > FEW_SURVIVORS)
		return outcome->born[COHORTS - 2] && outcome->born[COHORTS - 1] &&
		       late >= LATE_SHARE * (double)outcome->survivors;
	return late && even_chance(late, outcome->survivors) >= LATE_CHANCE;
}

/* What one age says. */
static void evidence_fill(struct leak_evidence *evidence, const struct follow_ups *all, uint64_t age_ns,
			  const struct leaks *leaks)
{
	const uint64_t start_ns = leaks->reference->start_ns;
	const uint64_t length_ns = leaks->reference->time_ns - start_ns;
	const struct cohort_outcome old = cohort_outcome_at(all, age_ns, start_ns + length_ns / RATE_FROM);

	evidence->plateau_age_ns = age_ns;
	evidence->old = old;
	evidence->p = cohort_p_value(&old, (double)length_ns / LIFE_PART);
	evidence->has_plateau =
	    old.survivors >= SURVIVORS_LEAST && evidence->p <= SUSPECT_P && old.plateau >= PLATEAU_LEAST;
	evidence->has_cohorts = cohorts_hold(&old, false);
	evidence->is_proven = evidence->has_plateau && cohorts_hold(&old, true) && evidence->p <= PLATEAU_P;
}

/* True where `evidence` says more for a leak than `best` does. */
static bool evidence_is_better(const struct leak_evidence *evidence, const struct leak_evidence *best)
{
	const bool holds = evidence->has_plateau && evidence->has_cohorts;
	const bool best_holds = best->has_plateau && best->has_cohorts;

	if (evidence->is_proven != best->is_proven)
		return evidence->is_proven;
	return holds != best_holds ? holds : !holds || evidence->p < best->p;
}

static void find_plateau(struct leak_evidence *best, const struct leaks *leaks, const struct history *history,
			 uint32_t group)
{
	const struct follow_ups all = {
	    .objects = history->objects + history->begin[group],
	    .count = history->begin[group + 1] - history->begin[group],
	    .times_ns = leaks->times_ns,
	    .time_count = leaks->time_count,
	};
	const uint64_t length_ns = leaks->reference->time_ns - leaks->reference->start_ns;

	for (unsigned bin = life_bin(largest_gap_ns(leaks)) + 1;
	     bin < 63 && UINT64_C(1) << bin <= length_ns / 2 && !best->is_proven; bin++) {
		struct leak_evidence evidence = *best;
		evidence_fill(&evidence, &all, UINT64_C(1) << bin, leaks);
		if (evidence_is_better(&evidence, best))
			*best = evidence;
	}
	if (best->plateau_age_ns)
		best->survival = life_table_survival(&history->lives[group], life_bin(best->plateau_age_ns));
}

/* Slopes over the snapshots that the timer took. */
static void find_trend(struct leak_evidence *evidence, const struct leaks *leaks, const double *in_use)
{
	const uint64_t start_ns = leaks->reference->start_ns;
	const double half = leaks->seconds / 2;
	double *times = memory_allocate(2 * leaks->time_count, sizeof *times);
	double *values = times + leaks->time_count;
	size_t count = 0, early = 0;

	for (size_t i = 0; i < leaks->time_count; i++) {
		evidence->in_use_highest = fmax(evidence->in_use_highest, in_use[i]);
		if (!leaks->is_timer[i])
			continue;
		times[count] = (double)(leaks->times_ns[i] - start_ns) / 1e9;
		values[count] = in_use[i];
		early += times[count] < half;
		count++;
	}
	evidence->in_use_start = in_use[0];
	evidence->in_use_middle = in_use[leaks->middle_index];
	evidence->whole = trend_of(times, values, count);
	evidence->late = trend_of(times + early, values + early, count - early);
	free(times);
}

/* Fewer lasting samples than about so many would not have been called a leak: without any death, the exposure alone
 * gives p. */
static double samples_least(const struct leak_row *row, const struct leaks *leaks)
{
	const struct cohort_outcome *old = &row->evidence.old;
	const double needed_ns = -log(PLATEAU_P) * leaks->seconds * 1e9 / LIFE_PART;

	return needed_ns / old->exposure_ns * (double)old->lasting.samples;
}

/* What outlived the plateau's age and was born in the measured time, by the length of that time. Allocation rate times
 * plateau is the same: what was allocated in that time stands above and below the line. */
static void measure_rate(struct leak_row *row, const struct leaks *leaks)
{
	const double from = leaks->seconds / RATE_FROM;
	const double length = leaks->seconds - from - (double)row->evidence.plateau_age_ns / 1e9;
	const struct seep_sum *lasting = &row->evidence.old.lasting.bytes;
	const double unseen =
	    sum_is_uncertain(&row->allocated.bytes) ? unseen_bytes((double)leaks->reference->rate) : 0;
	const struct interval bytes = {sum_low_selected(lasting, samples_least(row, leaks), ALPHA),
				       sum_interval(lasting, unseen, ALPHA).high};

	if (!(length > 0))
		return;
	row->leak_rate = sum_estimate(lasting) / length;
	row->leak_interval = (struct interval){bytes.low / length, bytes.high / length};
}

void leak_row_judge(struct leak_row *row, const struct leaks *leaks, const struct history *history)
{
	struct leak_evidence *evidence = &row->evidence;

	evidence->p = 1;
	evidence->survival = (struct survival){NAN, {NAN, NAN}};
	row->leak_rate = NAN;
	row->verdict = row->churn.hotspot ? LEAK_CHURN : LEAK_STEADY;
	find_trend(evidence, leaks, history->in_use + row->group * leaks->time_count);
	if (!leaks->can_judge)
		return;
	find_plateau(evidence, leaks, history, row->group);
	if (evidence->is_proven) {
		row->verdict = LEAK_LEAK;
		measure_rate(row, leaks);
	} else if ((evidence->has_plateau && evidence->has_cohorts) ||
		   (row->q <= CALL_Q && row->growth > 0 && evidence->late.interval.low > 0)) {
		row->verdict = LEAK_GROWING;
	}
}
