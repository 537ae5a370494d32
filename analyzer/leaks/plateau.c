/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ages are tried from the series' usual gap up to 0.61 of the recording, each half as long again as the one before.
 * Among those with a proof, the first is taken past which next to nothing dies, or else the one past which the least
 * dies. Objects of a crowded beginning prove nothing about later ones: then only the later ones count. A gap that is
 * longer than usual does no harm: objects that die unseen within it were never counted as at risk there. The test of a
 * plateau is strict, because every site is tested at several ages, and a program has hundreds of sites. A group that
 * passes only a weak test is suspect: old objects gather there, too few yet for a proof.
 */
#include "leaks/plateau.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* the chance of so few deaths if objects lived, on average, for half of the time that they can be watched */
#define PROOF_P 1e-3
#define SUSPECT_P 0.05 /* the same for a suspicion, which is mentioned but is not a proof */
#define LIFE_PART 2
#define PLATEAU_LEAST 0.6 /* share of the objects that reached the age that must outlive all ages seen */
#define PLATEAU_LATE 0.7  /* the same for ages past 1 / LATE_AGE of the recording */
#define LATE_AGE 4
#define PLATEAU_FINE 0.95 /* this share of them is next to all */
#define BEGIN_PART 8      /* the first 1/8 of the recording is its beginning, ... */
#define CROWD_TIMES 3     /* ... which is crowded if it has so many times its share of births, ... */
#define CROWD_LEAST 3     /* ... and more than so few births */
#define LATE_LEAST 3      /* survivors that must be born in the later half of the time */
#define LATE_CHANCE 1e-3  /* for a suspicion, chance may have left so few of them ... */
#define FEW_SURVIVORS 100 /* ... if there are no more survivors than this */
#define SURVIVORS_LEAST 4 /* samples that must survive */
#define SURVIVORS_LATE 20
#define AGE_FACTOR 1.5
#define AGE_MOST 0.61 /* of the recording */

/* The chance of `few` or fewer out of `count`, each with an even chance. */
static double even_chance(uint32_t few, uint32_t count)
{
	double term = exp2(-(double)count), sum = term;

	for (uint32_t i = 1; i <= few; i++) {
		term *= (double)(count - i + 1) / i;
		sum += term;
	}
	return sum;
}

/* The survivors in a pool that was filled at the start are all of that time. A proof needs some later ones; for a
 * suspicion it is enough if chance may explain why they are few. */
static bool cohorts_hold(const struct cohort_outcome *outcome, bool for_proof)
{
	const uint32_t late = outcome->born[COHORTS - 2] + outcome->born[COHORTS - 1];

	if (for_proof || outcome->survivors > FEW_SURVIVORS)
		return late >= LATE_LEAST;
	return late && even_chance(late, outcome->survivors) >= LATE_CHANCE;
}

struct follow_ups plateau_without_crowd(const struct follow_ups *all, const struct leaks *leaks)
{
	const uint64_t start_ns = leaks->reference->start_ns;
	const uint64_t until_ns = start_ns + (leaks->reference->time_ns - start_ns) / BEGIN_PART;
	struct follow_ups later = *all;
	size_t early_alive = 0, later_alive = 0;

	while (later.count && later.objects->birth_ns < until_ns) {
		early_alive += later.objects->gone_ns == 0;
		later.objects++;
		later.count--;
	}
	for (size_t i = 0; i < later.count; i++)
		later_alive += later.objects[i].gone_ns == 0;
	return (double)early_alive > CROWD_TIMES * (double)later_alive / (BEGIN_PART - 1) + CROWD_LEAST ? later : *all;
}

/* The mean remaining life that a plateau must exceed: half of the time for which objects of that age can be watched. */
static double life_asked(uint64_t age_ns, const struct leaks *leaks)
{
	return (leaks->seconds * 1e9 - (double)age_ns) / LIFE_PART;
}

/* A short series has no smaller age. */
static bool age_is_late(uint64_t age_ns, const struct leaks *leaks)
{
	return age_ns > leaks->usual_gap_ns && (double)age_ns > leaks->seconds * 1e9 / LATE_AGE;
}

/* Past the age deaths are far rarer than before it: whatever becomes of the others, some objects stay. In a cache they are
 * as frequent there, or more so. */
static bool deaths_cease(const struct cohort_outcome *old, const struct follow_ups *all, const struct leaks *leaks)
{
	const struct cohort_outcome seen = cohort_outcome_at(all, leaks->usual_gap_ns);
	const double deaths = (double)seen.deaths - old->deaths;

	return deaths > 0 && cohort_p_value(old, (seen.exposure_ns - old->exposure_ns) / deaths) <= PROOF_P;
}

/* Enough of the objects that reached the age must be alive, and a large enough share must outlive every age seen. The
 * shorter they can be watched, the more are needed: a cache that evicts at random has some very old ones, too. */
static bool enough_survive(const struct leak_evidence *evidence, uint32_t survivors, const struct leaks *leaks)
{
	const bool is_late = age_is_late(evidence->plateau_age_ns, leaks);

	return survivors >= (is_late ? SURVIVORS_LATE : SURVIVORS_LEAST) &&
	       evidence->plateau >= (is_late ? PLATEAU_LATE : PLATEAU_LEAST);
}

bool plateau_is_possible(const struct follow_ups *all)
{
	size_t alive = 0;

	for (size_t i = 0; i < all->count && alive < SURVIVORS_LEAST; i++)
		alive += all->objects[i].gone_ns == 0;
	return alive == SURVIVORS_LEAST;
}

static void survivors_fill(struct cohort_outcome *outcome, const struct follow_ups *all, const struct leaks *leaks)
{
	const uint64_t start_ns = leaks->reference->start_ns;

	cohort_survivors(outcome, all, start_ns + (leaks->reference->time_ns - start_ns) / PLATEAU_START_PART);
}

/* Fills in the evidence of an age past which few enough die. `tested` is what became of the later objects. */
static void suspicion_fill(struct leak_evidence *evidence, struct follow_ups *all, struct follow_ups *later,
			   struct cohort_outcome *tested, const struct leaks *leaks)
{
	const uint64_t age_ns = evidence->plateau_age_ns;

	if (!all->order)
		all->order = later->order = follow_order_create(all);
	cohort_plateaus(tested, later);
	evidence->old = *tested;
	if (later->count < all->count) {
		evidence->old = cohort_outcome_at(all, age_ns);
		cohort_plateaus(&evidence->old, all);
	}
	survivors_fill(&evidence->old, all, leaks);
	evidence->plateau = fmin(evidence->old.plateau, tested->plateau);
	evidence->ceases = age_is_late(age_ns, leaks) && deaths_cease(tested, later, leaks);
	if (evidence->ceases)
		evidence->plateau = fmin(evidence->old.plateau_firm, tested->plateau_firm);
	evidence->has_plateau = enough_survive(evidence, tested->survivors, leaks);
	evidence->has_cohorts = cohorts_hold(&evidence->old, false);
	evidence->is_proven = evidence->has_plateau && cohorts_hold(&evidence->old, true) && evidence->p <= PROOF_P;
}

/* Whether `evidence` says more for a leak than `best` does. */
static bool evidence_is_better(const struct leak_evidence *evidence, const struct leak_evidence *best)
{
	const bool holds = evidence->has_plateau && evidence->has_cohorts;
	const bool best_holds = best->has_plateau && best->has_cohorts;

	if (evidence->is_proven != best->is_proven)
		return evidence->is_proven;
	if (evidence->is_proven)
		return evidence->plateau > best->plateau;
	return holds != best_holds ? holds : !holds || evidence->p < best->p;
}

/* Tries one age. Past most ages so many die that nothing else about them matters. */
static void plateau_try(struct leak_evidence *best, double age_ns, const struct leaks *leaks, struct follow_ups *all,
			struct follow_ups *later)
{
	struct cohort_outcome tested = cohort_outcome_at(later, (uint64_t)age_ns);
	struct leak_evidence evidence = *best;

	evidence.plateau_age_ns = (uint64_t)age_ns;
	evidence.p = cohort_p_value(&tested, life_asked((uint64_t)age_ns, leaks));
	evidence.old = tested;
	evidence.plateau = 0;
	evidence.ceases = evidence.has_plateau = evidence.has_cohorts = evidence.is_proven = false;
	if (evidence.p <= SUSPECT_P)
		suspicion_fill(&evidence, all, later, &tested, leaks);
	if (evidence_is_better(&evidence, best))
		*best = evidence;
}

void plateau_find(struct leak_evidence *best, const struct leaks *leaks, const struct follow_ups *all)
{
	struct follow_ups whole = *all, later = plateau_without_crowd(all, leaks);
	const double most_ns = AGE_MOST * leaks->seconds * 1e9;

	for (double age_ns = (double)leaks->usual_gap_ns;
	     age_ns < most_ns && !(best->is_proven && best->plateau >= PLATEAU_FINE); age_ns *= AGE_FACTOR)
		plateau_try(best, age_ns, leaks, &whole, &later);
	/* If nothing dies past a smaller age, a greater one would only hide that births have ended. */
	if (!(best->has_plateau && best->p <= PROOF_P && best->plateau >= PLATEAU_FINE))
		plateau_try(best, most_ns, leaks, &whole, &later);
	if (best->p > SUSPECT_P) {
		if (later.count < all->count)
			best->old = cohort_outcome_at(all, best->plateau_age_ns);
		survivors_fill(&best->old, all, leaks);
	}
	follow_order_free(whole.order);
}

/* Without any death, p follows from the exposure alone. */
double plateau_samples_least(const struct leak_evidence *evidence, const struct leaks *leaks)
{
	const double needed_ns = -log(PROOF_P) * life_asked(evidence->plateau_age_ns, leaks);

	return needed_ns / evidence->old.exposure_ns * (double)evidence->old.lasting.samples;
}
