/* SPDX-License-Identifier: Apache-2.0 */
/* See moment.h. */
#include "options/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

/* `years` is bounded, so that the sum stays far from what a time_t holds. */
static bool seconds_take(time_t seconds, uint64_t *unix_ns)
{
	if (seconds < 0 || (uint64_t)seconds > INT64_MAX / SECOND_NS)
		return false;
	*unix_ns = (uint64_t)seconds * SECOND_NS;
	return true;
}

/* "90m": ago. */
static bool age_parse(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns)
{
	static const struct {
		char name;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	const unsigned long long number = strtoull(text, &end, 10);
	uint64_t age_ns;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (end == text || end[0] != units[i].name || end[1])
			continue;
		if (__builtin_mul_overflow((uint64_t)number, units[i].seconds * SECOND_NS, &age_ns) ||
		    age_ns > now_unix_ns)
			return false;
		*unix_ns = now_unix_ns - age_ns;
		return true;
	}
	return false;
}

/* Z, +01:00, -0530 at the end; "": none. False: something else. */
static bool zone_parse(const char *text, bool *has_zone, long *offset_s)
{
	unsigned hours, minutes;
	int end = 0;

	*has_zone = *text != 0;
	*offset_s = 0;
	if (!*text || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if ((*text != '+' && *text != '-') || (sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &end) != 2 &&
					       sscanf(text + 1, "%2u%2u%n", &hours, &minutes, &end) != 2))
		return false;
	*offset_s = (long)(hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
	return !text[1 + end] && hours < 24 && minutes < 60;
}

/* Reads "10:00" or "10:00:30.5Z" from there on. `day` has the day. */
static bool clock_parse(const char *text, struct tm *day, uint64_t *unix_ns)
{
	unsigned hour, minute, second = 0;
	int end = 0, more = 0;
	bool has_zone;
	long offset_s;

	if (sscanf(text, "%2u:%2u%n", &hour, &minute, &end) != 2 || hour > 23 || minute > 59)
		return false;
	if (text[end] == ':') {
		if (sscanf(text + end, ":%2u%n", &second, &more) != 1 || second > 60)
			return false;
		end += more;
		if (text[end] == '.')
			end += 1 + (int)strspn(text + end + 1, "0123456789");
	}
	if (!zone_parse(text + end, &has_zone, &offset_s))
		return false;
	day->tm_hour = (int)hour;
	day->tm_min = (int)minute;
	day->tm_sec = (int)second;
	day->tm_isdst = -1;
	return seconds_take(has_zone ? timegm(day) - offset_s : mktime(day), unix_ns);
}

static bool date_parse(const char *text, uint64_t *unix_ns)
{
	unsigned year, month, day;
	int end = 0;

	if (sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end) != 3 || year < 1970 || month < 1 || month > 12 ||
	    day < 1 || day > 31)
		return false;
	struct tm date = {.tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day, .tm_isdst = -1};
	if (!text[end])
		return seconds_take(mktime(&date), unix_ns);
	return (text[end] == 'T' || text[end] == 't' || text[end] == ' ') &&
	       clock_parse(text + end + 1, &date, unix_ns);
}

bool moment_parse_time(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns)
{
	const time_t now = (time_t)(now_unix_ns / SECOND_NS);
	struct tm today;
	char *end;

	if (strcmp(text, "now") == 0) {
		*unix_ns = MOMENT_NOW;
		return true;
	}
	if (*text == '@' && text[1] >= '0' && text[1] <= '9') {
		const long long seconds = strtoll(text + 1, &end, 10);
		return !*end && seconds_take(seconds, unix_ns);
	}
	if (*text < '0' || *text > '9' || !localtime_r(&now, &today))
		return false;
	return age_parse(text, now_unix_ns, unix_ns) || date_parse(text, unix_ns) || clock_parse(text, &today, unix_ns);
}
