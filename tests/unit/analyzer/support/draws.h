/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a program that allocates, drawn by numbers that look random and are the same in every run. */
#ifndef SEEP_TESTS_DRAWS_H
#define SEEP_TESTS_DRAWS_H

#include <seep/measure.h>

#include <stdint.h>

#define RATE 524288

void random_seed(uint64_t seed);
double random_unit(void); /* in (0, 1] */

/*
 * A program allocates `total` bytes in objects of `size`. Sample points lie on its line of bytes, an exponential gap
 * apart; an object that holds any is one sample. After a sample the gap begins anew (it has no memory).
 */
double program_allocate(struct seep_measure *measure, uint64_t size, double total);

#endif
