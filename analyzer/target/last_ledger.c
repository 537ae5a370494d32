/* SPDX-License-Identifier: Apache-2.0 */
/* See last_ledger.h. */
#include "target/last_ledger.h"

struct profile *last_ledger_open(const char *path, struct error *error)
{
	struct passed_over passed_over = {0};
	struct recording recording;
	struct profile *profile = NULL;

	if (!path_is_recording(path))
		return profile_open(path, error);
	if (!recording_list(path, &recording, error))
		return NULL;
	for (size_t i = recording.count; i-- > 0 && !(profile && profile->ledger_count);) {
		struct profile *earlier = profile_open(recording.entries[i].path, error);
		if (!earlier) {
			passed_over_add(&passed_over, error);
			continue;
		}
		profile_free(profile);
		profile = earlier;
	}
	if (profile)
		passed_over_say(&passed_over);
	else if (passed_over.count)
		*error = passed_over.first;
	recording_free(&recording);
	return profile;
}
