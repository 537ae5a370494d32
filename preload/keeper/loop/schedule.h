/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the keeper looks at the ring and takes snapshots. Pure: times come in,
 * decisions go out.
 *
 * Tick: the keeper looks at the ring about when it is a quarter full; with no
 * event the tick doubles up to a second, at which an idle keeper costs nothing
 * that can be measured.
 *
 * Timer: on the grid start + n * interval, so that a late snapshot does not
 * shift the series. A point at which another snapshot was still being written
 * is made up for at once, late; of several such points one is. While the
 * recording is young the grid is finer, so that a first verdict does not take
 * six intervals: by an eighth of the interval until the first has passed, by a
 * quarter until the second, by half until the fourth, but no finer than 250
 * ms.
 *
 * Peak: the estimate of in-use bytes exceeds the largest that any snapshot has
 * shown by a tenth, at least by 1 MiB and by 16 sampling rates (one sample more
 * or less is not a peak). A program that grows by the factor g causes at most
 * ln g / ln 1.1 of them, and fewer: the time to the next one is a second after
 * a timer snapshot and doubles with every peak until the next interval (at most
 * 16 s), so start-up growth writes three or four an interval.
 *
 * Limit: the room below the nearest limit of memory is short. It is looked at
 * once a second, and sooner where it shrinks so fast that half of what is left
 * above the threshold would be gone by then: judged by the last two looks and,
 * without any system call, by how the estimate of in-use bytes has grown since.
 * It is looked at every 5 ms at most, and where that goes on without news less
 * and less often: seven times a second on average. The first snapshot is taken below the threshold, more each time that
 * the room has halved since, down to a sixteenth of it; and again after the room had grown to twice the threshold. The
 * time between two is a second at first and doubles with each up to eight minutes, so that a program that lives at its
 * limit has eight in the first four minutes and seven an hour afterwards. After a minute with room it begins anew.
 */
#ifndef SEEP_LOOP_SCHEDULE_H
#define SEEP_LOOP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/snapshot.h>

#define SCHEDULE_TICK_SHORTEST_NS UINT64_C(1000000)
#define SCHEDULE_TICK_BUSY_NS UINT64_C(100000000) /* longest while events come */
#define SCHEDULE_TICK_LONGEST_NS UINT64_C(1000000000)
#define SCHEDULE_YOUNG_NS UINT64_C(250000000) /* the finest grid of timer snapshots */
#define SCHEDULE_PEAK_BYTES (1 << 20)
#define SCHEDULE_PEAK_RATES 16
#define SCHEDULE_PEAK_NS UINT64_C(1000000000)
#define SCHEDULE_PEAK_DOUBLINGS 4
#define SCHEDULE_RETRY_NS UINT64_C(10000000000) /* a peak's, after a snapshot that failed */
#define SCHEDULE_MEMORY_NS UINT64_C(1000000000)
#define SCHEDULE_LIMITS_NS UINT64_C(10000000000) /* between looks for limits */
#define SCHEDULE_ROOM_NS UINT64_C(1000000000)    /* between looks at the room below them */
#define SCHEDULE_ROOM_SHORTEST_NS UINT64_C(5000000)
#define SCHEDULE_ROOM_LOOKS 8                  /* so many follow each other closely; then their distance doubles */
#define SCHEDULE_LIMIT_NS UINT64_C(1000000000) /* between two snapshots near a limit, at first */
#define SCHEDULE_LIMIT_DOUBLINGS 9
#define SCHEDULE_LIMIT_LEAST 16 /* part of the threshold below which less room is not news */
#define SCHEDULE_LIMIT_CALM_NS UINT64_C(60000000000)

struct schedule {
	uint64_t start_ns, interval_ns; /* 0: no timer */
	uint64_t timer_ns;              /* next timer snapshot; UINT64_MAX: none */
	uint64_t tick_ns, looked_ns;    /* the last sleep asked for, and when */
	double peak_bytes;              /* largest in-use estimate that a snapshot has shown */
	uint64_t peak_ns;               /* the earliest time of a peak snapshot */
	unsigned peaks;                 /* since the last other snapshot */
	uint64_t memory_ns, limits_ns;  /* next reading of each */

	uint64_t room_ns;     /* last look at the room below the limits; UINT64_MAX: there is no limit */
	uint64_t room_left;   /* the room at the last look */
	uint64_t room_margin; /* this much less would be news; UINT64_MAX: nothing would */
	unsigned room_looks;  /* looks in a row, each soon after the one before */
	double room_in_use;   /* the estimate of in-use bytes at that time */
	double room_speed;    /* bytes a nanosecond by which the room shrank before it */
	uint64_t limit_ns;    /* the earliest time of a limit snapshot */
	uint64_t limit_left;  /* the room at the last limit snapshot; UINT64_MAX: none was taken since there was room */
	uint64_t limit_calm_ns; /* since when there is room; UINT64_MAX: there is not */
	unsigned limits;        /* snapshots since the waiting time began anew */
};

/* Between two points of the grid, both in nanoseconds, at an age of the recording: an eighth of the interval up to its first
 * end, a quarter to the second, half to the fourth. 0: there is no timer. */
uint64_t schedule_timer_step(uint64_t interval_ns, uint64_t age_ns);

struct schedule schedule_begin(uint64_t now_ns, uint64_t start_ns, uint64_t interval_ns);

bool schedule_timer_due(const struct schedule *schedule, uint64_t now_ns);
bool schedule_peak_due(const struct schedule *schedule, uint64_t now_ns, double in_use_bytes, uint64_t rate);
/* A snapshot was tried, of any kind, from begun_ns until now; of a limit's, schedule_limit_taken() is told, too. */
void schedule_taken(struct schedule *schedule, uint64_t begun_ns, uint64_t now_ns, enum seep_trigger trigger,
		    bool failed, double in_use_bytes);

/* Is it time to look at the room below the limits? */
bool schedule_room_due(const struct schedule *schedule, uint64_t now_ns, double in_use_bytes);
/* Takes what was seen: the room below a limit, and its threshold. True: a snapshot is due. */
bool schedule_room_seen(struct schedule *schedule, uint64_t now_ns, double in_use_bytes, uint64_t left_bytes,
			uint64_t threshold_bytes);
/* There is no limit: nothing to look at until schedule_limits_due(). */
void schedule_room_endless(struct schedule *schedule);
void schedule_limit_taken(struct schedule *schedule, uint64_t now_ns, bool failed);

/* Is it time to read RSS, or the limits' places? If so, the next time is set. */
bool schedule_memory_due(struct schedule *schedule, uint64_t now_ns);
bool schedule_limits_due(struct schedule *schedule, uint64_t now_ns);

/* How long to sleep after a look that found this many events in a ring of this capacity; 0: look again at once. */
uint64_t schedule_sleep(struct schedule *schedule, uint64_t now_ns, uint64_t events, uint64_t capacity,
			double in_use_bytes);

#endif
