/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources. The estimate: the actuarial life table (S. J. Cutler & F. Ederer,
 * Journal of Chronic Diseases 8 (1958) 699-712), in which those censored in a
 * bin count as half at risk there. Its variance: M. Greenwood (1926), with
 * effective numbers. The interval: K. J. Rothman, Journal of Chronic Diseases
 * 31 (1978) 557-560, who turns that variance into the number of trials of a
 * binomial share and takes E. B. Wilson's interval (1927) of that, which stays
 * within 0 and 1 and is right where the share is near either.
 */
#include "statistics/survival.h"

#include <math.h>

#define Z 1.959963984540054 /* for ALPHA, two-sided */

unsigned life_bin(uint64_t age_ns)
{
	return age_ns ? 63u - (unsigned)__builtin_clzll(age_ns) : 0;
}

void life_table_add_dead(struct life_table *table, unsigned bin, double weights, double weights_squared)
{
	if (bin >= LIFE_BINS)
		return;
	table->dead[bin] += weights;
	table->dead_squared[bin] += weights_squared;
}

void life_table_add_alive(struct life_table *table, uint64_t age_ns, double weight)
{
	const unsigned bin = life_bin(age_ns);

	table->alive[bin] += weight;
	table->alive_squared[bin] += weight * weight;
}

static struct interval wilson_interval(double share, double trials)
{
	const double z2 = Z * Z;
	const double middle = (share + z2 / (2 * trials)) / (1 + z2 / trials);
	const double reach =
	    Z / (1 + z2 / trials) * sqrt(fmax(share * (1 - share), 0) / trials + z2 / (4 * trials * trials));

	return (struct interval){share > 0 ? fmax(middle - reach, 0) : 0, share < 1 ? fmin(middle + reach, 1) : 1};
}

struct survival life_table_survival(const struct life_table *table, unsigned bin, const struct survival_tail *tail)
{
	double at_risk[LIFE_BINS + 1] = {0}, squares[LIFE_BINS + 1] = {0};
	double share = 1, greenwood = 0;

	for (int b = LIFE_BINS - 1; b >= 0; b--) {
		at_risk[b] = at_risk[b + 1] + table->dead[b] + table->alive[b];
		squares[b] = squares[b + 1] + table->dead_squared[b] + table->alive_squared[b];
	}
	if (!(at_risk[0] > 0))
		return (struct survival){NAN, {0, 1}};
	const double trials = at_risk[0] * at_risk[0] / squares[0];
	for (unsigned b = 0; b < bin && b < LIFE_BINS && share > 0; b++) {
		const double exposed = at_risk[b] - table->alive[b] / 2;
		if (!(table->dead[b] > 0))
			continue;
		const double died = fmin(table->dead[b] / exposed, 1);
		const double number = at_risk[b] * at_risk[b] / squares[b] * exposed / at_risk[b];
		share *= 1 - died;
		greenwood += died / ((1 - died) * number);
	}
	if (tail) {
		share *= tail->share;
		greenwood += tail->greenwood;
	}
	if (!(share > 0))
		return (struct survival){0, wilson_interval(0, trials)};
	if (!(greenwood > 0))
		return (struct survival){1, wilson_interval(1, trials)};
	return (struct survival){share, wilson_interval(share, (1 - share) / (share * greenwood))};
}
