/* SPDX-License-Identifier: Apache-2.0 */
/* See last_ledger.h. */
#include "target/last_ledger.h"

#include "base/buffer.h"
#include "profile/bundle.h"
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

/* The snapshots of a recording's directory, or of a bundle. */
struct snapshots {
	struct recording recording;
	struct bundle_file *bundle; /* NULL: a directory */
	struct moment_reader *reader;
	struct buffer bytes;
};

static bool moment_take(struct snapshots *snapshots, const struct recording_entry *entry, struct moment *moment)
{
	struct error ignored;

	return snapshots->bundle ? bundle_file_moment(snapshots->bundle, entry->number, snapshots->reader,
						      &snapshots->bytes, moment, &ignored)
				 : moment_read_file(snapshots->reader, entry->path, moment, &ignored);
}

static void classes_find(struct profile *profile, struct snapshots *snapshots)
{
	size_t tries = 0;
	struct moment moment;

	for (size_t i = snapshots->recording.count;
	     i-- > 0 && tries < BORROW_TRIES && !profile->earlier_classes.is_known;) {
		const struct recording_entry *entry = &snapshots->recording.entries[i];
		if (entry->number >= profile->number)
			continue;
		tries++;
		if (!moment_take(snapshots, entry, &moment))
			continue;
		profile->earlier_classes = moment.classes;
		profile->earlier_ns = moment.time_ns;
	}
}

void ledger_borrow(struct profile *profile, const char *path)
{
	struct snapshots snapshots = {0};
	struct error ignored;

	if (profile->ledger_count || !path_is_recording(path) || !recording_list(path, &snapshots.recording, &ignored))
		return;
	const bool is_bundle = path_is_bundle(path);
	snapshots.reader = moment_reader_create();
	if (!is_bundle || (snapshots.bundle = bundle_file_open(path, &ignored)))
		classes_find(profile, &snapshots);
	bundle_file_close(snapshots.bundle);
	buffer_free(&snapshots.bytes);
	moment_reader_free(snapshots.reader);
	recording_free(&snapshots.recording);
}
