/* SPDX-License-Identifier: Apache-2.0 */
/* Growth that no single row shows (compare/spreads.h), judged like a row. */
#ifndef SEEP_LEAKS_SPREAD_H
#define SEEP_LEAKS_SPREAD_H

#include "leaks/leaks.h"

/* Fills leaks->spreads, and adds those that leak to the rate of all leaks. `series` is that of leaks_build(). */
void leaks_find_spreads(struct leaks *leaks, const struct series *series);

#endif
