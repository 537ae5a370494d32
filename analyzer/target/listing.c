/* SPDX-License-Identifier: Apache-2.0 */
#include "target/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

const char *listing_state_name(enum listing_state state)
{
	static const char *const names[] = {"running", "ended", "left", "broken"};

	return names[state];
}

enum listing_state listing_state_of(const struct profile *last)
{
	if (last->trigger == SEEP_TRIGGER_EXIT || last->trigger == SEEP_TRIGGER_POSTMORTEM)
		return LISTING_ENDED; /* also where its process lives on: it has executed another program, or seep has left it */
	return profile_process_runs(last) ? LISTING_RUNNING : LISTING_LEFT;
}

static void entry_fill(struct listing_entry *entry, const struct profile *last)
{
	struct profile_totals totals;

	profile_totals(last, &totals);
	entry->state = listing_state_of(last);
	entry->command = memory_copy_text(last->command ? last->command : "");
	entry->pid = last->pid;
	entry->start_unix_ns = last->start_unix_ns;
	entry->seconds = ((double)last->time_ns - (double)last->start_ns) / 1e9;
	entry->in_use_bytes = totals.in_use.bytes.uncertain + totals.in_use.bytes.certain;
}

static void entry_read(struct listing_entry *entry)
{
	struct recording recording;

	entry->state = LISTING_BROKEN;
	struct profile *last = profile_open(entry->path, &entry->fault);
	if (!last)
		return;
	entry_fill(entry, last);
	profile_free(last);
	if (recording_list(entry->path, &recording, &entry->fault))
		entry->snapshots = recording.count;
	recording_free(&recording);
}

static int entry_compare(const void *left, const void *right)
{
	const struct listing_entry *a = left, *b = right;
	const bool a_is_broken = a->state == LISTING_BROKEN, b_is_broken = b->state == LISTING_BROKEN;

	if (a_is_broken != b_is_broken)
		return b_is_broken ? -1 : 1;
	if (a->start_unix_ns != b->start_unix_ns)
		return a->start_unix_ns < b->start_unix_ns ? -1 : 1;
	return strcmp(a->path, b->path);
}

static void listing_add(struct listing *listing, size_t *capacity, const char *path)
{
	ARRAY_RESERVE(listing->entries, listing->count, *capacity);
	listing->entries[listing->count] = (struct listing_entry){.path = memory_copy_text(path)};
	entry_read(&listing->entries[listing->count++]);
}

bool listing_read(struct listing *listing, const char *directory, struct error *error)
{
	size_t capacity = 0;

	*listing = (struct listing){0};
	if (path_is_recording(directory)) {
		listing_add(listing, &capacity, directory);
		return true;
	}
	DIR *stream = opendir(directory);
	if (!stream)
		return error_set(error, "%s: %s", directory, strerror(errno));
	for (struct dirent *found = readdir(stream); found; found = readdir(stream)) {
		struct buffer path = {0};
		if (strcmp(directory, ".") != 0)
			buffer_printf(&path, "%s/", directory);
		buffer_append_text(&path, found->d_name);
		if (found->d_name[0] != '.' && path_is_recording(path.data))
			listing_add(listing, &capacity, path.data);
		buffer_free(&path);
	}
	closedir(stream);
	qsort(listing->entries, listing->count, sizeof *listing->entries, entry_compare);
	return true;
}

void listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		free(listing->entries[i].path);
		free(listing->entries[i].command);
	}
	free(listing->entries);
	*listing = (struct listing){0};
}
