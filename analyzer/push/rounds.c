/* SPDX-License-Identifier: Apache-2.0 */
#include "push/rounds.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "work/clock.h"

#define SECOND_NS UINT64_C(1000000000)
#define NAP_NS (SECOND_NS / 4)
#define SCAN_NS (5 * SECOND_NS)
enum { STREAMS_MOST = 4096 };

bool push_operand_take(struct push_operand *operand, const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return error_set(error, "%.256s: %s", path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return error_set(error, "%.256s: not a recording: seep push sends what a recording grows by", path);
	DIR *listing = opendir(path);
	if (!listing)
		return error_set(error, "%.256s: %s", path, strerror(errno));
	closedir(listing);
	*operand = (struct push_operand){path, !path_is_recording(path)};
	return true;
}

static bool has_stream(const struct push_rounds *rounds, const char *path)
{
	for (size_t i = 0; i < rounds->count; i++)
		if (strcmp(rounds->streams[i]->path, path) == 0)
			return true;
	return false;
}

static void streams_add(struct push_rounds *rounds, const char *path)
{
	if (has_stream(rounds, path))
		return;
	if (rounds->count + rounds->plan_count > STREAMS_MOST) {
		if (!rounds->is_full)
			message("%s: more than %d recordings at a time: the others are not sent until some have ended",
				path, STREAMS_MOST);
		rounds->is_full = rounds->has_faults = true;
		return;
	}
	for (size_t i = 0; i < rounds->plan_count; i++) {
		ARRAY_RESERVE(rounds->streams, rounds->count, rounds->capacity);
		rounds->streams[rounds->count] = memory_allocate(1, sizeof **rounds->streams);
		stream_init(rounds->streams[rounds->count++], &rounds->plans[i], path);
	}
}

static void directory_scan(struct push_rounds *rounds, const char *directory)
{
	DIR *listing = opendir(directory);
	struct buffer path = {0};

	for (struct dirent *found; listing && (found = readdir(listing));) {
		path.length = 0;
		buffer_printf(&path, "%s/%s", directory, found->d_name);
		if (found->d_name[0] != '.' && path_is_recording(path.data))
			streams_add(rounds, path.data);
	}
	buffer_free(&path);
	if (listing)
		closedir(listing);
}

static void operands_scan(struct push_rounds *rounds)
{
	for (size_t i = 0; i < rounds->operand_count; i++)
		if (rounds->operands[i].is_directory)
			directory_scan(rounds, rounds->operands[i].path);
		else
			streams_add(rounds, rounds->operands[i].path);
}

static void counts_add(struct push_counts *sum, const struct push_counts *more)
{
	sum->sent += more->sent;
	sum->refused += more->refused;
	sum->merged += more->merged;
	sum->pieces += more->pieces;
	sum->bytes += more->bytes;
	sum->lost_bases += more->lost_bases;
	if (more->labels_left_out > sum->labels_left_out)
		sum->labels_left_out = more->labels_left_out;
}

/* Says once that a server does not answer, and once that it answers again: when a stream succeeds that failed
 * before. */
static void change_say(const struct push_stream *stream, bool failed_before)
{
	bool *is_away = &stream->plan->pace->is_away;

	if (stream->failures && !*is_away)
		message("%s; profiles that were not taken are sent again", stream->fault.text);
	else if (!stream->failures && failed_before && *is_away)
		message("%s takes profiles again", stream->plan->destination.name);
	*is_away = stream->failures || (*is_away && !failed_before);
}

static void stream_turn(struct push_rounds *rounds, struct push_stream *stream, const volatile bool *stop)
{
	const unsigned failures = stream->failures;
	struct error error;

	if (stream->is_given_up)
		return;
	if (!stream_go_on(stream, stop, &error)) {
		message("%s", error.text);
		stream->is_given_up = rounds->has_faults = true;
		return;
	}
	rounds->has_faults = rounds->has_faults || stream->unreadable;
	if (!*stop) /* a stop also ends a request */
		change_say(stream, failures > 0);
}

/* One round, which begins where the last one ran out of slots. False: something is still to be sent. */
static bool round_run(struct push_rounds *rounds, const volatile bool *stop)
{
	const size_t first = rounds->next;
	bool has_all = true;

	for (size_t i = 0; i < rounds->count && !*stop; i++) {
		const size_t place = (first + i) % rounds->count;
		struct push_stream *stream = rounds->streams[place];
		const uint32_t slots = stream->plan->pace->slots;
		stream_turn(rounds, stream, stop);
		if (slots && !stream->plan->pace->slots)
			rounds->next = (place + 1) % rounds->count;
		has_all = has_all && (stream->is_given_up || stream_has_all(stream));
	}
	return has_all;
}

/* Snapshots a second of all recordings whose programs run; if none runs, of one that did. */
static double plan_hz(const struct push_rounds *rounds, const struct push_plan *plan)
{
	double running_hz = 0, ended_hz = 0;

	for (size_t i = 0; i < rounds->count; i++) {
		const struct push_stream *stream = rounds->streams[i];
		const double hz = stream->plan == plan ? stream_hz(stream) : 0;
		if (!stream->is_last)
			running_hz += hz;
		else if (hz > ended_hz)
			ended_hz = hz;
	}
	return running_hz > 0 ? running_hz : ended_hz;
}

/* If all recordings have ended, nothing is paced, because somebody waits for the end. */
static void paces_look(struct push_rounds *rounds, bool is_ending)
{
	for (size_t i = 0; i < rounds->plan_count; i++) {
		const struct push_plan *plan = &rounds->plans[i];
		const uint64_t spacing_ns = is_ending ? 0 : pace_spacing(plan_hz(rounds, plan));
		pace_look(plan->pace, clock_monotonic_ns(), spacing_ns);
	}
}

static bool all_have_ended(const struct push_rounds *rounds)
{
	for (size_t i = 0; i < rounds->operand_count; i++)
		if (rounds->operands[i].is_directory)
			return false;
	for (size_t i = 0; i < rounds->count; i++)
		if (!rounds->streams[i]->is_last && !rounds->streams[i]->is_given_up)
			return false;
	return true;
}

static void paces_make(struct push_rounds *rounds)
{
	rounds->paces = memory_allocate(rounds->plan_count, sizeof *rounds->paces);
	for (size_t i = 0; i < rounds->plan_count; i++) {
		rounds->paces[i].random = clock_ns(CLOCK_REALTIME) ^ (uint64_t)getpid() << 40 ^ i;
		rounds->plans[i].pace = &rounds->paces[i];
	}
}

void push_rounds_run(struct push_rounds *rounds, bool follow, uint64_t patience_ns, const volatile bool *stop)
{
	uint64_t scanned_ns = 0, ending_ns = 0;

	paces_make(rounds);
	if (follow) { /* a first look, without slots, finds out how often they have snapshots */
		operands_scan(rounds);
		round_run(rounds, stop);
	}
	while (!*stop) {
		const uint64_t now_ns = clock_monotonic_ns();
		if (!scanned_ns || now_ns - scanned_ns >= SCAN_NS) {
			operands_scan(rounds);
			scanned_ns = now_ns;
		}
		paces_look(rounds, ending_ns || !follow);
		const bool has_all = round_run(rounds, stop), is_ending = !follow || all_have_ended(rounds);
		ending_ns = !is_ending ? 0 : ending_ns ? ending_ns : now_ns;
		if (is_ending && (has_all || now_ns - ending_ns >= patience_ns))
			return;
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
	}
}

size_t push_rounds_waiting(const struct push_rounds *rounds, const struct push_plan *plan, struct error *why,
			   struct error *refusal)
{
	size_t waiting = 0;

	*why = *refusal = (struct error){""};
	for (size_t i = 0; i < rounds->count; i++) {
		const struct push_stream *stream = rounds->streams[i];
		if (stream->plan != plan)
			continue;
		waiting += !stream->is_given_up && !stream_has_all(stream);
		if (*stream->fault.text)
			*why = stream->fault;
		if (*stream->refusal.text)
			*refusal = stream->refusal;
	}
	return waiting;
}

struct push_counts push_rounds_counts(const struct push_rounds *rounds, const struct push_plan *plan)
{
	struct push_counts sum = {0};

	for (size_t i = 0; i < rounds->count; i++)
		if (rounds->streams[i]->plan == plan) {
			counts_add(&sum, &rounds->streams[i]->counts);
			sum.too_old += rounds->streams[i]->too_old;
		}
	return sum;
}

void push_rounds_free(struct push_rounds *rounds)
{
	for (size_t i = 0; i < rounds->count; i++) {
		stream_free(rounds->streams[i]);
		free(rounds->streams[i]);
	}
	free(rounds->streams);
	free(rounds->paces);
}
