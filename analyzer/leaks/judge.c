/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rule, as docs/SAMPLING.md states it. `leak` needs two proofs: objects that have reached some age no longer die
 * (plateau), and survivors were not all born at the start (cohorts). It is sure if it also goes on at its pace until
 * now, and is more than a filling cache gathers in that time; otherwise it has cautions. Growth alone is `growing`: a
 * cache that fills grows, too. A group that can't be judged is `unknown`, with the reason.
 */
#include "leaks/judge.h"

#include <math.h>

#include "leaks/births.h"
#include "leaks/plateau.h"
#include "statistics/measure.h"

#define SURE_BYTES (16 << 20) /* a leak of so many bytes ... */
/* ... over so many seconds is sure: a cache that fills is seldom larger, and seldom fills for longer; ... */
#define SURE_SECONDS 110
#define SURE_ALONE 1800    /* ... or over so many seconds, however small it is */
#define LAST_PART 8        /* the last 1/8 of the recording */
#define VEIL_PART 16       /* at an age past 1/16 of the recording, the newest blocks can't be told from noise */
#define QUIET_SHARE 1      /* times the earlier pace, or less: then the young objects do not show that births go on */
#define FULL_SHARE 0.4     /* in a full cache, this share of the blocks that get old dies, or more; ... */
#define FULL_CEASING 0.6   /* ... and this, where deaths are far rarer past that age than before it */
#define RATE_TRACE 0.0001  /* of a rate, at its lower end, or less: samples that only just suffice for a proof */
#define HIGHER 1.1         /* times the amount before counts as more than before */
#define TELLING_SAMPLES 12 /* samples of a leak that are enough for a verdict, ... */
#define TELLING_TIMES 10   /* ... if they come, at its pace, within so many times the recording's length */

static void find_in_use(struct leak_evidence *evidence, const struct leaks *leaks, const double *in_use)
{
	for (size_t i = 0; i < leaks->time_count; i++) {
		evidence->in_use_highest = fmax(evidence->in_use_highest, in_use[i]);
		if ((double)(leaks->times_ns[i] - leaks->reference->start_ns) / 1e9 <= 0.75 * leaks->seconds)
			evidence->in_use_before = evidence->in_use_highest;
	}
	evidence->in_use_now = in_use[leaks->time_count - 1];
	evidence->in_use_middle = in_use[leaks->middle_index];
}

/* Fills the row's cautions. */
static void find_cautions(struct leak_row *row, const struct leaks *leaks, const struct follow_ups *all,
			  const struct births *old, const struct births *any, bool is_rest)
{
	const struct leak_evidence *evidence = &row->evidence;
	const double length_ns = leaks->seconds * 1e9, window_ns = length_ns / LAST_PART;
	const double seen_s = (old->end_ns - fmax(old->begin_ns, (double)leaks->reference->start_ns)) / 1e9;
	const size_t deaths = cohort_deaths_since(all, evidence->plateau_age_ns, any->end_ns - window_ns);
	const size_t births = births_within(any, any->end_ns - window_ns, cohort_deaths_end(all));

	if (seen_s < SURE_ALONE && (sum_estimate(&evidence->old.lasting.bytes) < SURE_BYTES || seen_s < SURE_SECONDS))
		row->cautions |= CAUTION_YOUNG;
	if (!births_hold_their_pace(old, is_rest))
		row->cautions |= CAUTION_SLOWING;
	if (!births_go_on(any, window_ns) || !births_go_on(old, window_ns))
		row->cautions |= CAUTION_PAUSED;
	if (!births_outnumber(births, deaths, old->dispersion))
		row->cautions |= CAUTION_DYING;
	if ((double)evidence->plateau_age_ns > length_ns / VEIL_PART)
		row->cautions |= CAUTION_VEILED;
}

/* Whether there are no more young objects than the earlier pace of the old ones would have brought. */
static bool young_are_quiet(const struct births *old, const struct births *any)
{
	const double since_ns = any->end_ns - old->end_ns, before = old->end_ns - old->begin_ns;
	const double young = (double)births_within(any, old->end_ns, any->end_ns);

	return young <= QUIET_SHARE * (double)old->count / before * since_ns;
}

/* Whether births have ended. Old objects alone only show the state as it was when they were born, so the young ones
 * must agree. */
static bool has_ended(const struct leaks *leaks, const struct births *old, const struct births *any)
{
	const double length_ns = leaks->seconds * 1e9;

	return births_have_ended(any, length_ns) || (births_have_ended(old, length_ns) && young_are_quiet(old, any));
}

/* If this is a leak: finds when a verdict will be possible, or the rate at which a recording of this length would have
 * had one. */
static void find_time_of_verdict(struct leak_row *row, const struct leaks *leaks, const struct births *any)
{
	const double seen_s = (any->end_ns - any->begin_ns) / 1e9;
	const double count = (double)any->count;

	if (any->count < 2 || !(seen_s > 0))
		return;
	const double needed_s = fmax(TELLING_SAMPLES - count, 1) * seen_s / (count - 1);
	if (needed_s <= TELLING_TIMES * leaks->seconds)
		row->possible_in_s = needed_s;
	if (needed_s > leaks->seconds / 2) {
		row->possible_rate = 1;
		while ((double)row->possible_rate * 2 * TELLING_SAMPLES <= count * (double)leaks->reference->rate / 2)
			row->possible_rate *= 2;
	}
}

/* Whether it has surely grown since the middle, and to more than it had before. */
static bool has_grown(const struct leak_row *row, const struct leaks *leaks)
{
	const struct leak_evidence *evidence = &row->evidence;

	return leaks->can_judge && row->q <= CALL_Q && row->growth > 0 &&
	       (sum_estimate(&row->in_use.bytes) > HIGHER * evidence->in_use_before ||
		slope_of(leaks, row->group, SLOPE_LATE).interval.low > 0);
}

/* What a program maps is known exactly, and a collected heap keeps some of it for long while it replaces the rest: what
 * is not more than it was before does not leak. */
static bool is_level_mapping(const struct leaks *leaks, const struct leak_evidence *evidence)
{
	return leaks->reference->is_of_mappings && evidence->in_use_now <= evidence->in_use_before;
}

/* Both proofs, but weak ones. */
static bool is_suspect(const struct leak_evidence *evidence)
{
	return evidence->has_plateau && evidence->has_cohorts;
}

/* Judges a row that neither leaks nor grows for sure. */
static void judge_rest(struct leak_row *row, const struct leaks *leaks, const struct births *any)
{
	const double now = sum_estimate(&row->in_use.bytes);

	row->verdict = LEAK_UNKNOWN;
	if (!leaks->can_judge)
		row->unknown = UNKNOWN_SHORT;
	else if (row->growth_bytes.low > 0)
		row->unknown = row->q <= CALL_Q ? UNKNOWN_SWINGS : UNKNOWN_CHANCE;
	else if (row->growth > 0 && any->count < TELLING_SAMPLES && row->evidence.in_use_middle <= now / 2)
		row->unknown = UNKNOWN_FEW;
	else if (is_suspect(&row->evidence) && !is_level_mapping(leaks, &row->evidence))
		row->unknown = UNKNOWN_OLD;
	else
		row->verdict = LEAK_STEADY;
	if (row->churn.hotspot)
		row->verdict = LEAK_CHURN;
	if (row->verdict == LEAK_UNKNOWN)
		find_time_of_verdict(row, leaks, any);
}

/*
 * The rate: the bytes that outlived the plateau's age and were born in the measured time, by the length of that time.
 * The measured time is the longest until now throughout which the pace was one. The leak is itself a process of chance,
 * whatever the size of its blocks, and comes in bursts: so the variance is that of its events, not only of their
 * sampling.
 */
static void measure_rate(struct leak_row *row, const struct leaks *leaks, const struct follow_ups *all,
			 const struct births *old)
{
	const double from_ns = births_even_from(old, (double)leaks->reference->start_ns);
	const double length = (old->end_ns - from_ns) / 1e9;
	struct seep_sum lasting = {0};
	uint64_t samples = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[i];
		struct seep_measure single = {0};
		if (object->gone_ns || (double)object->birth_ns < from_ns || (double)object->birth_ns > old->end_ns)
			continue;
		measure_add_sample(&single, object->size, object->rate);
		const double weight = sum_estimate(&single.bytes);
		lasting.uncertain += weight;
		lasting.variance += weight * weight * old->dispersion;
		lasting.largest = fmax(lasting.largest, weight * old->dispersion);
		samples++;
	}
	if (!(length > 0))
		return;
	const double least = plateau_samples_least(&row->evidence, leaks) * (double)samples /
			     fmax((double)row->evidence.old.lasting.samples, 1) / old->dispersion;
	const struct interval bytes = {
	    sum_low_selected(&lasting, least, ALPHA),
	    sum_interval(&lasting, unseen_bytes((double)leaks->reference->rate), ALPHA).high};
	row->rate_from_s = (from_ns - (double)leaks->reference->start_ns) / 1e9;
	row->rate_to_s = row->rate_from_s + length;
	/* Some of the blocks that are there now may still die. */
	const double plateau = row->evidence.plateau, there = 1 - row->absent_share;
	row->leak_rate = sum_estimate(&lasting) / length * (1 + plateau) / 2 * there;
	row->leak_interval = (struct interval){bytes.low / length * plateau * there, bytes.high / length * there};
}

/* A place is called a leak only if its rate is surely above zero, and not by a trace. If
 * nothing stays of the blocks born in the measured time, births came earlier, and have ended; otherwise there is too
 * little to say how fast it grows, or only addresses that nobody touches gather. */
static enum leak_verdict verdict_by_rate(const struct leak_row *row, const struct births *old, const struct births *any)
{
	if (row->leak_interval.low > RATE_TRACE * row->leak_rate)
		return LEAK_LEAK;
	return row->leak_rate == 0 && row->absent_share < 1 && young_are_quiet(old, any) ? LEAK_STOPPED : LEAK_GROWING;
}

/* Whether objects past the age now die about as often as others reach it: a cache that is full. */
static bool is_full(const struct leaks *leaks, const struct follow_ups *all, const struct leak_evidence *evidence,
		    const struct births *old)
{
	const uint64_t age_ns = evidence->plateau_age_ns;
	const double share = evidence->ceases ? FULL_CEASING : FULL_SHARE;
	const double window_ns = leaks->seconds * 1e9 / LAST_PART;
	const double deaths = cohort_deaths_since(all, age_ns, old->end_ns + (double)age_ns - window_ns);

	return deaths > 0 && deaths >= share * (double)births_within(old, old->end_ns - window_ns, old->end_ns);
}

static void judge(struct leak_row *row, const struct leaks *leaks, const struct follow_ups *all)
{
	struct leak_evidence *evidence = &row->evidence;
	const struct follow_ups later = plateau_without_crowd(all, leaks);
	struct births any, past_age = {0};

	births_init(&any, &later, 0);
	if (evidence->has_plateau)
		births_init(&past_age, &later, evidence->plateau_age_ns);
	const struct births old = evidence->has_plateau ? past_age : any;
	evidence->since_ns = old.count ? old.begin_ns : 0;
	evidence->last_ns = old.count ? old.at_ns[old.count - 1] : 0;
	evidence->dispersion = old.dispersion;
	if (is_level_mapping(leaks, evidence) ||
	    !(evidence->is_proven || is_suspect(evidence) || has_grown(row, leaks))) {
		judge_rest(row, leaks, &any);
	} else if (has_ended(leaks, &old, &any)) {
		row->verdict = LEAK_STOPPED;
	} else if (evidence->is_proven && !is_full(leaks, all, evidence, &old)) {
		measure_rate(row, leaks, all, &old);
		row->verdict = verdict_by_rate(row, &old, &any);
	} else {
		row->verdict = LEAK_GROWING;
	}
	if (row->verdict == LEAK_GROWING && !(row->growth_bytes.low > 0))
		judge_rest(row, leaks, &any);
	if (row->verdict == LEAK_LEAK)
		find_cautions(row, leaks, all, &old, &any, later.count < all->count);
	else
		row->leak_rate = NAN;
	births_free(&any);
	births_free(&past_age);
}

/*
 * The share that reaches an age. Lifetimes in bins include objects that no snapshot saw; but the last bin is half of
 * the age wide, and deaths of objects of one age cluster. So bins count only up to the longest gap between snapshots:
 * every object that lives longer was seen, and is followed individually.
 */
static struct survival survival_to(const struct life_table *lives, const struct leaks *leaks,
				   const struct follow_ups *all, uint64_t age_ns)
{
	const unsigned least = life_bin(age_ns), seen = life_bin(leaks->longest_gap_ns) + 1;
	const unsigned bin = seen < least ? seen : least;
	const struct survival_tail tail = cohort_tail(all, UINT64_C(1) << bin, age_ns);
	return life_table_survival(lives, bin, &tail);
}

/* Whether a plateau can change the verdict, or is shown. A row that neither has one nor has grown is not explained. */
static bool plateau_matters(const struct leak_row *row, const struct leaks *leaks, const struct follow_ups *all)
{
	return leaks->can_judge && (leaks->detail == LEAK_WHOLE || plateau_is_possible(all) || has_grown(row, leaks));
}

void leak_row_judge(struct leak_row *row, const struct group_lives *lives, struct follow_up *room)
{
	const struct leaks *leaks = lives->leaks;
	const struct follow_ups all = group_lives_follow(lives, row->group, room);

	row->evidence.p = 1;
	row->evidence.survival = (struct survival){NAN, {NAN, NAN}};
	row->leak_rate = row->possible_in_s = NAN;
	row->evidence.is_one_block =
	    all.count == 0 && lives->objects_begin[row->group] < lives->objects_begin[row->group + 1];
	find_in_use(&row->evidence, leaks, leaks->in_use + row->group * leaks->time_count);
	if (plateau_matters(row, leaks, &all))
		plateau_find(&row->evidence, leaks, &all);
	judge(row, leaks, &all);
	if (row->evidence.plateau_age_ns && (leaks->detail == LEAK_WHOLE || row->verdict <= LEAK_STOPPED)) {
		struct life_table table;
		group_lives_table(lives, row->group, &table);
		row->evidence.survival = survival_to(&table, leaks, &all, row->evidence.plateau_age_ns);
	}
}
