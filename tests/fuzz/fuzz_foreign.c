/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of other tools' profiles under libFuzzer: whatever they take for
 * a profile has indices that are good and texts that can be printed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/from_raw.h"
#include "reader/raw_profile.h"
#include "tree/call_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void profile_check(const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		must(location->module < profile->module_count, "a location has no module");
		for (uint32_t k = 0; k < location->line_count; k++)
			must(strlen(location->lines[k].function) > 0, "a line has no name");
	}
	for (uint32_t i = 0; i < profile->site_count; i++) {
		must(profile->sites[i].depth <= RAW_DEPTH_MAX, "a stack is too deep");
		for (uint32_t k = 0; k < profile->sites[i].depth; k++)
			must(profile->sites[i].stack[k] < profile->location_count, "a frame has no location");
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			must(call_value_of(&profile->sites[i], value) >= 0, "a value is negative or no number");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const enum raw_format format = raw_profile_recognize(data, size);
	struct raw_profile raw;
	struct error error;

	if (format == RAW_NONE)
		return 0;
	if (raw_profile_read(&raw, format, "fuzz", data, size, &error)) {
		struct profile *profile = profile_from_raw(&raw, "fuzz");
		profile_check(profile);
		profile_free(profile);
		raw_profile_free(&raw);
	}
	return 0;
}
