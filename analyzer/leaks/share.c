/* SPDX-License-Identifier: Apache-2.0 */
/* See share.h. */
#include "leaks/share.h"

#include <math.h>

#include "statistics/gamma.h"
#include "statistics/measure.h"

void share_add(struct share_sum *sum, uint64_t size, uint64_t rate, bool has_it)
{
	struct seep_measure one = {0};

	measure_add_sample(&one, size, rate);
	const double weight = sum_estimate(&one.bytes);
	sum->samples++;
	sum->with += has_it;
	sum->weight += weight;
	sum->weight_with += has_it ? weight : 0;
	sum->spread += one.bytes.variance;
}

double share_of(const struct share_sum *sum)
{
	return sum->weight > 0 ? sum->weight_with / sum->weight : NAN;
}

struct interval share_interval(const struct share_sum *sum, double alpha)
{
	const double share = share_of(sum);

	if (!(sum->spread > 0))
		return (struct interval){share, share};
	const double count = sum->weight * sum->weight / sum->spread;
	const double z = normal_quantile(alpha / 2, TAIL_UPPER), more = z * z / count;
	const double middle = (share + more / 2) / (1 + more);
	const double reach = z * sqrt(share * (1 - share) / count + more / (4 * count)) / (1 + more);

	return (struct interval){fmax(middle - reach, 0), fmin(middle + reach, 1)};
}
