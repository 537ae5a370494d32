/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates, differences and rates as people read them, made from the plain quantities of render/words/quantity.h. */
#ifndef SEEP_WORDS_ESTIMATE_H
#define SEEP_WORDS_ESTIMATE_H

#include "profile/profile.h"
#include "render/words/quantity.h"
#include "statistics/interval.h"

struct estimate_text {
	char value[32]; /* "+12.3 MiB" */
	char interval
	    /* "[+11.8, +12.9]", in the value's unit. If both ends equal the value: "exact", or "at least" or "about" if
	     * something was lost */
	    [32];
};

/* Value and interval in one unit and with the same decimals: three significant digits for the largest of the three
 * numbers. */
struct estimate_text estimate_bytes(double value, struct interval interval, const struct profile *profile);
/* The same with signs, for two profiles: `before` may be NULL. */
struct estimate_text estimate_growth(double value, struct interval interval, const struct profile *before,
				     const struct profile *after);

/* The same for bytes that are known by their interval alone. */
struct estimate_text estimate_between(double value, struct interval interval);

/* For objects, in thousands ("1.23 k") from a thousand on. */
struct estimate_text estimate_objects(double value, struct interval interval, const struct profile *profile);
struct estimate_text estimate_growth_objects(double value, struct interval interval, const struct profile *before,
					     const struct profile *after);

/* With a plus if it is more than 0. */
struct quantity quantity_signed_bytes(double bytes);
struct quantity quantity_signed_count(double count);

/* "1.23 MiB/s", "12,345/s"; "-" if the rate is unknown. */
struct quantity quantity_bytes_rate(double bytes_per_second);
struct quantity quantity_count_rate(double rate);

/* "310 ns", "1.23 ms", "12.3 s", "4 min 10 s", "3 h 12 min"; "-" if it is unknown. */
struct quantity quantity_duration(double nanoseconds);

#endif
