/* SPDX-License-Identifier: Apache-2.0 */
/* Digits and at most one suffix, checked for overflow. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <seep/service.h>

#include "base/memory.h"
#include "options/argument.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

static bool parse_scaled(const char *text, const struct unit *units, uint64_t *result)
{
	uint64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
			return false;
	if (at == text)
		return false;
	for (; units->suffix; units++) {
		uint64_t scaled;
		if (strcmp(at, units->suffix) != 0)
			continue;
		if (__builtin_mul_overflow(number, units->factor, &scaled))
			return false;
		*result = scaled;
		return true;
	}
	return false;
}

bool argument_parse_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};

	return parse_scaled(text, units, bytes);
}

bool argument_parse_time(const char *text, uint64_t *time_ns)
{
	static const struct unit units[] = {
	    {"", 1000000000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {NULL, 0},
	};

	return parse_scaled(text, units, time_ns);
}

bool argument_parse_count(const char *text, uint64_t *count)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};

	return parse_scaled(text, units, count);
}

static bool take_text(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)option, (void)error;
	*(const char **)field = value;
	return *value != '\0';
}

static bool take_list(const struct command_option *option, void *field, const char *value, struct error *error)
{
	struct argument_list *list = field;

	(void)option, (void)error;
	ARRAY_RESERVE(list->items, list->count, list->capacity);
	list->items[list->count++] = value;
	return *value != '\0';
}

static bool take_word(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)error;
	for (int i = 0; option->words[i]; i++)
		if (strcmp(option->words[i], value) == 0) {
			*(int *)field = i;
			return true;
		}
	return false;
}

static bool take_directory(const struct command_option *option, void *field, const char *value, struct error *error)
{
	struct stat status;

	(void)option;
	*(const char **)field = value;
	if (stat(value, &status) < 0)
		return error_set(error, "%s; a directory is expected", strerror(errno));
	return S_ISDIR(status.st_mode) || error_set(error, "is not a directory");
}

static bool take_count(const struct command_option *option, void *field, const char *value, struct error *error)
{
	uint64_t count;

	(void)option, (void)error;
	if (!argument_parse_count(value, &count))
		return false;
	*(uint32_t *)field = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	return count > 0;
}

static bool take_time(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)option, (void)error;
	return argument_parse_time(value, field) && *(uint64_t *)field > 0;
}

static bool take_service(const struct command_option *option, void *field, const char *value, struct error *error)
{
	(void)option, (void)error;
	*(const char **)field = value;
	return seep_service_name_is_valid(value, strlen(value));
}

const struct option_type option_service = {take_service, "a service's name: letters, digits, . _ - @ +"};
const struct option_type option_text = {take_text, "a name"};
const struct option_type option_list = {take_list, "a name"};
const struct option_type option_directory = {take_directory, NULL};
const struct option_type option_word = {take_word, NULL};
const struct option_type option_count = {take_count, "a number from 1 up"};
const struct option_type option_time = {take_time, "a time (500ms, 10s, 5m)"};
