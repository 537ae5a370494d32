/* SPDX-License-Identifier: Apache-2.0 */
/* Many tests at once: q-values, which bound the share of false alarms among the called sites, and p-values that bound
 * the chance of any false alarm. */
#ifndef SEEP_STATISTICS_DISCOVERY_H
#define SEEP_STATISTICS_DISCOVERY_H

#include <stddef.h>

/* Writes the q-value of each of `count` p-values: the smallest false discovery rate at which it would be called. Ties
 * get equal values; q >= p always. NaN stays NaN. There were `tests` tests. If fewer p-values are given, the missing
 * ones must be larger than all of these; then only the q-values up to the smallest missing p-value are right. */
void q_values(const double *p, double *q, size_t count, size_t tests);

/* The same by Holm: of the p-values below a level, all are right except with a chance of that level, however the tests
 * depend on each other. There were `tests` tests; those not given must be larger than all others. */
void holm_values(const double *p, double *adjusted, size_t count, double tests);

#endif
