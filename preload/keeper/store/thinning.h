/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which snapshots of a service stay: a rule on times and sizes, without files.
 *
 * By age, of each recording: all of ten minutes, one a minute of an hour, one
 * in ten minutes of a day, one an hour of thirty days; and always the first,
 * the last, the highest peak, the last before a limit of memory, and those that
 * somebody asked for or has marked. The steps lie on the clock's own grid, and of each step the first one
 * stays, so that what stayed once is what a wider step would keep, too:
 * thinning often, late or twice gives the same.
 *
 * Where that is more than the budget, all steps are doubled until it is not, and of processes that
 * began and ended within one such step the first stays. If that is not enough,
 * whole recordings go, the oldest first; then what was kept in any case, but for
 * the first and the last of each.
 *
 * Age is measured along the recorded time, in which a gap counts a day at most:
 * neither a clock that jumps nor a long pause makes everything old.
 *
 * Counters are those since the recording began, so a snapshot that goes takes
 * nothing from the sums of those that stay.
 */
#ifndef SEEP_STORE_THINNING_H
#define SEEP_STORE_THINNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stored_snapshot {
	uint64_t unix_ns, bytes, number;
	uint32_t recording;
	uint32_t trigger; /* enum seep_trigger */
	bool is_marked;   /* SEEP_SNAPSHOT_MARK */
	bool is_edge;     /* the first or the last of its recording */
	bool is_kept;     /* or its recording's peak, or before a limit, or asked for */
	bool is_gone;
};

struct stored_recording {
	uint64_t bytes;     /* of its files that are no snapshots */
	bool has_ended;     /* its last snapshot is of its process's end */
	bool can_go;        /* nothing of others is in it, and it may be removed */
	bool was_asked_for; /* one of its snapshots */
	bool is_gone;       /* all of it */
	/* while thinning */
	uint64_t age_ns, previous_unix_ns, snapshot_bytes;
	size_t first, end, peak_end, limit_end; /* places in the list, of all but `first` one more; 0: there is none */
};

/* Marks what goes, and sorts the list by time. Returns the bytes that stay. */
uint64_t thinning_choose(struct stored_snapshot *snapshots, size_t count, struct stored_recording *recordings,
			 size_t recording_count, uint64_t now_unix_ns, uint64_t budget_bytes);

#endif
