/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often seep renews an answer while somebody looks at it. Renewing takes processor time, which the observed program
 * may need, so it gets a small share of a core on average. Time that was saved up is spent at once, so that during the
 * first minute of a look the answer is as current as the recording's snapshots.
 */
#ifndef SEEP_WORK_PACE_H
#define SEEP_WORK_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_SHARE 0.003
#define PACE_MOST_S 0.3 /* seconds of processor time that can be saved up */

struct pace {           /* zero-initialise */
	double spent_s; /* processor time spent beyond the share; 0 at rest */
	uint64_t at_ns;
};

static inline bool pace_allows(struct pace *pace, double share, uint64_t now_ns)
{
	const double due_s = (double)(now_ns - pace->at_ns) / 1e9 * share;

	pace->spent_s = due_s < pace->spent_s ? pace->spent_s - due_s : 0;
	pace->at_ns = now_ns;
	return pace->spent_s <= PACE_MOST_S;
}

static inline void pace_spend(struct pace *pace, double seconds)
{
	pace->spent_s += seconds;
}

#endif
