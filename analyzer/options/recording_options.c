/* SPDX-License-Identifier: Apache-2.0 */
/* See recording_options.h. */
#include "options/recording_options.h"

#include <stdlib.h>
#include <string.h>

#include "options/argument.h"

static bool take_rate(const struct command_option *option, void *field, const char *value, struct error *error)
{
	uint64_t bytes;

	(void)option, (void)error;
	*(const char **)field = value;
	return argument_parse_bytes(value, &bytes) && bytes > 0 && bytes <= UINT64_C(1) << 50;
}

static bool take_time_text(const struct command_option *option, void *field, const char *value, struct error *error)
{
	uint64_t time_ns;

	(void)option, (void)error;
	*(const char **)field = value;
	return argument_parse_time(value, &time_ns);
}

static bool take_word_text(const struct command_option *option, void *field, const char *value, struct error *error)
{
	int index;

	*(const char **)field = value;
	return option_word.take(option, &index, value, error);
}

static bool take_headroom(const struct command_option *option, void *field, const char *value, struct error *error)
{
	const size_t digits = strspn(value, "0123456789");
	uint64_t bytes;

	(void)option, (void)error;
	*(const char **)field = value;
	if (digits && strcmp(value + digits, "%") == 0)
		return digits <= 3 && atoi(value) <= 100;
	return strcmp(value, "off") == 0 || argument_parse_bytes(value, &bytes);
}

const struct option_type option_rate = {take_rate, "a number of bytes from 1 up (512K, 1M)"};
const struct option_type option_time_text = {take_time_text, "a time (500ms, 10s, 5m)"};
const struct option_type option_word_text = {take_word_text, NULL};
const struct option_type option_headroom = {take_headroom, "a part (10%), bytes (64M) or off"};
const char *const follow_words[] = {"none", "all", NULL};
const char *const heap_words[] = {"memory", "recording", "auto", NULL};
const char *const unwinder_words[] = {"walker", "libunwind", "frame-pointers", NULL};
