/* SPDX-License-Identifier: Apache-2.0 */
#include "target/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "target/service.h"

const char *listing_state_name(enum listing_state state)
{
	static const char *const names[] = {"running", "ended", "left", "broken"};

	return names[state];
}

enum listing_state listing_state_of(const struct profile *last)
{
	if (last->trigger == SEEP_TRIGGER_EXIT || last->trigger == SEEP_TRIGGER_POSTMORTEM)
		return LISTING_ENDED; /* even if its process lives on: it executed another program, or seep left it */
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

static void build_find(struct listing_entry *entry, const struct profile *profile)
{
	for (uint32_t i = 1; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];
		if (!(module->flags & SEEP_MODULE_EXECUTABLE))
			continue;
		for (uint32_t k = 0; k < module->build_id_bytes && 2 * k + 2 < sizeof entry->build; k++)
			snprintf(entry->build + 2 * k, 3, "%02x", module->build_id[k]);
		return;
	}
}

/* Files have holes where nothing of a heap file was ever written. */
static uint64_t directory_bytes(const char *path)
{
	uint64_t bytes = 0;
	DIR *stream = opendir(path);

	for (struct dirent *found; stream && (found = readdir(stream));) {
		struct stat status;
		if (fstatat(dirfd(stream), found->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode))
			bytes += (uint64_t)status.st_blocks * 512;
	}
	if (stream)
		closedir(stream);
	return bytes;
}

static void entry_read(struct listing_entry *entry)
{
	struct recording recording;

	entry->state = LISTING_BROKEN;
	entry->bytes = directory_bytes(entry->path);
	struct profile *last = profile_open(entry->path, &entry->fault);
	if (!last)
		return;
	entry_fill(entry, last);
	build_find(entry, last);
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

static void listing_add(struct listing *listing, const char *path)
{
	ARRAY_RESERVE(listing->entries, listing->count, listing->capacity);
	listing->entries[listing->count] = (struct listing_entry){.path = memory_copy_text(path)};
	entry_read(&listing->entries[listing->count++]);
}

static bool directory_add(struct listing *listing, const char *directory, struct error *error)
{
	DIR *stream = opendir(directory);

	if (!stream)
		return error_set(error, "%s: %s", directory, strerror(errno));
	for (struct dirent *found = readdir(stream); found; found = readdir(stream)) {
		struct buffer path = {0};
		if (strcmp(directory, ".") != 0)
			buffer_printf(&path, "%s/", directory);
		buffer_append_text(&path, found->d_name);
		if (found->d_name[0] != '.' && path_is_recording(path.data))
			listing_add(listing, path.data);
		buffer_free(&path);
	}
	closedir(stream);
	if (listing->count)
		qsort(listing->entries, listing->count, sizeof *listing->entries, entry_compare);
	return true;
}

bool listing_read(struct listing *listing, const char *directory, struct error *error)
{
	*listing = (struct listing){0};
	if (!path_is_recording(directory))
		return directory_add(listing, directory, error);
	listing_add(listing, directory);
	return true;
}

static double end_of(const struct listing_entry *entry)
{
	return entry->state == LISTING_RUNNING ? INFINITY : (double)entry->start_unix_ns / 1e9 + entry->seconds;
}

/* The service has as many processes as ever ran at the same time; each further one replaced one that had ended. */
static size_t most_at_once(const struct listing *listing)
{
	size_t most = 0;

	for (size_t i = 0; i < listing->count; i++) {
		const double start = (double)listing->entries[i].start_unix_ns / 1e9;
		size_t at_once = 0;
		for (size_t k = 0; k <= i; k++)
			at_once += listing->entries[k].state != LISTING_BROKEN && end_of(&listing->entries[k]) > start;
		most = at_once > most ? at_once : most;
	}
	return most;
}

static void service_sum(struct listing *listing)
{
	size_t known = 0;

	for (size_t i = 0; i < listing->count; i++) {
		const struct listing_entry *entry = &listing->entries[i];
		bool is_new = *entry->build;
		for (size_t k = 0; k < i && is_new; k++)
			is_new = strcmp(entry->build, listing->entries[k].build) != 0;
		listing->builds += is_new;
		listing->running += entry->state == LISTING_RUNNING;
		listing->bytes += entry->bytes;
		known += entry->state != LISTING_BROKEN;
	}
	listing->restarts = known - most_at_once(listing);
}

static void service_directory_add(const char *name, const char *directory, void *context)
{
	struct listing *listing = context;
	struct error ignored;

	listing->service = name;
	directory_add(listing, directory, &ignored);
}

bool listing_read_service(struct listing *listing, const char *name, struct error *error)
{
	*listing = (struct listing){0};
	service_visit(name, service_directory_add, listing);
	if (!listing->service)
		return service_say_missing(name, error);
	listing->service = name;
	service_sum(listing);
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
