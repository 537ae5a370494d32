/* SPDX-License-Identifier: Apache-2.0 */
/* Points of the series become a trend (statistics/trend.h). */
#include "leaks/slope.h"

#include <stdlib.h>

#include "base/memory.h"

struct trend slope_of(const struct leaks *leaks, uint32_t group, enum slope_part part)
{
	const double *in_use = leaks->in_use + group * leaks->time_count;
	const double from_s = part == SLOPE_LATE ? leaks->seconds / 2 : 0;
	double *times = memory_allocate(2 * leaks->time_count, sizeof *times);
	double *values = times + leaks->time_count;
	size_t count = 0;

	for (size_t i = 0; i < leaks->time_count; i++) {
		times[count] = (double)(leaks->times_ns[i] - leaks->reference->start_ns) / 1e9;
		values[count] = in_use[i];
		count += leaks->is_timer[i] && times[count] >= from_s;
	}
	const struct trend trend = trend_of(times, values, count);
	free(times);
	return trend;
}
