/* SPDX-License-Identifier: Apache-2.0 */
#include "render/screen/spark.h"

#include <math.h>

#define LEVELS 8

void spark_append(struct buffer *out, const uint64_t *times_ns, const double *values, size_t count, unsigned columns)
{
	static const char *const bars[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	double most = 0;
	size_t next = 0;

	for (size_t i = 0; i < count; i++)
		most = fmax(most, values[i]);
	if (count == 0 || !(most > 0))
		return;
	const double span = (double)(times_ns[count - 1] - times_ns[0]);
	double value = values[0];
	for (unsigned column = 0; column < columns; column++) {
		const double until = span * (column + 1) / columns;
		double highest = -1;
		for (; next < count && (double)(times_ns[next] - times_ns[0]) <= until; next++) {
			value = values[next];
			highest = fmax(highest, value);
		}
		const int level = (int)((highest >= 0 ? highest : value) / most * LEVELS);
		buffer_append_text(out, bars[level < LEVELS ? level : LEVELS - 1]);
	}
}
