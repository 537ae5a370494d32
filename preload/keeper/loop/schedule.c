/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's timing: see schedule.h. */
#include "keeper/loop/schedule.h"

/* The end of a finer step is a point of the coarser grid, because an interval is a whole number of milliseconds. */
uint64_t schedule_timer_step(uint64_t interval_ns, uint64_t age_ns)
{
	uint64_t divisor = 8;
	for (uint64_t end = interval_ns; divisor > 1 && (age_ns >= end || interval_ns / divisor < SCHEDULE_YOUNG_NS);
	     end *= 2)
		divisor /= 2;
	return interval_ns / divisor;
}

/* The first point of the grid after a time. */
static uint64_t timer_after(const struct schedule *schedule, uint64_t time_ns)
{
	if (schedule->interval_ns == 0)
		return UINT64_MAX;
	uint64_t age_ns = time_ns > schedule->start_ns ? time_ns - schedule->start_ns : 0;
	uint64_t step_ns = schedule_timer_step(schedule->interval_ns, age_ns);
	return schedule->start_ns + (age_ns / step_ns + 1) * step_ns;
}

struct schedule schedule_begin(uint64_t now_ns, uint64_t start_ns, uint64_t interval_ns)
{
	struct schedule schedule = {.start_ns = start_ns,
				    .interval_ns = interval_ns,
				    .tick_ns = SCHEDULE_TICK_SHORTEST_NS,
				    .looked_ns = now_ns,
				    .peak_ns = now_ns,
				    .memory_ns = now_ns,
				    .limits_ns = now_ns,
				    .room_ns = UINT64_MAX,
				    .limit_ns = now_ns,
				    .limit_left = UINT64_MAX,
				    .limit_calm_ns = now_ns};
	schedule.timer_ns = timer_after(&schedule, now_ns);
	return schedule;
}

/* Is this the first snapshot of an interval? Snapshots of a finer grid in between leave peaks less to do, not more. */
static bool timer_begins_interval(const struct schedule *schedule, uint64_t time_ns)
{
	uint64_t age_ns = time_ns > schedule->start_ns ? time_ns - schedule->start_ns : 0;
	return age_ns % schedule->interval_ns < schedule_timer_step(schedule->interval_ns, age_ns);
}

bool schedule_timer_due(const struct schedule *schedule, uint64_t now_ns)
{
	return now_ns >= schedule->timer_ns;
}

bool schedule_peak_due(const struct schedule *schedule, uint64_t now_ns, double in_use_bytes, uint64_t rate)
{
	double step = schedule->peak_bytes / 10, least = (double)rate * SCHEDULE_PEAK_RATES;
	step = step > least ? step : least;
	step = step > SCHEDULE_PEAK_BYTES ? step : SCHEDULE_PEAK_BYTES;
	return now_ns >= schedule->peak_ns && in_use_bytes >= schedule->peak_bytes + step;
}

void schedule_taken(struct schedule *schedule, uint64_t begun_ns, uint64_t now_ns, enum seep_trigger trigger,
		    bool failed, double in_use_bytes)
{
	if (trigger == SEEP_TRIGGER_TIMER)
		schedule->timer_ns = timer_after(schedule, begun_ns);
	if (failed) {
		schedule->peak_ns = now_ns + SCHEDULE_RETRY_NS;
		return;
	}
	if (in_use_bytes > schedule->peak_bytes)
		schedule->peak_bytes = in_use_bytes;
	schedule->peak_ns = now_ns + (SCHEDULE_PEAK_NS << schedule->peaks);
	if (trigger == SEEP_TRIGGER_TIMER && timer_begins_interval(schedule, begun_ns))
		schedule->peaks = 0;
	else if (trigger == SEEP_TRIGGER_PEAK && schedule->peaks < SCHEDULE_PEAK_DOUBLINGS)
		schedule->peaks++;
}

static bool due(uint64_t *next_ns, uint64_t now_ns, uint64_t period_ns)
{
	if (now_ns < *next_ns)
		return false;
	*next_ns = now_ns + period_ns;
	return true;
}

bool schedule_memory_due(struct schedule *schedule, uint64_t now_ns)
{
	return due(&schedule->memory_ns, now_ns, SCHEDULE_MEMORY_NS);
}

bool schedule_limits_due(struct schedule *schedule, uint64_t now_ns)
{
	if (!due(&schedule->limits_ns, now_ns, SCHEDULE_LIMITS_NS))
		return false;
	if (schedule->room_ns == UINT64_MAX) /* look whether there is one now */
		schedule->room_ns = 0;
	return true;
}

/* The time of the next look at the room below the limits: before half of the way to the next news is gone. */
static uint64_t room_look_ns(const struct schedule *schedule, uint64_t now_ns, double in_use_bytes)
{
	if (schedule->room_ns == UINT64_MAX || schedule->room_ns == 0)
		return schedule->room_ns;
	uint64_t since_ns = now_ns > schedule->room_ns ? now_ns - schedule->room_ns : 0;
	double growth = in_use_bytes - schedule->room_in_use, speed = schedule->room_speed;
	double period_ns = SCHEDULE_ROOM_NS;
	if (since_ns && growth / (double)since_ns > speed)
		speed = growth / (double)since_ns;
	if (speed * period_ns > (double)schedule->room_margin / 2)
		period_ns = (double)schedule->room_margin / 2 / speed;
	double shortest_ns = (double)(SCHEDULE_ROOM_SHORTEST_NS << schedule->room_looks / SCHEDULE_ROOM_LOOKS);
	if (period_ns < shortest_ns)
		period_ns = shortest_ns < SCHEDULE_ROOM_NS ? shortest_ns : SCHEDULE_ROOM_NS;
	uint64_t look_ns = schedule->room_ns + (uint64_t)period_ns;
	bool waited = schedule->limit_ns > schedule->room_ns && schedule->limit_ns < look_ns;
	return waited ? schedule->limit_ns : look_ns;
}

bool schedule_room_due(const struct schedule *schedule, uint64_t now_ns, double in_use_bytes)
{
	return now_ns >= room_look_ns(schedule, now_ns, in_use_bytes);
}

void schedule_room_endless(struct schedule *schedule)
{
	schedule->room_ns = UINT64_MAX;
}

/* Notes what is left, how fast it went since the last look, and how many looks in a row were close together. */
static void room_note(struct schedule *schedule, uint64_t now_ns, double in_use_bytes, uint64_t left_bytes)
{
	bool looked_before = schedule->room_ns != 0 && schedule->room_ns != UINT64_MAX && now_ns > schedule->room_ns;
	uint64_t passed_ns = now_ns - schedule->room_ns;
	bool shrank = looked_before && schedule->room_left > left_bytes;
	schedule->room_speed = shrank ? (double)(schedule->room_left - left_bytes) / (double)passed_ns : 0;
	schedule->room_looks = looked_before && passed_ns < SCHEDULE_ROOM_NS / 2 ? schedule->room_looks + 1 : 0;
	schedule->room_ns = now_ns;
	schedule->room_left = left_bytes;
	schedule->room_in_use = in_use_bytes;
}

/* Far from the limit the next approach is news again. Once that has lasted, snapshots need not keep apart any more. */
static void room_note_distance(struct schedule *schedule, uint64_t now_ns, bool far)
{
	if (!far) {
		schedule->limit_calm_ns = UINT64_MAX;
		return;
	}
	schedule->limit_left = UINT64_MAX;
	if (schedule->limit_calm_ns == UINT64_MAX)
		schedule->limit_calm_ns = now_ns;
	if (now_ns - schedule->limit_calm_ns >= SCHEDULE_LIMIT_CALM_NS)
		schedule->limits = 0;
}

bool schedule_room_seen(struct schedule *schedule, uint64_t now_ns, double in_use_bytes, uint64_t left_bytes,
			uint64_t threshold_bytes)
{
	room_note(schedule, now_ns, in_use_bytes, left_bytes);
	room_note_distance(schedule, now_ns, left_bytes > 2 * threshold_bytes);
	/* the next news: the threshold, then half of what was left at the last snapshot */
	bool first = schedule->limit_left == UINT64_MAX;
	bool more = first || schedule->limit_left > threshold_bytes / SCHEDULE_LIMIT_LEAST;
	uint64_t news = first ? threshold_bytes : schedule->limit_left / 2;
	bool waits = now_ns < schedule->limit_ns, reached = left_bytes <= news;
	schedule->room_margin = waits || !more || reached ? UINT64_MAX : left_bytes - news;
	return !waits && more && reached && threshold_bytes;
}

void schedule_limit_taken(struct schedule *schedule, uint64_t now_ns, bool failed)
{
	if (failed) {
		schedule->limit_ns = now_ns + SCHEDULE_RETRY_NS;
		return;
	}
	schedule->limit_left = schedule->room_left;
	schedule->limit_ns = now_ns + (SCHEDULE_LIMIT_NS << schedule->limits);
	if (schedule->limits < SCHEDULE_LIMIT_DOUBLINGS)
		schedule->limits++;
}

/* The time in which a quarter of the ring fills, judged by how long these events took to come. */
static uint64_t time_to_quarter(uint64_t elapsed_ns, uint64_t events, uint64_t capacity)
{
	elapsed_ns = elapsed_ns < SCHEDULE_TICK_LONGEST_NS ? elapsed_ns : SCHEDULE_TICK_LONGEST_NS;
	return elapsed_ns * (capacity / 4) / events;
}

uint64_t schedule_sleep(struct schedule *schedule, uint64_t now_ns, uint64_t events, uint64_t capacity,
			double in_use_bytes)
{
	uint64_t longest = events ? SCHEDULE_TICK_BUSY_NS : SCHEDULE_TICK_LONGEST_NS, tick = schedule->tick_ns * 2;
	if (events) {
		uint64_t wanted = time_to_quarter(now_ns - schedule->looked_ns, events, capacity);
		tick = wanted < tick ? wanted : tick;
	}
	tick = tick < longest ? tick : longest;
	schedule->tick_ns = tick > SCHEDULE_TICK_SHORTEST_NS ? tick : SCHEDULE_TICK_SHORTEST_NS;
	schedule->looked_ns = now_ns;
	if (events >= capacity / 2 || now_ns >= schedule->timer_ns)
		return 0;
	uint64_t left_ns = schedule->timer_ns - now_ns, look_ns = room_look_ns(schedule, now_ns, in_use_bytes);
	if (look_ns < now_ns + SCHEDULE_TICK_SHORTEST_NS)
		look_ns = now_ns + SCHEDULE_TICK_SHORTEST_NS;
	left_ns = look_ns - now_ns < left_ns ? look_ns - now_ns : left_ns;
	return schedule->tick_ns < left_ns ? schedule->tick_ns : left_ns;
}
