/* SPDX-License-Identifier: Apache-2.0 */
/* Opens whatever a user names: a snapshot, a recording's directory, a bundle, another tool's profile. The content
 * decides which it is. Each failure is one line with file, offset and fault. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/keeper.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "profile/bundle.h"
#include "profile/profile_private.h"
#include "profile/profile.h"
#include "reader/bundle_reader.h"
#include "reader/input.h"
#include "foreign/foreign_profile.h"
#include "reader/packed.h"
#include "reader/snapshot_reader.h"

#define ATTEMPTS 5 /* attempts to open a recording whose keeper removes snapshots meanwhile */

static struct profile *open_snapshot(const void *data, size_t bytes, const char *name, bool shares, struct error *error)
{
	struct snapshot_view view;

	if (!snapshot_verify_but_stacks(&view, data, bytes, name, error))
		return NULL;
	struct profile *profile = profile_from_snapshot(&view, shares, error);
	if (profile)
		profile->input_bytes = snapshot_input_bytes(&view);
	snapshot_view_free(&view);
	return profile;
}

struct profile *profile_open_snapshot(const void *data, size_t bytes, const char *name, struct error *error)
{
	return open_snapshot(data, bytes, name, false, error);
}

/* Opens another tool's profile; the input has its beginning. */
static struct profile *profile_open_foreign(struct input *input, enum foreign_format format,
					    const struct foreign_moment *moment, struct error *error)
{
	struct foreign_profile foreign;

	if (!input_read_rest(input, FOREIGN_BYTES_LIMIT, error) ||
	    !foreign_profile_read(&foreign, format, input->name, input->data, input->bytes, moment, error))
		return NULL;
	struct profile *profile = profile_from_foreign(&foreign, input->name);
	profile->input_bytes = budget_packed_bytes(input->file_bytes, foreign.plain_bytes);
	foreign_profile_free(&foreign);
	return profile;
}

static struct profile *profile_open_file(const char *path, struct error *error)
{
	struct input input;
	struct profile *profile = NULL;

	if (!input_open(&input, path, error))
		return NULL;
	const enum foreign_format format = foreign_profile_recognize(input.data, input.bytes);
	/* Only the beginning is read of a file that is none of these, however large it is. */
	if (bundle_is_bundle(input.data, input.bytes))
		profile = bundle_profile(&input, 0, error);
	else if (format != FOREIGN_NONE)
		profile = profile_open_foreign(&input, format, &(struct foreign_moment){0}, error);
	else if (!snapshot_is_snapshot(input.data, input.bytes) || input_read_rest(&input, SNAPSHOT_BYTES_LIMIT, error))
		profile = open_snapshot(input.data, input.bytes, path, true, error);
	input_close(&input);
	return profile;
}

/* Makes an error of the keeper's fault; returns NULL. */
static struct profile *heap_fault(struct error *error, const char *path, const struct seep_fault *fault)
{
	if (fault->error)
		input_fault(error, path, fault->offset, "%s: %s", fault->text, strerror(fault->error));
	else
		input_fault(error, path, fault->offset, "%s", fault->text);
	return NULL;
}

/* Whoever finishes a dead program's recording gives back the heap file's space once its last snapshot is there.
 * Whatever was read from the file meanwhile is then worthless. */
static bool heap_is_overtaken(const struct seep_heap_view *heap, const struct seep_heap_state *before)
{
	struct seep_heap_state now;

	seep_heap_state(heap, &now);
	return now.complete && !before->complete;
}

/* `state`: the heap's state when it was opened. `overtaken`: NULL is returned because a snapshot exists by now that did
 * not exist then. `bytes`: unless NULL, gets the snapshot's bytes. */
static struct profile *profile_from_heap(const struct seep_heap_view *heap, const struct seep_heap_state *state,
					 const char *path, struct buffer *bytes, bool *overtaken, struct error *error)
{
	struct seep_image image = {0};
	struct seep_fault fault = {0};
	struct profile *profile = NULL;
	struct stat status;

	if (stat(path, &status) == 0)
		memory_expect_input((uint64_t)status.st_size);
	enum seep_trigger trigger = seep_heap_alive(heap) ? SEEP_TRIGGER_REQUEST : SEEP_TRIGGER_POSTMORTEM;
	const bool is_built = seep_snapshot_build(heap, trigger, state->next_number, &image, &fault);
	*overtaken = heap_is_overtaken(heap, state);
	if (!is_built)
		return heap_fault(error, path, &fault);
	if (!*overtaken)
		profile = profile_open_snapshot(image.data, image.bytes, path, error);
	if (profile && bytes)
		buffer_append(bytes, image.data, image.bytes);
	seep_snapshot_free(&image);
	return profile;
}

/* Whether the heap file knows more than the last snapshot: the process died before it could write one. */
static bool heap_has_the_last_word(const struct seep_heap_view *heap, const struct seep_heap_state *state)
{
	return !state->complete && !seep_heap_alive(heap);
}

bool recording_fold_heap(const char *directory, struct seep_image *image)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault = {0};

	if (seep_heap_is_complete(directory) || !seep_heap_open(&heap, directory, false, &fault))
		return false;
	seep_heap_state(&heap, &state);
	bool folded = heap_has_the_last_word(&heap, &state) &&
		      seep_snapshot_build(&heap, SEEP_TRIGGER_POSTMORTEM, state.next_number, image, &fault);
	if (folded && heap_is_overtaken(&heap, &state)) {
		seep_snapshot_free(image);
		folded = false;
	}
	seep_heap_close(&heap);
	return folded;
}

/* Opens the last of the listed snapshots that can be read. A running program's keeper may remove it meanwhile, once
 * there are later ones: then `vanished` is set. */
static struct profile *open_last(const struct recording *recording, bool *vanished, struct error *error)
{
	struct passed_over passed_over = {0};
	struct profile *profile = NULL;

	for (size_t i = recording->count; !profile && !*vanished && i-- > 0;) {
		const char *path = recording->entries[i].path;
		profile = profile_open_file(path, error);
		*vanished = !profile && access(path, F_OK) != 0;
		if (!profile && !*vanished)
			passed_over_add(&passed_over, error);
	}
	if (profile) {
		passed_over_say(&passed_over);
		profile->damaged = passed_over.count;
	} else if (passed_over.count && !*vanished) {
		*error = passed_over.first;
	}
	return profile;
}

/* `vanished`: the snapshot is gone, and another attempt will find the present one. */
static struct profile *open_recording_once(const char *directory, bool *vanished, struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault = {0};
	struct recording recording = {0};
	struct buffer heap_path = {0};
	struct profile *profile;

	buffer_printf(&heap_path, "%s/%s", directory, SEEP_HEAP_NAME);
	bool has_heap = !seep_heap_is_complete(directory) && seep_heap_open(&heap, directory, false, &fault);
	if (has_heap)
		seep_heap_state(&heap,
				&state); /* before the snapshots are listed: it may write the last one meanwhile */
	bool has_snapshots = recording_list(directory, &recording, error);
	if (!has_heap && !has_snapshots && seep_heap_open(&heap, directory, false, &fault)) {
		has_heap = true; /* it was complete, and somebody has removed its snapshots */
		seep_heap_state(&heap, &state);
	}
	if (recording.contradicts)
		profile = NULL;
	else if (has_heap && (!has_snapshots || heap_has_the_last_word(&heap, &state)))
		profile = profile_from_heap(&heap, &state, heap_path.data, NULL, vanished, error);
	else if (has_snapshots)
		profile = open_last(&recording, vanished, error);
	else if (path_is_recording(directory))
		profile = heap_fault(error, heap_path.data, &fault);
	else
		profile = NULL;
	if (has_heap)
		seep_heap_close(&heap);
	recording_free(&recording);
	buffer_free(&heap_path);
	return profile;
}

static struct profile *profile_open_recording(const char *directory, struct error *error)
{
	struct profile *profile;
	bool vanished;
	int attempt = 0;

	do {
		vanished = false;
		profile = open_recording_once(directory, &vanished, error);
	} while (vanished && ++attempt < ATTEMPTS);
	if (profile)
		profile_add_recording(profile, directory);
	return profile;
}

struct profile *profile_open_now_keep(const char *directory, struct buffer *bytes, struct error *error)
{
	struct seep_heap_view heap = {0};
	struct seep_heap_state state;
	struct seep_fault fault = {0};
	struct buffer heap_path = {0};
	struct profile *profile = NULL;
	bool overtaken = true;

	if (seep_heap_is_complete(directory) || !seep_heap_open(&heap, directory, false, &fault))
		return profile_open(directory, error);
	seep_heap_state(&heap, &state);
	buffer_printf(&heap_path, "%s/%s", directory, SEEP_HEAP_NAME);
	if (seep_heap_alive(&heap))
		profile = profile_from_heap(&heap, &state, heap_path.data, bytes, &overtaken, error);
	seep_heap_close(&heap);
	buffer_free(&heap_path);
	if (overtaken)
		return profile_open(directory, error);
	if (profile)
		profile_add_recording(profile, directory);
	return profile;
}

struct profile *profile_open_now(const char *directory, struct error *error)
{
	return profile_open_now_keep(directory, NULL, error);
}

/* Opens a file by its own name. The names of a snapshot may be in its recording. */
static struct profile *profile_open_single(const char *path, struct error *error)
{
	struct profile *profile = profile_open_file(path, error);
	char *directory = profile ? recording_of_snapshot(path) : NULL;

	if (directory)
		profile_add_recording(profile, directory);
	free(directory);
	return profile;
}

bool path_has_moments(const char *path)
{
	struct packed_head head = {0};
	struct input input;
	struct error ignored;

	if (!input_open(&input, path, &ignored))
		return false;
	if (input_read_rest(&input, FOREIGN_BYTES_LIMIT, &ignored))
		packed_head_read(&head, input.data, input.bytes);
	input_close(&input);
	return heaptrack_is_heaptrack(head.data, head.bytes);
}

/* Parses "peak", or a time since the program's beginning ("90s", "1.5m"); false: it is neither. */
static bool moment_parse(const char *text, struct foreign_moment *moment)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
	char *end;

	*moment = (struct foreign_moment){.kind = FOREIGN_AT_PEAK};
	if (strcmp(text, "peak") == 0)
		return true;
	const double number = *text >= '0' && *text <= '9' ? strtod(text, &end) : -1;
	for (size_t i = 0; number >= 0 && i < sizeof units / sizeof *units; i++) {
		const double ms = number * units[i].ms;
		if (strcmp(end, units[i].name) != 0 || !(ms < 1e15))
			continue;
		*moment = (struct foreign_moment){.kind = FOREIGN_AT_TIME, .time_ms = (uint64_t)ms};
		return true;
	}
	return false;
}

/* Opens "FILE#NUMBER" or "FILE#MOMENT", if no file has that name. `mark` is the part behind FILE. */
static struct profile *profile_open_marked(const char *file, const char *mark, struct error *error)
{
	struct input input;
	struct foreign_moment moment;
	struct profile *profile = NULL;
	uint64_t number;

	if (!input_open(&input, file, error))
		return NULL;
	const enum foreign_format format = foreign_profile_recognize(input.data, input.bytes);
	if (bundle_is_bundle(input.data, input.bytes) && bundle_number_parse(mark, &number))
		profile = bundle_profile(&input, number, error);
	else if (format != FOREIGN_NONE && moment_parse(mark, &moment))
		profile = profile_open_foreign(&input, format, &moment, error);
	else
		input_fault(error, file, 0,
			    "has no '#%s': a bundle has numbered snapshots, heaptrack's file #peak and #90s", mark);
	input_close(&input);
	return profile;
}

struct profile *profile_open(const char *path, struct error *error)
{
	struct stat status;
	const char *mark = strrchr(path, '#');

	if (mark && mark > path && lstat(path, &status) < 0) {
		char *file = memory_copy_text(path);
		file[mark - path] = '\0';
		struct profile *profile = stat(file, &status) == 0 ? profile_open_marked(file, mark + 1, error)
								   : profile_open_file(path, error);
		free(file);
		return profile;
	}
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return profile_open_recording(path, error);
	return profile_open_single(path, error);
}
