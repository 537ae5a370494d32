/* SPDX-License-Identifier: Apache-2.0 */
/* Names for made snapshots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"
#include "profile/profile_private.h"
#include "support/named_profile.h"

static bool name_fits(const struct profile *profile, const struct profile_location *location,
		      const struct address_name *name)
{
	return name->address == location->address && strcmp(name->module, profile->modules[location->module].path) == 0;
}

static struct source_line unknown_line(struct profile *profile, const struct profile_location *location)
{
	char text[128];

	snprintf(text, sizeof text, "%s+0x%llx", path_base_name(profile->modules[location->module].path),
		 (unsigned long long)location->address);
	return (struct source_line){.function = string_pool_intern(profile->strings, text)};
}

struct profile *named_profile(const struct snapshot_maker *maker, const char *source, const struct address_name *names,
			      size_t count)
{
	struct buffer file = snapshot_maker_finish(maker);
	struct error error;
	struct profile *profile = profile_open_snapshot(file.data, file.length, source, &error);

	buffer_free(&file);
	if (!profile)
		fail_msg("%s", error.text);
	struct profile_storage *storage = profile->storage;
	const size_t most = profile->location_count * (count + 1);
	size_t used = 0;
	storage->lines = memory_allocate(most ? most : 1, sizeof *storage->lines);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		struct profile_location *location = &profile->locations[i];
		location->lines = &storage->lines[used];
		for (size_t k = 0; k < count; k++) {
			if (!name_fits(profile, location, &names[k]))
				continue;
			if (location->line_count)
				location->lines[location->line_count - 1].inlined = true;
			location->lines[location->line_count++] = (struct source_line){
			    .function = names[k].function, .file = names[k].file, .line = names[k].line};
		}
		if (location->line_count == 0)
			location->lines[location->line_count++] = unknown_line(profile, location);
		used += location->line_count;
	}
	return profile;
}

const struct profile_site *named_site(const struct profile *profile, const char *function)
{
	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct profile_site *site = &profile->sites[i];
		if (site->depth && strcmp(profile_leaf(profile, site)->lines[0].function, function) == 0)
			return site;
	}
	fail_msg("no site in %s", function);
	return NULL;
}
