/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them: see the header. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "render/words/quantity.h"

/* Scales by `base` until the number is short; returns the unit's index. A number that would round up to the next unit
 * gets that unit: 1023.6 KiB is 1.00 MiB. */
static int quantity_scale(double *magnitude, double base, int unit, int unit_max)
{
	while (*magnitude >= base - 0.5 && unit < unit_max) {
		*magnitude /= base;
		unit++;
	}
	return unit;
}

static struct quantity quantity_short(double value, double magnitude, const char *unit)
{
	struct quantity quantity;
	int decimals = magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0;

	snprintf(quantity.text, sizeof quantity.text, "%s%.*f %s", value < 0 ? "-" : "", decimals, magnitude, unit);
	return quantity;
}

struct quantity quantity_bytes(double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double magnitude = fabs(bytes);
	int unit = quantity_scale(&magnitude, 1024, 0, 5);

	if (unit == 0) {
		struct quantity quantity;
		snprintf(quantity.text, sizeof quantity.text, "%s%.0f B", bytes <= -0.5 ? "-" : "", magnitude);
		return quantity;
	}
	return quantity_short(bytes, magnitude, units[unit]);
}

struct quantity quantity_count(double count)
{
	static const char *const units[] = {"", "k", "M", "G", "T"};
	double magnitude = fabs(count);

	if (magnitude < 99999.5)
		return quantity_exact(count);
	int unit = quantity_scale(&magnitude, 1000, 0, 4);
	return quantity_short(count, magnitude, units[unit]);
}

struct quantity quantity_exact(double value)
{
	struct quantity quantity;
	char digits[24];
	size_t length, used = 0;

	if (fabs(value) >= 1e15) { /* more than any real amount; the commas would not fit */
		snprintf(quantity.text, sizeof quantity.text, "%.6e", value);
		return quantity;
	}
	length = (size_t)snprintf(digits, sizeof digits, "%.0f", fabs(value));
	if (value <= -0.5)
		quantity.text[used++] = '-';
	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			quantity.text[used++] = ',';
		quantity.text[used++] = digits[i];
	}
	quantity.text[used] = '\0';
	return quantity;
}

struct quantity quantity_share(double part, double whole)
{
	struct quantity quantity = {"-"};

	if (whole > 0 && part > 0 && part / whole < 0.0005)
		strcpy(quantity.text, "<0.1 %");
	else if (whole > 0)
		snprintf(quantity.text, sizeof quantity.text, "%.1f %%", 100 * part / whole);
	return quantity;
}
