/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gaps between sample points. Allocated bytes are a line on which points fall
 * as a Poisson process, one per `rate` bytes on average. So a gap is
 * exponential with that mean and never a constant (docs/SAMPLING.md). At rate 1
 * every byte is a point: the gap is 0 and every allocation is sampled.
 */
#ifndef SEEP_SAMPLE_SAMPLER_H
#define SEEP_SAMPLE_SAMPLER_H

#include <stdint.h>

/* A generator that no two threads share. */
uint64_t sampler_seed(uint64_t entropy);

/* Whole bytes before the next point: floor(-rate ln U). An object of s bytes is sampled when s exceeds what is left
 * of the gap, which has probability 1 - exp(-s/rate). Advances *state (splitmix64; Steele, Lea, Flood 2014). */
uint64_t sampler_draw_gap(uint64_t *state, uint64_t rate);

#endif
