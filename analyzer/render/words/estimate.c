/* SPDX-License-Identifier: Apache-2.0 */
/* Units and digits of estimates. */
#include "render/words/estimate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "profile/lost.h"

/* One unit for three numbers: the one that suits the largest. */
struct scale {
	const char *unit;
	double divisor;
	int decimals;
};

static struct scale scale_for(double magnitude, bool is_count)
{
	static const char *const units[2][6] = {{" B", " KiB", " MiB", " GiB", " TiB", " PiB"},
						{"", " k", " M", " G", " T", " P"}};
	const double step = is_count ? 1000 : 1024;
	struct scale scale = {units[is_count][0], 1, 0};

	for (int i = 1; i < 6 && magnitude / scale.divisor >= step - 0.5; i++) {
		scale.divisor *= step;
		scale.unit = units[is_count][i];
	}
	const double scaled = magnitude / scale.divisor;
	if (scale.divisor > 1)
		scale.decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
	return scale;
}

/* A value that rounds to zero gets no sign. */
static void number_print(char *out, size_t size, double value, const struct scale *scale, bool is_signed)
{
	const double scaled = value / scale->divisor;
	const bool is_zero = fabs(scaled) < 0.5 * pow(10, -scale->decimals);

	snprintf(out, size, "%s%.*f", is_signed && !is_zero && value > 0 ? "+" : "", scale->decimals,
		 is_zero ? 0 : scaled);
}

enum { LOW_DECIMALS = 5 };

/* The lower end of an interval above zero is never printed as 0: if it takes too many digits, as ">0". */
static void low_print(char *out, size_t size, double low, struct scale scale, bool is_signed)
{
	while (scale.divisor > 1 && low > 0 && low / scale.divisor < 0.5 * pow(10, -scale.decimals) &&
	       scale.decimals < LOW_DECIMALS)
		scale.decimals++;
	if (low > 0 && low / scale.divisor < 0.5 * pow(10, -scale.decimals) && scale.divisor > 1)
		snprintf(out, size, ">0");
	else
		number_print(out, size, low, &scale, is_signed);
}

/* `certain`: the word for a value that has an empty interval. */
static struct estimate_text estimate_print(double value, struct interval interval, bool is_count, bool is_signed,
					   const char *certain)
{
	struct estimate_text text;
	char number[24], low[24], high[24];
	const double magnitude = fmax(fabs(value), fmax(fabs(interval.low), fabs(interval.high)));
	const struct scale scale = scale_for(magnitude, is_count);

	if (!(magnitude < 1e18)) { /* only a hostile file has such a number, which says nothing */
		strcpy(text.value, "?");
		strcpy(text.interval, "?");
		return text;
	}
	number_print(number, sizeof number, value, &scale, is_signed);
	low_print(low, sizeof low, interval.low, scale, is_signed);
	number_print(high, sizeof high, interval.high, &scale, is_signed);
	snprintf(text.value, sizeof text.value, "%.20s%s", number, scale.unit);
	if (interval.low == value && interval.high == value)
		snprintf(text.interval, sizeof text.interval, "%s", certain);
	else
		snprintf(text.interval, sizeof text.interval, "[%.13s, %.13s]", low, high);
	return text;
}

static const char *certain_of(const struct profile *profile)
{
	const char *lossy = profile_is_lower_bound(profile) ? "at least" : "about";

	return profile_lost_any(profile) ? lossy : "exact";
}

static const char *certain_of_both(const struct profile *before, const struct profile *after)
{
	return profile_lost_any(after) || (before && profile_lost_any(before)) ? "about" : "exact";
}

struct estimate_text estimate_bytes(double value, struct interval interval, const struct profile *profile)
{
	return estimate_print(value, interval, false, false, certain_of(profile));
}

struct estimate_text estimate_between(double value, struct interval interval)
{
	return estimate_print(value, interval, false, false, "exact");
}

struct estimate_text estimate_growth(double value, struct interval interval, const struct profile *before,
				     const struct profile *after)
{
	return estimate_print(value, interval, false, true, certain_of_both(before, after));
}

struct estimate_text estimate_objects(double value, struct interval interval, const struct profile *profile)
{
	return estimate_print(value, interval, true, false, certain_of(profile));
}

struct estimate_text estimate_growth_objects(double value, struct interval interval, const struct profile *before,
					     const struct profile *after)
{
	return estimate_print(value, interval, true, true, certain_of_both(before, after));
}

static struct quantity with_sign(struct quantity quantity, double value)
{
	struct quantity result = quantity;

	if (value >= 0.5)
		snprintf(result.text, sizeof result.text, "+%.22s", quantity.text);
	return result;
}

struct quantity quantity_signed_bytes(double bytes)
{
	return with_sign(quantity_bytes(bytes), bytes);
}

struct quantity quantity_signed_count(double count)
{
	return with_sign(quantity_count(count), count);
}

static struct quantity per_second(struct quantity quantity, double rate)
{
	struct quantity result = {"-"};

	if (isfinite(rate))
		snprintf(result.text, sizeof result.text, "%.20s/s", quantity.text);
	return result;
}

struct quantity quantity_bytes_rate(double bytes_per_second)
{
	return per_second(quantity_bytes(isfinite(bytes_per_second) ? bytes_per_second : 0), bytes_per_second);
}

struct quantity quantity_count_rate(double rate)
{
	struct quantity small = {""};

	/* Below ten a second, digits behind the point matter. */
	if (!(rate > 0 && rate < 10))
		return per_second(quantity_count(isfinite(rate) ? rate : 0), rate);
	snprintf(small.text, sizeof small.text, "%.2g", rate);
	return per_second(small, rate);
}

struct quantity quantity_duration(double nanoseconds)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	struct quantity result = {"-"};
	double value = nanoseconds;
	int unit = 0;

	if (!(nanoseconds >= 0 && nanoseconds < 1e20))
		return result;
	while (unit < 3 && value >= 999.5) {
		value /= 1000;
		unit++;
	}
	const double whole = round(value);
	const double minutes = floor(fmod(whole, 3600) / 60);
	const double seconds = fmod(whole, 60);
	if (unit < 3 || whole < 120)
		snprintf(result.text, sizeof result.text, "%.*f %s",
			 unit == 0 || value >= 99.95 ? 0
			 : value >= 9.995            ? 1
						     : 2,
			 value, units[unit]);
	else if (whole >= 3600)
		snprintf(result.text, sizeof result.text, minutes > 0 ? "%.0f h %.0f min" : "%.0f h",
			 floor(whole / 3600), minutes);
	else
		snprintf(result.text, sizeof result.text, seconds > 0 ? "%.0f min %.0f s" : "%.0f min", minutes,
			 seconds);
	return result;
}
