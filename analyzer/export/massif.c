/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through a recording twice: first for the memory in use at each moment, then for the trees. Only one snapshot is
 * in memory at a time. */
#include "export/massif.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "export/massif_tree.h"
#include "tree/call_tree.h"

enum { DETAILED_EVERY = 10 };

/* A snapshot's line in the file. */
struct moment {
	const char *path;
	double bytes;
	bool gone; /* removed since it was listed, or listed twice */
};

static double in_use_bytes(const struct profile *profile)
{
	double bytes = 0;

	for (uint32_t i = 0; i < profile->site_count; i++)
		bytes += call_value_of(&profile->sites[i], CALL_INUSE_SPACE);
	return bytes;
}

/* Readers show the description, so it says that these are estimates. */
static void massif_head_render(struct buffer *out, const struct profile *profile)
{
	buffer_append_text(out, "desc: seep " SEEP_VERSION);
	if (profile->rate > 1)
		buffer_printf(out, ", estimates from a sample every %" PRIu64 " bytes", profile->rate);
	buffer_printf(out, "\ncmd: %s\ntime_unit: ms\n", *profile->arguments ? profile->arguments : profile->command);
}

static void snapshot_append(struct buffer *out, unsigned number, double time_ms, double bytes)
{
	buffer_printf(out,
		      "#-----------\nsnapshot=%u\n#-----------\ntime=%.0f\nmem_heap_B=%.0f\nmem_heap_extra_B=0\n"
		      "mem_stacks_B=0\n",
		      number, time_ms, round(bytes));
}

/* `number` begins at 0; `tree` is "empty", "detailed" or "peak". Unless it is "empty", the profile must have been
 * symbolized. */
static void massif_snapshot_render(struct buffer *out, const struct profile *profile, unsigned number, const char *tree)
{
	const bool has_time = profile->time_ns >= profile->start_ns;
	const bool is_empty = *tree == 'e' || !(in_use_bytes(profile) > 0);

	snapshot_append(out, number, has_time ? (double)(profile->time_ns - profile->start_ns) / 1e6 : 0,
			in_use_bytes(profile));
	buffer_printf(out, "heap_tree=%s\n", is_empty ? "empty" : tree);
	if (!is_empty)
		massif_tree_render(out, profile);
}

/* Finds the bytes of every moment; *highest is the index of the largest. False: a snapshot can't be read. */
static bool moments_look(struct moment *moments, size_t count, size_t *highest, struct error *error)
{
	struct passed_over passed_over = {0};
	uint64_t number = 0;

	*highest = 0;
	for (size_t i = 0; i < count; i++) {
		struct profile *profile = profile_open(moments[i].path, error);
		moments[i].gone = !profile && access(moments[i].path, F_OK) != 0;
		if (!profile && !moments[i].gone && i + 1 == count && !number)
			return false;
		if (!profile && !moments[i].gone)
			passed_over_add(&passed_over, error);
		moments[i].gone |= !profile;
		moments[i].gone |= profile && number && profile->number == number;
		moments[i].bytes = moments[i].gone ? -1 : in_use_bytes(profile);
		number = profile ? profile->number : number;
		if (moments[i].bytes > moments[*highest].bytes)
			*highest = i;
		if (profile)
			profile_free(profile);
	}
	passed_over_say(&passed_over);
	return true;
}

static bool is_last(const struct moment *moments, size_t count, size_t i)
{
	while (++i < count)
		if (!moments[i].gone)
			return false;
	return true;
}

static bool moments_render(struct buffer *out, const struct moment *moments, size_t count, size_t highest,
			   const struct symbol_search *search, void (*look)(const struct profile *last),
			   struct error *error)
{
	unsigned number = 0;

	for (size_t i = 0; i < count; i++) {
		const bool is_detailed = i % DETAILED_EVERY == 0 || is_last(moments, count, i);
		const char *tree = i == highest ? "peak" : is_detailed ? "detailed" : "empty";
		struct profile *profile = moments[i].gone ? NULL : profile_open(moments[i].path, error);
		if (!profile && !moments[i].gone && access(moments[i].path, F_OK) == 0)
			return false;
		if (!profile)
			continue;
		if (number == 0)
			massif_head_render(out, profile);
		if (number == 0 && profile->start_ns && profile->time_ns > profile->start_ns) {
			snapshot_append(out, number++, 0, 0);
			buffer_append_text(out, "heap_tree=empty\n");
		}
		if (*tree != 'e')
			profile_symbolize(profile, search);
		if (is_last(moments, count, i))
			look(profile);
		massif_snapshot_render(out, profile, number++, tree);
		profile_free(profile);
	}
	return number > 0 || error_set(error, "%s: its snapshots are gone", moments[0].path);
}

bool export_massif(struct buffer *out, const char *path, const struct symbol_search *search,
		   void (*look)(const struct profile *last), struct error *error)
{
	struct recording recording = {0};
	size_t highest;

	if (path_is_recording(path) && !recording_list(path, &recording, error))
		return false;
	/* The recording itself serves as its last moment: if its process was killed, that is the state in the heap
	 * file. */
	const size_t count = recording.count + 1;
	struct moment *moments = memory_allocate(count, sizeof *moments);
	for (size_t i = 0; i < recording.count; i++)
		moments[i].path = recording.entries[i].path;
	moments[recording.count].path = path;
	const bool fine = moments_look(moments, count, &highest, error) &&
			  moments_render(out, moments, count, highest, search, look, error);
	free(moments);
	recording_free(&recording);
	return fine;
}
