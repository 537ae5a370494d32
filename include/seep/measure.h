/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sums that every estimate in seep is made of. Both the heap file and the
 * snapshot carry them; docs/SAMPLING.md derives them.
 *
 * A sample of s bytes at sample rate R was taken with probability
 * p = 1 - exp(-s/R), stands for 1/p objects and s/p bytes (Horvitz-Thompson).
 * A sample with 1 - p < 1e-4 (s > 9.2 R) is "certain": it goes into `certain`
 * alone and adds nothing to the other three fields.
 * At R = 1 every allocation is sampled and p is 1 by definition: all certain.
 *
 * The estimate is `uncertain + certain`; its variance is `variance`.
 */
#ifndef SEEP_MEASURE_H
#define SEEP_MEASURE_H

#include <stdint.h>

/* Unit w: bytes (s) or objects (1) of one sample. */
struct seep_sum {
	double uncertain; /* sum of w/p over the uncertain samples */
	double variance;  /* sum of w^2 (1-p)/p^2 over the uncertain samples */
	double largest;   /* largest w/p among the uncertain samples, 0 if none */
	double certain;   /* sum of w over the certain samples */
};

/* A set of samples, counted in bytes and in objects. 72 bytes. */
struct seep_measure {
	uint64_t samples; /* number of samples in the set */
	struct seep_sum bytes;
	struct seep_sum objects;
};

/* Sums are estimates of bytes and objects, and of their squares. A sample stands for one object or byte at least, and
 * for 2^64 bytes or objects at most, so these are the bounds of what 2^64 samples may add up to; a value outside them
 * is not a measurement. */
#define SEEP_SUM_LEAST 1e-6
#define SEEP_SUM_LIMIT 1e40
#define SEEP_SQUARE_LIMIT 1e60

_Static_assert(sizeof(struct seep_measure) == 72, "layout is part of the file formats");

#endif
