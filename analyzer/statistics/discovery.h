/* SPDX-License-Identifier: Apache-2.0 */
/* Many tests at once: q-values, which bound the share of false alarms among the sites that are called. */
#ifndef SEEP_STATISTICS_DISCOVERY_H
#define SEEP_STATISTICS_DISCOVERY_H

#include <stddef.h>

/* Writes the q-value of each of `count` p-values: the smallest false discovery rate at which it would be called. Ties
 * get equal values; q >= p always. NaN is no test: it is left out of the count and stays NaN. */
void q_values(const double *p, double *q, size_t count);

#endif
