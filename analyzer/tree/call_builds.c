/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/call_builds.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static uint64_t text_key(const char *function)
{
	return hash_bytes(0, function, strlen(function));
}

static bool is_of_build(const struct call_builds *builds, const struct profile *profile,
			const struct profile_location *location)
{
	return !location->labelled && rebuilt_has(&builds->rebuilt, profile, location);
}

void call_builds_open(struct call_builds *builds, const struct profile *later, const struct profile *earlier)
{
	bool is_new;

	*builds = (struct call_builds){.names = NULL};
	if (!earlier)
		return;
	rebuilt_add(&builds->rebuilt, later, earlier);
	for (uint32_t i = 0; i < later->location_count && rebuilt_any(&builds->rebuilt); i++) {
		const struct profile_location *location = &later->locations[i];
		for (uint32_t line = 0; is_of_build(builds, later, location) && line < location->line_count; line++) {
			const char *function = location->lines[line].function;
			const uint32_t number =
			    numbering_put(&builds->keys, line_own_key(later, location, line), &is_new);
			ARRAY_RESERVE(builds->names, number, builds->capacity);
			builds->names[number] = is_new ? function : builds->names[number];
			numbering_put(&builds->texts, text_key(function), &is_new);
		}
	}
}

void call_builds_close(struct call_builds *builds)
{
	rebuilt_free(&builds->rebuilt);
	numbering_free(&builds->texts);
	numbering_free(&builds->keys);
	free(builds->names);
}

const char *call_builds_name(const struct call_builds *builds, const struct profile *earlier,
			     const struct profile_location *location, uint32_t line)
{
	const char *function = profile_lines(earlier, location)[line].function;

	if (!builds->names || !is_of_build(builds, earlier, location) ||
	    numbering_get(&builds->texts, text_key(function)) != NUMBERING_NONE)
		return function;
	const uint32_t number =
	    numbering_get(&builds->keys, line_stable_key(&builds->rebuilt, earlier, location, line));
	return number == NUMBERING_NONE ? function : builds->names[number];
}
