/* SPDX-License-Identifier: Apache-2.0 */
/* See last_ledger.h. */
#include "target/last_ledger.h"

#include "profile/moment.h"

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

/* Every few snapshots have one. */
#define BORROW_TRIES 32

void ledger_borrow(struct profile *profile, const char *directory)
{
	struct recording recording;
	struct moment moment;
	struct error ignored;

	if (profile->ledger_count || !path_is_recording(directory) || !recording_list(directory, &recording, &ignored))
		return;
	struct moment_reader *reader = moment_reader_create();
	size_t tries = 0;
	for (size_t i = recording.count; i-- > 0 && tries < BORROW_TRIES && !profile->earlier_classes.is_known;) {
		if (recording.entries[i].number >= profile->number)
			continue;
		tries++;
		if (!moment_read_file(reader, recording.entries[i].path, &moment, &ignored))
			continue;
		profile->earlier_classes = moment.classes;
		profile->earlier_ns = moment.time_ns;
	}
	moment_reader_free(reader);
	recording_free(&recording);
}
