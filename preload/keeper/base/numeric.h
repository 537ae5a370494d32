/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two functions of analysis that sampling needs, without libm (the shim
 * links libc alone). Both are accurate to a few units in the last place.
 */
#ifndef SEEP_BASE_NUMERIC_H
#define SEEP_BASE_NUMERIC_H

/* Natural logarithm of a positive, finite, normal number. */
double numeric_log(double x);

/* 1 - exp(-x) for x >= 0, accurate also where x is tiny. */
double numeric_one_minus_exp(double x);

#endif
