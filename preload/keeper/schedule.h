/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the keeper does what. Pure: times come in, decisions go out.
 *
 * Tick: the ring is looked at so often that it is a quarter full; with no
 * event the tick doubles up to a second, at which an idle keeper costs nothing
 * that can be measured.
 *
 * Timer: on the grid start + n * interval, so that a late snapshot does not
 * shift the series; a moment that was missed is left out.
 *
 * Peak: the estimate of in-use bytes exceeds the largest that any snapshot has
 * shown by a tenth, at least by 1 MiB and by 16 sampling rates (one sample more
 * or less is no peak). A program that grows by the factor g causes at most
 * ln g / ln 1.1 of them, and fewer: the time to the next one is a second after
 * a timer snapshot and doubles with every peak until the next timer (at most
 * 16 s), so start-up growth writes three or four an interval.
 */
#ifndef SEEP_KEEPER_SCHEDULE_H
#define SEEP_KEEPER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/snapshot.h>

#define SCHEDULE_TICK_SHORTEST_NS UINT64_C(1000000)
#define SCHEDULE_TICK_BUSY_NS UINT64_C(100000000) /* longest while events come */
#define SCHEDULE_TICK_LONGEST_NS UINT64_C(1000000000)
#define SCHEDULE_PEAK_BYTES (1 << 20)
#define SCHEDULE_PEAK_RATES 16
#define SCHEDULE_PEAK_NS UINT64_C(1000000000)
#define SCHEDULE_PEAK_DOUBLINGS 4
#define SCHEDULE_RETRY_NS UINT64_C(10000000000) /* a peak's, after a snapshot that failed */
#define SCHEDULE_MEMORY_NS UINT64_C(1000000000)
#define SCHEDULE_LIMIT_NS UINT64_C(60000000000)
#define SCHEDULE_ACCOUNT_NS UINT64_C(1000000000)

struct schedule {
	uint64_t start_ns, interval_ns;           /* 0: no timer */
	uint64_t timer_ns;                        /* next timer snapshot; UINT64_MAX: none */
	uint64_t tick_ns, looked_ns;              /* the last sleep asked for, and when */
	double peak_bytes;                        /* largest in-use estimate that a snapshot has shown */
	uint64_t peak_ns;                         /* no peak snapshot before */
	unsigned peaks;                           /* since the last other snapshot */
	uint64_t memory_ns, limit_ns, account_ns; /* next reading of each */
};

struct schedule schedule_begin(uint64_t now_ns, uint64_t start_ns, uint64_t interval_ns);

bool schedule_timer_due(const struct schedule *schedule, uint64_t now_ns);
bool schedule_peak_due(const struct schedule *schedule, uint64_t now_ns, double in_use_bytes, uint64_t rate);
/* A snapshot was tried. */
void schedule_taken(struct schedule *schedule, uint64_t now_ns, enum seep_trigger trigger, bool failed,
		    double in_use_bytes);

/* Is it time, and if so, when next? For RSS, for the control group's limit, for the allocator's own account. */
bool schedule_memory_due(struct schedule *schedule, uint64_t now_ns);
bool schedule_limit_due(struct schedule *schedule, uint64_t now_ns);
bool schedule_account_due(struct schedule *schedule, uint64_t now_ns);

/* How long to sleep after a look that found this many events in a ring of this capacity; 0: look again at once. */
uint64_t schedule_sleep(struct schedule *schedule, uint64_t now_ns, uint64_t events, uint64_t capacity);

#endif
