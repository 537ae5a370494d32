/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshots in a recording's directory: files named NNNNNN.seep, whatever else is beside them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/buffer.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/message.h"
#include "files/path.h"
#include "profile/bundle.h"
#include "profile/profile.h"
#include "profile/profile_private.h"
#include "reader/input.h"
#include "reader/snapshot_reader.h"

enum { NUMBER_DIGITS_MAX = 18 };

/* The number in a snapshot's file name; 0: this is not such a name. */
static uint64_t name_number(const char *name)
{
	uint64_t number = 0;
	size_t digits = strspn(name, "0123456789");

	if (digits == 0 || digits > NUMBER_DIGITS_MAX || strcmp(name + digits, SEEP_SNAPSHOT_SUFFIX) != 0)
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = 10 * number + (uint64_t)(name[i] - '0');
	return number;
}

char *recording_of_snapshot(const char *path)
{
	const char *name = path_base_name(path);

	if (!name_number(name))
		return NULL;
	struct buffer directory = {0};
	if (name == path)
		buffer_append_text(&directory, ".");
	else
		buffer_append(&directory, path, (size_t)(name - path));
	return directory.data;
}

/* Reads time and trigger from the header alone. If it can't be read they stay 0: opening the file will say why. */
static void entry_read_header(struct recording_entry *entry)
{
	struct seep_snapshot_header header;
	struct stat status;
	int descriptor = open(entry->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (descriptor < 0)
		return;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
	    pread(descriptor, &header, sizeof header, 0) == (ssize_t)sizeof header &&
	    snapshot_header_is_valid(&header)) {
		entry->time_ns = header.time_ns;
		entry->header_number = header.number;
		entry->trigger = header.trigger < SEEP_TRIGGER_COUNT ? header.trigger : SEEP_TRIGGER_UNKNOWN;
	}
	close(descriptor);
}

static int entry_compare(const void *left, const void *right)
{
	const struct recording_entry *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

/* Collects names only; false: errno says why the directory can't be read. */
static bool recording_collect(const char *directory, struct recording *recording)
{
	DIR *listing = opendir(directory);
	size_t capacity = 0;

	if (!listing)
		return false;
	errno = 0;
	for (struct dirent *found = readdir(listing); found; found = readdir(listing)) {
		uint64_t number = name_number(found->d_name);
		struct buffer path = {0};
		if (!number)
			continue;
		buffer_printf(&path, "%s/%s", directory, found->d_name);
		ARRAY_RESERVE(recording->entries, recording->count, capacity);
		recording->entries[recording->count++] = (struct recording_entry){.path = path.data, .number = number};
		errno = 0;
	}
	int fault = errno;
	closedir(listing);
	errno = fault;
	return fault == 0;
}

bool recording_check(const struct recording *recording, struct error *error)
{
	for (size_t i = 0; i < recording->count; i++) {
		const struct recording_entry *entry = &recording->entries[i];
		if (i > 0 && entry->number == entry[-1].number)
			return input_fault(error, entry->path, offsetof(struct seep_snapshot_header, number),
					   "there are two snapshots with number %" PRIu64, entry->number);
		if (entry->header_number && entry->header_number != entry->number)
			return input_fault(error, entry->path, offsetof(struct seep_snapshot_header, number),
					   "its header says that it is snapshot %" PRIu64 ", its name says %" PRIu64,
					   entry->header_number, entry->number);
	}
	return true;
}

bool recording_list(const char *directory, struct recording *recording, struct error *error)
{
	struct stat status;

	*recording = (struct recording){0};
	if (stat(directory, &status) == 0 && S_ISREG(status.st_mode))
		return bundle_list(directory, recording, error);
	if (!recording_collect(directory, recording)) {
		int fault = errno;
		recording_free(recording);
		return fault == ENOENT ? input_fault(error, directory, 0,
						     "there is no such recording or file: 'seep list' shows recordings")
				       : input_fault(error, directory, 0, "cannot be listed: %s", strerror(fault));
	}
	if (recording->count == 0)
		return path_is_recording(directory)
			   ? input_fault(error, directory, 0, "this recording has no snapshot yet")
			   : input_fault(error, directory, 0,
					 "is a directory, but not a recording: 'seep list %s' shows those in it",
					 directory);
	qsort(recording->entries, recording->count, sizeof *recording->entries, entry_compare);
	for (size_t i = 0; i < recording->count; i++)
		entry_read_header(&recording->entries[i]);
	if (recording_check(recording, error))
		return true;
	recording_free(recording);
	recording->contradicts = true;
	return false;
}

void passed_over_add(struct passed_over *passed_over, const struct error *error)
{
	if (passed_over->count++ == 0)
		passed_over->first = *error;
}

static bool keeps_quiet;

void passed_over_keep_quiet(void)
{
	keeps_quiet = true;
}

void passed_over_say(const struct passed_over *passed_over)
{
	static uint64_t said[16]; /* remembers this many recordings; beyond that, one may be mentioned twice */
	static size_t next;
	const size_t more = passed_over->count - 1;
	const uint64_t hash = hash_bytes(passed_over->count, passed_over->first.text, strlen(passed_over->first.text));

	if (passed_over->count == 0 || keeps_quiet)
		return;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (said[i] == hash)
			return;
	said[next++ % (sizeof said / sizeof *said)] = hash;
	if (more)
		message("%s; it is left out, and so %s %zu more", passed_over->first.text, more > 1 ? "are" : "is",
			more);
	else
		message("%s; it is left out", passed_over->first.text);
}

void recording_free(struct recording *recording)
{
	for (size_t i = 0; i < recording->count; i++)
		free(recording->entries[i].path);
	free(recording->entries);
	*recording = (struct recording){0};
}

bool path_is_recording(const char *path)
{
	struct recording recording = {0};
	struct buffer heap = {0};
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	if (S_ISREG(status.st_mode))
		return path_is_bundle(path);
	if (!S_ISDIR(status.st_mode))
		return false;
	buffer_printf(&heap, "%s/%s", path, SEEP_HEAP_NAME);
	bool is_recording = stat(heap.data, &status) == 0 && S_ISREG(status.st_mode);
	buffer_free(&heap);
	if (!is_recording && recording_collect(path, &recording))
		is_recording = recording.count > 0;
	recording_free(&recording);
	return is_recording;
}
