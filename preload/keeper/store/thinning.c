/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of thinning.h. */
#include "keeper/store/thinning.h"

#include <seep/snapshot.h>

#define SECOND_NS UINT64_C(1000000000)
#define HOUR_NS (3600 * SECOND_NS)
#define DAY_NS (24 * HOUR_NS)
#define KEPT_NS (30 * DAY_NS)
#define NONE UINT64_MAX
enum { LEVELS = 13 }; /* doublings: steps of an hour are longer than thirty days then */

struct thinning {
	struct stored_snapshot *snapshots;
	struct stored_recording *recordings;
	size_t count, recording_count;
	uint64_t bytes, budget_bytes;
	uint64_t pause_ns;                  /* from the last snapshot to now */
	uint64_t whole_step, whole_width_s; /* the last step of which a whole recording stayed */
};

static bool is_before(const struct stored_snapshot *a, const struct stored_snapshot *b)
{
	if (a->unix_ns != b->unix_ns)
		return a->unix_ns < b->unix_ns;
	return a->recording != b->recording ? a->recording < b->recording : a->number < b->number;
}

static void sift_down(struct stored_snapshot *list, size_t at, size_t count)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		child += child + 1 < count && is_before(&list[child], &list[child + 1]);
		if (!is_before(&list[at], &list[child]))
			return;
		struct stored_snapshot swapped = list[at];
		list[at] = list[child];
		list[child] = swapped;
	}
}

/* By time. */
static void snapshots_sort(struct stored_snapshot *list, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(list, i, count);
	for (size_t last = count; last-- > 1;) {
		struct stored_snapshot swapped = list[0];
		list[0] = list[last];
		list[last] = swapped;
		sift_down(list, 0, last);
	}
}

static bool was_asked_for(uint32_t trigger)
{
	return trigger == SEEP_TRIGGER_REQUEST || trigger == SEEP_TRIGGER_SIGNAL || trigger == SEEP_TRIGGER_API;
}

/* Marks the snapshots that stay in any case. Each of a recording's peaks is higher than those before, so its last peak
 * is the highest. */
static void kept_find(struct stored_snapshot *list, size_t count, struct stored_recording *recordings,
		      size_t recording_count)
{
	for (size_t i = 0; i < count; i++) {
		struct stored_recording *recording = &recordings[list[i].recording];
		list[i].is_kept = list[i].is_marked || was_asked_for(list[i].trigger);
		recording->was_asked_for |= list[i].is_kept;
		recording->first = recording->end ? recording->first : i;
		recording->end = i + 1;
		recording->peak_end = list[i].trigger == SEEP_TRIGGER_PEAK ? i + 1 : recording->peak_end;
		recording->limit_end = list[i].trigger == SEEP_TRIGGER_LIMIT ? i + 1 : recording->limit_end;
	}
	for (size_t i = 0; i < recording_count; i++) {
		const struct stored_recording *recording = &recordings[i];
		if (!recording->end)
			continue;
		list[recording->first].is_edge = list[recording->first].is_kept = true;
		list[recording->end - 1].is_edge = list[recording->end - 1].is_kept = true;
		if (recording->peak_end)
			list[recording->peak_end - 1].is_kept = true;
		if (recording->limit_end)
			list[recording->limit_end - 1].is_kept = true;
	}
}

static uint64_t at_most_a_day(uint64_t time_ns)
{
	return time_ns < DAY_NS ? time_ns : DAY_NS;
}

/* Seconds that one snapshot stands for; 0: each stays; NONE: none does. */
static uint64_t width_of(uint64_t age_ns, unsigned level)
{
	if (age_ns >= KEPT_NS)
		return NONE;
	if (age_ns < HOUR_NS / 6)
		return level ? UINT64_C(10) << level : 0;
	return (age_ns < HOUR_NS ? UINT64_C(60) : age_ns < DAY_NS ? UINT64_C(600) : UINT64_C(3600)) << level;
}

static void snapshot_drop(struct thinning *thinning, struct stored_snapshot *snapshot)
{
	struct stored_recording *recording = &thinning->recordings[snapshot->recording];
	if (snapshot->is_gone || recording->is_gone)
		return;
	snapshot->is_gone = true;
	thinning->bytes -= snapshot->bytes;
	recording->snapshot_bytes -= snapshot->bytes;
}

/* With all its snapshots, which are marked in the end. */
static void recording_drop(struct thinning *thinning, struct stored_recording *recording)
{
	recording->is_gone = true;
	thinning->bytes -= recording->bytes + recording->snapshot_bytes;
}

static bool is_spare(const struct stored_recording *recording)
{
	return recording->has_ended && recording->can_go && !recording->was_asked_for && !recording->is_gone;
}

/* Has the recording's process begun and ended within one step, behind another such process? */
static bool whole_is_too_many(struct thinning *thinning, const struct stored_recording *recording, unsigned level)
{
	const uint64_t width_s = width_of(recording->age_ns, level);
	if (width_s == NONE)
		return true;
	if (!level || !width_s)
		return false;
	const uint64_t step = thinning->snapshots[recording->first].unix_ns / SECOND_NS / width_s;
	if (thinning->snapshots[recording->end - 1].unix_ns / SECOND_NS / width_s != step)
		return false;
	if (thinning->whole_step == step && thinning->whole_width_s == width_s)
		return true;
	thinning->whole_step = step;
	thinning->whole_width_s = width_s;
	return false;
}

/* The ages of recordings: of their last snapshots, which are met in the order of time, from the last one back. */
static void ages_find(struct thinning *thinning)
{
	uint64_t age_ns = thinning->pause_ns;
	for (size_t i = thinning->count; i-- > 0;) {
		struct stored_snapshot *snapshot = &thinning->snapshots[i];
		struct stored_recording *recording = &thinning->recordings[snapshot->recording];
		if (i + 1 < thinning->count)
			age_ns += at_most_a_day(snapshot[1].unix_ns - snapshot->unix_ns);
		if (i + 1 == recording->end)
			recording->age_ns = age_ns;
	}
}

static uint64_t age_of_first(const struct thinning *thinning)
{
	uint64_t age_ns = thinning->pause_ns;
	for (size_t i = thinning->count; i-- > 1;)
		age_ns += at_most_a_day(thinning->snapshots[i].unix_ns - thinning->snapshots[i - 1].unix_ns);
	return age_ns;
}

/* Not the first of its step? */
static bool snapshot_is_too_many(const struct stored_recording *recording, const struct stored_snapshot *snapshot,
				 uint64_t age_ns, unsigned level)
{
	const uint64_t width_s = width_of(age_ns, level);
	if (snapshot->is_kept || width_s == 0 || width_s == NONE)
		return !snapshot->is_kept && width_s == NONE;
	return recording->previous_unix_ns / SECOND_NS / width_s == snapshot->unix_ns / SECOND_NS / width_s;
}

static void level_apply(struct thinning *thinning, unsigned level)
{
	uint64_t age_ns = age_of_first(thinning);
	thinning->whole_width_s = 0;
	for (size_t i = 0; i < thinning->recording_count; i++)
		thinning->recordings[i].previous_unix_ns = 0;
	for (size_t i = 0; i < thinning->count; i++) {
		struct stored_snapshot *snapshot = &thinning->snapshots[i];
		struct stored_recording *recording = &thinning->recordings[snapshot->recording];
		if (i > 0)
			age_ns -= at_most_a_day(snapshot->unix_ns - snapshot[-1].unix_ns);
		if (i == recording->first && is_spare(recording) && whole_is_too_many(thinning, recording, level))
			recording_drop(thinning, recording);
		if (snapshot->is_gone)
			continue;
		if (snapshot_is_too_many(recording, snapshot, age_ns, level))
			snapshot_drop(thinning, snapshot);
		recording->previous_unix_ns = snapshot->unix_ns;
	}
}

/* Drops whole recordings, the oldest ends first. */
static void recordings_spare(struct thinning *thinning, bool asked_for)
{
	for (size_t i = 0; i < thinning->count && thinning->bytes > thinning->budget_bytes; i++) {
		struct stored_recording *recording = &thinning->recordings[thinning->snapshots[i].recording];
		if (i + 1 == recording->end && !recording->is_gone && recording->has_ended && recording->can_go &&
		    recording->was_asked_for == asked_for)
			recording_drop(thinning, recording);
	}
}

static void all_but_edges_spare(struct thinning *thinning)
{
	for (size_t i = 0; i < thinning->count && thinning->bytes > thinning->budget_bytes; i++)
		if (!thinning->snapshots[i].is_edge)
			snapshot_drop(thinning, &thinning->snapshots[i]);
}

uint64_t thinning_choose(struct stored_snapshot *snapshots, size_t count, struct stored_recording *recordings,
			 size_t recording_count, uint64_t now_unix_ns, uint64_t budget_bytes)
{
	struct thinning thinning = {.snapshots = snapshots,
				    .recordings = recordings,
				    .count = count,
				    .recording_count = recording_count,
				    .budget_bytes = budget_bytes};
	for (size_t i = 0; i < count; i++) {
		thinning.bytes += snapshots[i].bytes;
		recordings[snapshots[i].recording].snapshot_bytes += snapshots[i].bytes;
	}
	for (size_t i = 0; i < recording_count; i++)
		thinning.bytes += recordings[i].bytes;
	if (!count)
		return thinning.bytes;
	snapshots_sort(snapshots, count);
	kept_find(snapshots, count, recordings, recording_count);
	const uint64_t last_ns = snapshots[count - 1].unix_ns;
	thinning.pause_ns = now_unix_ns > last_ns ? at_most_a_day(now_unix_ns - last_ns) : 0;
	ages_find(&thinning);
	for (unsigned level = 0; level < LEVELS && (level == 0 || thinning.bytes > budget_bytes); level++)
		level_apply(&thinning, level);
	recordings_spare(&thinning, false);
	recordings_spare(&thinning, true);
	all_but_edges_spare(&thinning);
	for (size_t i = 0; i < count; i++)
		snapshots[i].is_gone |= recordings[snapshots[i].recording].is_gone;
	return thinning.bytes;
}
