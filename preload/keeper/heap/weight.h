/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The weight of a sample. p = 1 - exp(-s/R), s at least 1; R = 1 means that
 * every allocation is sampled, so p = 1. docs/SAMPLING.md derives it.
 */
#ifndef SEEP_HEAP_WEIGHT_H
#define SEEP_HEAP_WEIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/measure.h>

struct weight {
	bool certain;          /* 1 - p < 1e-4 */
	double bytes, objects; /* s/p and 1/p; s and 1 when certain */
	double bytes_variance; /* s^2 (1-p)/p^2; 0 when certain */
	double objects_variance;
};

struct weight weight_of(uint64_t size, uint64_t rate);

/* Adds one sample of that weight to a plain measure. */
void weight_add_to_measure(struct seep_measure *measure, const struct weight *weight);

#endif
