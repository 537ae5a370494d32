/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a group of a series grows. Found when it is asked for: most rows are judged without it. */
#ifndef SEEP_LEAKS_SLOPE_H
#define SEEP_LEAKS_SLOPE_H

#include "leaks/leak_row.h"
#include "statistics/trend.h"

enum slope_part { SLOPE_WHOLE, SLOPE_LATE /* the last half */ };

/* Bytes in use per second, over the snapshots that the timer took. */
struct trend slope_of(const struct leaks *leaks, uint32_t group, enum slope_part part);

#endif
