/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts births in windows of time, and compares the counts with Poisson and binomial chance. If births come in bursts,
 * a burst is one event: counts and their means are first divided by the dispersion (quasi-Poisson; P. McCullagh & J. A.
 * Nelder, Generalized Linear Models, 1989).
 */
#include "leaks/births.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "statistics/gamma.h"

#define BINS 16          /* an even number, for the dispersion */
#define ENDED_P 1e-4     /* so small a chance of so few births means that they have ended */
#define ENDED_SHARE 0.15 /* unless they still come at more than this share of the earlier pace */
#define SURE_P 0.01
#define PACE_LEAST 0.25 /* this share of the earlier pace still counts as that pace */
#define NONE_SHARE 0.4  /* if no birth is in this last share of the recording, they have ended, too, ... */
#define NONE_LEAST 4    /* ... provided that there were this many births */
/* If births slow down, this share of them is in the later half of their time: with the root of t 0.293, with a
 * logarithm 0.301; if those of a crowded beginning are left out, 0.387 and 0.348. */
#define SLOWING 0.31
#define SLOWING_REST 0.395
#define DIFFERENT_P 0.05
#define OTHER_PACE_P 0.01 /* on either side */

/* How uneven counts are beyond chance. It compares neighbours only, so that a trend does not count. */
static double dispersion_of(const struct births *births)
{
	const double length = births->end_ns - births->begin_ns;
	double counts[BINS] = {0}, sum = 0;
	int pairs = 0;

	for (size_t i = 0; i < births->count && length > 0; i++) {
		const double part = (births->at_ns[i] - births->begin_ns) / length * BINS;
		counts[part < BINS ? (int)part : BINS - 1]++;
	}
	for (int i = 0; i + 1 < BINS; i++) {
		const double both = counts[i] + counts[i + 1];
		if (both > 0) {
			sum += pow(counts[i] - counts[i + 1], 2) / both;
			pairs++;
		}
	}
	if (pairs == 0)
		return 1;
	/* Every other pair is independent of the last one. */
	return gamma_probability(BINS / 4.0, sum / pairs * BINS / 4, TAIL_UPPER) < DIFFERENT_P ? sum / pairs : 1;
}

void births_init(struct births *births, const struct follow_ups *all, uint64_t age_ns)
{
	const uint64_t end_ns = all->times_ns[all->time_count - 1] - age_ns;

	*births =
	    (struct births){.at_ns = memory_allocate(all->count + 1, sizeof *births->at_ns), .end_ns = (double)end_ns};
	for (size_t i = 0; i < all->count; i++) {
		if (!all->objects[i].gone_ns && all->objects[i].birth_ns <= end_ns)
			births->at_ns[births->count++] = (double)all->objects[i].birth_ns;
	}
	births->begin_ns = births->count ? births->at_ns[0] : births->end_ns;
	births->dispersion = dispersion_of(births);
}

void births_free(struct births *births)
{
	free(births->at_ns);
	*births = (struct births){0};
}

size_t births_within(const struct births *births, double from_ns, double to_ns)
{
	size_t count = 0;

	for (size_t i = 0; i < births->count; i++)
		count += births->at_ns[i] >= from_ns && births->at_ns[i] <= to_ns;
	return count;
}

/* The chance of `count` or fewer if `mean` are expected; and of `count` or more. */
static double chance_of_few(double count, double mean, double dispersion)
{
	return gamma_probability(count / dispersion + 1, mean / dispersion, TAIL_UPPER);
}

static double chance_of_many(double count, double mean, double dispersion)
{
	return count > 0 ? gamma_probability(count / dispersion, mean / dispersion, TAIL_LOWER) : 1;
}

/* The chance that `share` of `whole` makes `part` or more. */
static double chance_of_part(size_t part, size_t whole, double share, double dispersion)
{
	const double n = floor((double)whole / dispersion), least = floor((double)part / dispersion);
	double sum = 0;

	for (double k = least; k <= n; k++)
		sum +=
		    exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log1p(-share));
	return fmin(sum, 1);
}

/* The pace before a time, for a window's length: how many births are expected in the window at that pace. */
static double expected_in(const struct births *births, double before_ns, double window_ns)
{
	const double length = before_ns - births->begin_ns;

	return length > 0 ? (double)births_within(births, 0, before_ns) / length * window_ns : 0;
}

bool births_have_ended(const struct births *births, double length_ns)
{
	if (births->count >= NONE_LEAST &&
	    births_within(births, births->end_ns - NONE_SHARE * length_ns, births->end_ns) == 0)
		return true;
	for (int part = 4; part <= 16; part *= 2) {
		const double window = length_ns / part, from = births->end_ns - window;
		const double count = (double)births_within(births, from, births->end_ns);
		const double expected = expected_in(births, from, window);
		if (chance_of_few(count, expected, births->dispersion) < ENDED_P &&
		    chance_of_few(count, ENDED_SHARE * expected, births->dispersion) < DIFFERENT_P)
			return true;
	}
	return false;
}

bool births_hold_their_pace(const struct births *births, bool is_rest)
{
	const double half_ns = (births->begin_ns + births->end_ns) / 2;

	return chance_of_part(births_within(births, half_ns, births->end_ns), births->count,
			      is_rest ? SLOWING_REST : SLOWING, births->dispersion) <= SURE_P;
}

bool births_go_on(const struct births *births, double window_ns)
{
	const double from = births->end_ns - window_ns;
	const double count = (double)births_within(births, from, births->end_ns);

	return chance_of_many(count, PACE_LEAST * expected_in(births, from, window_ns), births->dispersion) <= SURE_P;
}

bool births_outnumber(size_t births, size_t deaths, double dispersion)
{
	return births > deaths && chance_of_part(births, births + deaths, 0.5, dispersion) <= SURE_P;
}

double births_even_from(const struct births *births, double start_ns)
{
	const double quarter_ns = (births->end_ns - start_ns) / 4;
	double from = fmax(start_ns + 3 * quarter_ns, births->begin_ns);

	for (int quarter = 2; quarter >= 1; quarter--) {
		const double earlier = start_ns + quarter * quarter_ns;
		const size_t late = births_within(births, from, births->end_ns);
		const size_t before = births_within(births, earlier, from);
		const double share = (births->end_ns - from) / (births->end_ns - earlier);
		if (!(births->end_ns > from) || earlier < births->begin_ns - quarter_ns / 4)
			break;
		if (chance_of_part(late, late + before, share, births->dispersion) <= OTHER_PACE_P ||
		    chance_of_part(before, late + before, 1 - share, births->dispersion) <= OTHER_PACE_P)
			break;
		from = earlier;
	}
	return from;
}
