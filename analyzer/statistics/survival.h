/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A life table: the share of the objects that outlives each age.
 *
 * Ages are in log2 bins, as lifetimes are recorded: bin b holds [2^b, 2^(b+1)) ns. A freed object is a death at its
 * lifetime; one that still lives is censored at its age. Weights are what a sample stands for (in bytes or in objects),
 * and with weights the number of samples that an uncertainty rests on is the effective one, (sum w)^2 / sum w^2.
 */
#ifndef SEEP_STATISTICS_SURVIVAL_H
#define SEEP_STATISTICS_SURVIVAL_H

#include <stdint.h>

#include "statistics/interval.h"

#define LIFE_BINS 64

struct life_table {
	double dead[LIFE_BINS], dead_squared[LIFE_BINS];
	double alive[LIFE_BINS], alive_squared[LIFE_BINS];
};

struct survival {
	double share;             /* NaN: nothing was ever seen */
	struct interval interval; /* 95 %; within 0 and 1 */
};

/* The bin of an age. */
unsigned life_bin(uint64_t age_ns);

/* Adds deaths in one bin: the sums of their weights and of their squares. */
void life_table_add_dead(struct life_table *table, unsigned bin, double weights, double weights_squared);
/* Adds one object that is alive at this age. */
void life_table_add_alive(struct life_table *table, uint64_t age_ns, double weight);

/* The survival from one age to a later one, made from single objects instead of bins. */
struct survival_tail {
	double share;     /* that reaches the later age */
	double greenwood; /* the sum of d / ((1 - d) n) over its deaths; d is their share of those at risk */
};

/* The share that reaches the age of 2^bin ns and, if there is a tail, also lives to its end. */
struct survival life_table_survival(const struct life_table *table, unsigned bin, const struct survival_tail *tail);

#endif
