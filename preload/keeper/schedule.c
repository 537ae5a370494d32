/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's timing: see schedule.h. */
#include "keeper/schedule.h"

/* The first point of the grid after now. */
static uint64_t timer_after(const struct schedule *schedule, uint64_t now_ns)
{
	if (schedule->interval_ns == 0)
		return UINT64_MAX;
	uint64_t passed = now_ns > schedule->start_ns ? (now_ns - schedule->start_ns) / schedule->interval_ns : 0;
	return schedule->start_ns + (passed + 1) * schedule->interval_ns;
}

struct schedule schedule_begin(uint64_t now_ns, uint64_t start_ns, uint64_t interval_ns)
{
	struct schedule schedule = {.start_ns = start_ns,
				    .interval_ns = interval_ns,
				    .tick_ns = SCHEDULE_TICK_SHORTEST_NS,
				    .looked_ns = now_ns,
				    .peak_ns = now_ns,
				    .memory_ns = now_ns,
				    .limit_ns = now_ns,
				    .account_ns = now_ns + SCHEDULE_ACCOUNT_NS};
	schedule.timer_ns = timer_after(&schedule, now_ns);
	return schedule;
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

void schedule_taken(struct schedule *schedule, uint64_t now_ns, enum seep_trigger trigger, bool failed,
		    double in_use_bytes)
{
	if (trigger == SEEP_TRIGGER_TIMER)
		schedule->timer_ns = timer_after(schedule, now_ns);
	if (failed) {
		schedule->peak_ns = now_ns + SCHEDULE_RETRY_NS;
		return;
	}
	if (in_use_bytes > schedule->peak_bytes)
		schedule->peak_bytes = in_use_bytes;
	schedule->peak_ns = now_ns + (SCHEDULE_PEAK_NS << schedule->peaks);
	if (trigger == SEEP_TRIGGER_TIMER)
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

bool schedule_limit_due(struct schedule *schedule, uint64_t now_ns)
{
	return due(&schedule->limit_ns, now_ns, SCHEDULE_LIMIT_NS);
}

bool schedule_account_due(struct schedule *schedule, uint64_t now_ns)
{
	return due(&schedule->account_ns, now_ns, SCHEDULE_ACCOUNT_NS);
}

/* The time in which a quarter of the ring fills, judged by how long these events took to come. */
static uint64_t time_to_quarter(uint64_t elapsed_ns, uint64_t events, uint64_t capacity)
{
	elapsed_ns = elapsed_ns < SCHEDULE_TICK_LONGEST_NS ? elapsed_ns : SCHEDULE_TICK_LONGEST_NS;
	return elapsed_ns * (capacity / 4) / events;
}

uint64_t schedule_sleep(struct schedule *schedule, uint64_t now_ns, uint64_t events, uint64_t capacity)
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
	uint64_t left_ns = schedule->timer_ns - now_ns;
	return schedule->tick_ns < left_ns ? schedule->tick_ns : left_ns;
}
