/* SPDX-License-Identifier: Apache-2.0 */
/* Growth that lies in no one row (compare/spreads.h), judged as a row is. */
#ifndef SEEP_LEAKS_SPREAD_H
#define SEEP_LEAKS_SPREAD_H

#include "leaks/leaks.h"

/* Fills leaks->spreads, and counts those that leak into the rate of all. `series` is that of leaks_build(). */
void leaks_find_spreads(struct leaks *leaks, const struct series *series);

#endif
