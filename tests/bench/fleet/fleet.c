/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulates a day of many hosts that push to one server, by the same rules as each real host: when it takes a snapshot
 * (keeper/loop/schedule.h), which waiting snapshots it keeps (keeper/store/thinning.h), and which it sends next and
 * when (push/pace.h). Only the clock, the network and the server are made up; an answer takes no time.
 *
 * *       fleet HOSTS AGE_S FILE_BYTES LATER_S START_S DOWN_S UP_S ROOM SEED
 *
 * AGE_S: what is older is refused (0: nothing is). LATER_S: where the server answers with "try again in" so many
 * seconds while it is down; 0: it does not answer. START_S: all hosts start within so many seconds, 0 o'clock. DOWN_S,
 * UP_S: no server from then until then. ROOM: requests a second that it takes, it answers 429 to the rest (0: all).
 * Prints an object of JSON.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seep/snapshot.h>

#include "keeper/loop/schedule.h"
#include "keeper/store/thinning.h"
#include "push/pace.h"

#define S UINT64_C(1000000000)
#define LOOK_NS (S / 4) /* push/rounds.c */
/* in s, from the beginning of the first of two days; the second is measured */
#define MIDNIGHT_NS (UINT64_C(1795780800) * S)
#define THIN_NS (600 * S)
enum { DAY_S = 86400, DAYS = 2, BEFORE_S = 2 * 3600, WHEEL = 1 << 14, WAITING_MOST = 2000 };

struct host {
	struct pace pace;
	uint64_t start_ns, snapshot_ns, thinned_ns, number, taken;
	struct recording_entry *waiting; /* snapshots that were not sent */
	uint32_t count, capacity, next;  /* host in the same place of the wheel, and one more */
};

static struct {
	uint64_t hosts, age_ns, file_bytes, later_ns, start_ns, down_ns, up_ns, room, seed;
} is;

static struct {
	uint64_t made, sent, passed, thinned, late_ns_most;
	uint64_t waiting_most, waiting_at_return, recovered_ns;
} sum;

static uint32_t requests[DAYS * DAY_S], taken[DAYS * DAY_S], wheel[WHEEL];

static uint64_t draw(uint64_t below)
{
	static uint64_t state;

	state = state ? state : is.seed * 2654435761 + 88172645463325252;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? state % below : 0;
}

static void later(struct host *hosts, uint32_t index, uint64_t at_ns)
{
	uint32_t *place = &wheel[at_ns / LOOK_NS % WHEEL];

	hosts[index].next = *place;
	*place = index + 1;
}

static void snapshots_make(struct host *host, uint64_t now_ns)
{
	for (; host->snapshot_ns <= now_ns; sum.made++) {
		if (host->count == host->capacity) {
			host->capacity = host->capacity ? 2 * host->capacity : 8;
			host->waiting = realloc(host->waiting, host->capacity * sizeof *host->waiting);
			if (!host->waiting)
				exit(1);
		}
		host->waiting[host->count++] = (struct recording_entry){
		    .number = ++host->number, .time_ns = host->snapshot_ns, .trigger = SEEP_TRIGGER_TIMER};
		host->snapshot_ns += schedule_timer_step(PACE_INTERVAL_NS, host->snapshot_ns - host->start_ns);
	}
}

/* A host's keeper thins every ten minutes; what was sent does not matter here. */
static void waiting_thin(struct host *host, uint64_t now_ns)
{
	static struct stored_snapshot list[WAITING_MOST];
	struct stored_recording recording = {.bytes = 0};
	uint32_t left = 0;

	if (now_ns < host->thinned_ns + THIN_NS || host->count < 2 || host->count > WAITING_MOST)
		return;
	host->thinned_ns = now_ns;
	for (uint32_t i = 0; i < host->count; i++)
		list[i] = (struct stored_snapshot){.unix_ns = MIDNIGHT_NS + host->waiting[i].time_ns,
						   .bytes = is.file_bytes,
						   .number = host->waiting[i].number,
						   .trigger = SEEP_TRIGGER_TIMER};
	thinning_choose(list, host->count, &recording, 1, MIDNIGHT_NS + now_ns, UINT64_C(1) << 30);
	for (uint32_t i = 0; i < host->count; i++) /* both are in the order of time */
		if (!list[i].is_gone)
			host->waiting[left++] = host->waiting[i];
	sum.thinned += host->count - left;
	host->count = left;
}

enum answer { TAKEN, BUSY, AWAY };

static enum answer server_ask(uint64_t now_ns)
{
	const uint64_t second = now_ns / S;

	requests[second]++;
	if (now_ns >= is.down_ns && now_ns < is.up_ns)
		return AWAY;
	if (is.room && taken[second] >= is.room)
		return BUSY;
	taken[second]++;
	return TAKEN;
}

static void sent_note(const struct recording_entry *entry, uint64_t now_ns, uint64_t passed)
{
	const uint64_t late_ns = now_ns - entry->time_ns;

	sum.sent++;
	sum.passed += passed;
	if (now_ns >= DAY_S * S && late_ns > sum.late_ns_most)
		sum.late_ns_most = late_ns;
}

/* As entries_send() of push/stream.c. */
static void host_send(struct host *host, uint64_t now_ns)
{
	const uint64_t oldest_ns = is.age_ns && now_ns > is.age_ns ? now_ns - is.age_ns : 0;
	uint64_t too_old = 0, passed_before = 0;
	size_t i = 0, done = 0;

	for (;; i++) {
		i = pace_choose(host->waiting, host->count, i, host->taken, oldest_ns, &too_old);
		if (i == host->count || !pace_take(&host->pace))
			break;
		const enum answer answer = server_ask(now_ns);
		if (answer != TAKEN) {
			pace_note_failure(&host->pace, now_ns, answer == BUSY && !is.later_ns ? S : is.later_ns);
			break;
		}
		pace_note_answer(&host->pace);
		host->taken = host->waiting[i].number;
		sent_note(&host->waiting[i], now_ns, too_old - passed_before);
		passed_before = too_old;
		done = i + 1;
	}
	host->count -= (uint32_t)done;
	memmove(host->waiting, host->waiting + done, host->count * sizeof *host->waiting);
}

static void host_turn(struct host *hosts, uint32_t index, uint64_t now_ns)
{
	struct host *host = &hosts[index];
	const bool is_measured = now_ns >= DAY_S * S;

	snapshots_make(host, now_ns);
	waiting_thin(host, now_ns);
	if (is_measured && host->count > sum.waiting_most)
		sum.waiting_most = host->count;
	pace_look(&host->pace, now_ns, pace_spacing((double)S / (double)PACE_INTERVAL_NS));
	host_send(host, now_ns);
	if (is.up_ns > is.down_ns && now_ns >= is.up_ns && host->count >= 2)
		sum.recovered_ns = now_ns;
	/* The first of its looks, each a quarter of a second, at which it has a slot. */
	const uint64_t phase_ns = host->start_ns % LOOK_NS;
	later(hosts, index, (host->pace.due_ns - phase_ns + LOOK_NS - 1) / LOOK_NS * LOOK_NS + phase_ns);
}

static uint64_t waiting_of_all(const struct host *hosts)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < is.hosts; i++)
		count += hosts[i].count;
	return count;
}

static uint64_t most_of(const uint32_t *counts, uint64_t from, uint64_t end, uint64_t width)
{
	uint64_t most = 0;

	for (uint64_t at = from; at + width <= end; at += width) {
		uint64_t in_window = 0;
		for (uint64_t k = 0; k < width; k++)
			in_window += counts[at + k];
		most = in_window > most ? in_window : most;
	}
	return most;
}

static void print(const struct host *hosts)
{
	const uint64_t from = DAY_S, end = DAYS * DAY_S;
	uint64_t whole = 0;

	for (uint64_t second = from; second < end; second++)
		whole += taken[second];
	printf("{\"mean\": %.2f, \"peak\": %" PRIu64 ", \"peak_minute\": %.1f, \"asked_peak\": %" PRIu64 ", ",
	       (double)whole / DAY_S, most_of(taken, from, end, 1), (double)most_of(taken, from, end, 60) / 60,
	       most_of(requests, from, end, 1));
	printf("\"asked_while_away\": %" PRIu64 ", ",
	       is.up_ns > is.down_ns ? most_of(requests, is.down_ns / S + 120, is.up_ns / S, 1) : 0);
	printf("\"made\": %" PRIu64 ", \"sent\": %" PRIu64 ", \"too_old\": %" PRIu64 ", \"thinned\": %" PRIu64
	       ", \"waiting_at_end\": %" PRIu64 ", ",
	       sum.made, sum.sent, sum.passed, sum.thinned, waiting_of_all(hosts));
	printf("\"waiting_most\": %" PRIu64 ", \"waiting_at_return\": %.2f, \"recovered_s\": %.0f, \"late_s\": %.1f}\n",
	       sum.waiting_most, (double)sum.waiting_at_return / (double)is.hosts,
	       sum.recovered_ns ? (double)(sum.recovered_ns - is.up_ns) / (double)S : 0.0,
	       (double)sum.late_ns_most / (double)S);
}

static void hosts_begin(struct host *hosts, uint64_t first_ns)
{
	/* Those that start together do so as the second, measured day begins; the others within an hour before: nothing waits then. */
	const uint64_t span_ns = is.start_ns ? is.start_ns : BEFORE_S / 2 * S;

	for (uint32_t i = 0; i < is.hosts; i++) {
		hosts[i].start_ns = first_ns + draw(span_ns);
		hosts[i].snapshot_ns = hosts[i].start_ns + schedule_timer_step(PACE_INTERVAL_NS, 0);
		hosts[i].thinned_ns = hosts[i].start_ns;
		hosts[i].pace.random = draw(UINT64_MAX);
	}
}

static void days_run(struct host *hosts, uint64_t begin_ns)
{
	bool has_returned = false;

	for (uint32_t i = 0; i < is.hosts; i++) /* the wheel takes more than an hour */
		later(hosts, i, hosts[i].start_ns);
	for (uint64_t tick = begin_ns / LOOK_NS; tick < DAYS * DAY_S * S / LOOK_NS; tick++) {
		if (!has_returned && is.up_ns > is.down_ns && tick * LOOK_NS >= is.up_ns) {
			sum.waiting_at_return = waiting_of_all(hosts);
			has_returned = true;
		}
		uint32_t turn = wheel[tick % WHEEL];
		wheel[tick % WHEEL] = 0;
		while (turn) {
			const uint32_t index = turn - 1;
			turn = hosts[index].next;
			host_turn(hosts, index, tick * LOOK_NS + hosts[index].start_ns % LOOK_NS);
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t *const settings[] = {&is.hosts,   &is.age_ns, &is.file_bytes, &is.later_ns, &is.start_ns,
				      &is.down_ns, &is.up_ns,  &is.room,       &is.seed};
	static const uint64_t units[] = {1, S, 1, S, S, S, S, 1, 1};

	if (argc != 1 + sizeof units / sizeof *units)
		return fprintf(stderr, "fleet HOSTS AGE_S FILE_BYTES LATER_S START_S DOWN_S UP_S ROOM SEED\n"), 2;
	for (int i = 1; i < argc; i++)
		*settings[i - 1] = strtoull(argv[i], NULL, 10) * units[i - 1];
	is.down_ns += is.up_ns ? DAY_S * S : 0; /* of the measured day */
	is.up_ns += is.up_ns ? DAY_S * S : 0;
	struct host *hosts = calloc(is.hosts, sizeof *hosts);
	if (!hosts || !is.hosts)
		return 2;
	const uint64_t begin_ns = (is.start_ns ? DAY_S : DAY_S - BEFORE_S) * S;
	hosts_begin(hosts, begin_ns);
	days_run(hosts, begin_ns);
	print(hosts);
	for (uint64_t i = 0; i < is.hosts; i++)
		free(hosts[i].waiting);
	free(hosts);
	return 0;
}
