/* SPDX-License-Identifier: Apache-2.0 */
#include "check/file/amount.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Digits, with or without a point: strtod() would also take "0x1p3", "inf" and blanks. */
static bool number_parse(const char *text, double *number, const char **rest)
{
	const size_t length = strspn(text, "0123456789.");
	char *end = NULL;

	if (length == 0 || length > 20 || !isdigit((unsigned char)text[0]))
		return false;
	*number = strtod(text, &end);
	*rest = end;
	return end == text + length;
}

bool amount_parse(const char *text, double *amount)
{
	static const char units[] = "KMGT";
	const char *rest = NULL;
	double number = 0;

	if (!number_parse(text, &number, &rest))
		return false;
	const char *unit = *rest ? strchr(units, *rest) : NULL;
	if (*rest && (!unit || rest[1]))
		return false;
	*amount = unit ? ldexp(number, 10 * (int)(unit - units + 1)) : number;
	return true;
}

bool growth_parse(const char *text, double *factor)
{
	const char *rest = NULL;
	double percent = 0;

	if (text[0] != '+' || !number_parse(text + 1, &percent, &rest) || strcmp(rest, "%") != 0)
		return false;
	*factor = 1 + percent / 100;
	return true;
}

bool day_parse(const char *text, int64_t *end)
{
	struct tm day = {0};
	const char *rest = strptime(text, "%Y-%m-%d", &day);
	const int of_month = day.tm_mday;

	if (!rest || *rest || strlen(text) != strlen("2027-01-31"))
		return false;
	*end = (int64_t)timegm(&day) + 86400;
	return day.tm_mday == of_month; /* the 31st of February became a day in March */
}
