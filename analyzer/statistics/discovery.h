/* SPDX-License-Identifier: Apache-2.0 */
/* Many tests at once: q-values, which bound the share of false alarms among the sites that are called; and p-values that
 * bound the chance of any false alarm. */
#ifndef SEEP_STATISTICS_DISCOVERY_H
#define SEEP_STATISTICS_DISCOVERY_H

#include <stddef.h>

/* Writes the q-value of each of `count` p-values: the smallest false discovery rate at which it would be called. Ties
 * get equal values; q >= p always. NaN stays NaN. There were `tests` tests; where fewer p-values than that are given, those
 * missing are larger than all of them, say than L, and so q-values up to L are right: no others are. */
void q_values(const double *p, double *q, size_t count, size_t tests);

/* The same by Holm: the p-values below a level are all right but for a chance of that level, whatever the tests have to do with
 * each other. There were `tests` tests; those that are not given are larger than all others. */
void holm_values(const double *p, double *adjusted, size_t count, double tests);

#endif
