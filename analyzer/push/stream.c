/* SPDX-License-Identifier: Apache-2.0 */
#include "push/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/message.h"
#include "export/rows.h"
#include "push/otlp.h"
#include "push/wire.h"
#include "target/listing.h"
#include "work/clock.h"

#define SECOND_NS UINT64_C(1000000000)
#define LOOK_NS (5 * SECOND_NS)  /* between looks whether a process still runs */
#define LEFT_NS (10 * SECOND_NS) /* this long after it has gone, no keeper writes any more */

void stream_init(struct push_stream *stream, const struct push_plan *plan, const char *path)
{
	*stream = (struct push_stream){.plan = plan, .path = memory_copy_text(path), .position.lock = -1};
}

static void stream_close(struct push_stream *stream)
{
	if (stream->is_open)
		position_close(&stream->position);
	stream->is_open = false;
}

void stream_free(struct push_stream *stream)
{
	stream_close(stream);
	free(stream->path);
}

/* Both wait: the destination because other sends would fail there, too, and the recording because it may be the
 * cause. */
static void failure_note(struct push_stream *stream, const struct answer *answer)
{
	struct pace *pace = stream->plan->pace;
	const uint64_t now_ns = clock_monotonic_ns();

	pace_note_failure(pace, now_ns, answer->retry_ns);
	stream->not_until_ns = now_ns + pace_wait(&pace->random, stream->failures++, answer->retry_ns);
	stream->last = answer->outcome;
	stream->fault = answer->fault;
}

enum step { STEP_DONE, STEP_NOT_NOW, STEP_FAULT };

/* An OTLP receiver accepts a request, and its answer says how much of it was dropped. */
static void part_refused_note(const struct push_plan *plan, struct answer *answer)
{
	struct buffer why = {0};
	const uint64_t refused = otlp_refused(answer->body.data, answer->body.length, &why);

	if (refused) {
		answer->outcome = OUTCOME_REFUSED;
		error_set(&answer->fault, "%.200s refuses %" PRIu64 " of the profiles: %.200s", plan->destination.name,
			  refused, why.length ? why.data : "it does not say why");
	}
	buffer_free(&why);
}

/* Sends as many rows as fit, and moves `rest` behind them. */
static enum step piece_send(struct push_stream *stream, const struct labels *labels, struct export_interval *rest,
			    bool *is_refused)
{
	const struct push_plan *plan = stream->plan;
	struct parcel parcel;
	struct answer answer;
	const uint32_t count = wire_fill(&parcel, &plan->destination, labels, rest);
	const size_t bytes = parcel.body.length;

	transport_post(plan->transport, &plan->destination, parcel.path.data, parcel.type, &parcel.body, &answer);
	parcel_free(&parcel);
	if (plan->destination.kind == DESTINATION_OTLP && answer.outcome == OUTCOME_TAKEN)
		part_refused_note(plan, &answer);
	buffer_free(&answer.body);
	if (answer.outcome == OUTCOME_LATER || answer.outcome == OUTCOME_CLOSED) {
		failure_note(stream, &answer);
		return STEP_NOT_NOW;
	}
	pace_note_answer(plan->pace);
	stream->failures = 0;
	stream->last = answer.outcome;
	stream->fault = (struct error){""};
	if (answer.outcome == OUTCOME_REFUSED)
		stream->refusal = answer.fault;
	*is_refused = *is_refused || answer.outcome == OUTCOME_REFUSED;
	stream->counts.pieces += answer.outcome == OUTCOME_TAKEN;
	stream->counts.bytes += answer.outcome == OUTCOME_TAKEN ? bytes : 0;
	rest->first += count;
	rest->count -= count;
	return STEP_DONE;
}

/* Sends the rows that were not taken yet. */
static enum step rows_send(struct push_stream *stream, const struct labels *labels, const struct export_interval *whole,
			   const volatile bool *stop, struct error *error)
{
	struct export_interval rest = *whole;
	bool is_refused = false;

	if (stream->position.rows <= rest.count) {
		rest.first = stream->position.rows;
		rest.count -= rest.first;
	}
	while (rest.count) {
		const enum step step = *stop ? STEP_NOT_NOW : piece_send(stream, labels, &rest, &is_refused);
		if (step != STEP_DONE)
			return step;
		if (rest.count && !position_note_part(&stream->position, rest.first, error))
			return STEP_FAULT;
	}
	stream->counts.sent += !is_refused;
	stream->counts.refused += is_refused;
	return STEP_DONE;
}

static enum step snapshot_send(struct push_stream *stream, struct profile *now, const volatile bool *stop,
			       struct error *error)
{
	struct export_rows rows;
	struct labels labels;
	bool is_lost;
	struct profile *base = position_base(&stream->position, &is_lost);
	struct export_interval interval = {.now = now, .base = base, .rows = &rows, .has_duration = true};

	profile_symbolize(now, &stream->plan->symbols);
	export_rows_build_interval(&rows, now, base);
	interval.count = rows.count;
	stream->counts.labels_left_out = labels_of_process(&labels, &stream->plan->labels, stream->plan->service, now,
							   destination_limits(&stream->plan->destination)->label_count);
	enum step step = rows_send(stream, &labels, &interval, stop, error);
	if (step == STEP_DONE && !position_advance(&stream->position, error))
		step = STEP_FAULT;
	stream->counts.lost_bases += is_lost && step == STEP_DONE;
	labels_free(&labels);
	export_rows_free(&rows);
	profile_free(base);
	return step;
}

/* Whether it was thinned out meanwhile: what was allocated until then goes with the next one. */
static bool is_gone(const char *path)
{
	return access(path, F_OK) != 0 && errno == ENOENT;
}

/* NULL: it is gone, or it can't be read, which is said once. What was allocated until then goes with the next one. */
static struct profile *entry_open(struct push_stream *stream, const struct recording_entry *entry)
{
	struct error fault;
	struct profile *profile = profile_open(entry->path, &fault);

	if (!profile && !is_gone(entry->path) && entry->number > stream->unreadable) {
		stream->unreadable = entry->number;
		message("%s; what was allocated until then goes with the next", fault.text);
	}
	return profile;
}

/* On the recording's clock, the time before which everything is too old for the server. */
static uint64_t oldest_ns(const struct push_stream *stream, const struct profile *last)
{
	const uint64_t most_ns = destination_limits(&stream->plan->destination)->age_ns,
		       then_unix_ns = clock_ns(CLOCK_REALTIME) - most_ns;

	return most_ns && then_unix_ns > last->start_unix_ns ? last->start_ns + (then_unix_ns - last->start_unix_ns)
							     : 0;
}

static enum step entry_send(struct push_stream *stream, const struct recording_entry *entry, const volatile bool *stop,
			    struct error *error)
{
	if (!stream->plan->pace->slots)
		return STEP_NOT_NOW;
	struct profile *now = entry_open(stream, entry);
	if (!now)
		return STEP_DONE; /* one that can't be read takes no slot: it would come first in each round */
	pace_take(stream->plan->pace);
	const bool is_begun = position_begin(&stream->position, entry->path, now->number, error);
	const enum step step = is_begun               ? snapshot_send(stream, now, stop, error)
			       : is_gone(entry->path) ? STEP_DONE
						      : STEP_FAULT;
	profile_free(now);
	return step;
}

/* Sends a snapshot that was begun. The server may have taken some of it, whether we have heard of that or not; sent
 * with the next snapshot, that part would be there twice. One that is too old goes with the next, unless a part of it
 * is known to have been taken: then what the server says about the rest is counted. */
static enum step begun_send(struct push_stream *stream, const struct profile *last, const volatile bool *stop,
			    struct error *error)
{
	char *path = position_begun(&stream->position);
	struct error ignored;
	struct profile *begun = path ? profile_open(path, &ignored) : NULL;
	enum step step = STEP_DONE;

	if (begun && (stream->position.rows || begun->time_ns >= oldest_ns(stream, last)))
		step = pace_take(stream->plan->pace) ? snapshot_send(stream, begun, stop, error) : STEP_NOT_NOW;
	profile_free(begun);
	free(path);
	return step;
}

/* Sends the recording's snapshots behind the position. */
static enum step entries_send(struct push_stream *stream, const struct recording *recording, const struct profile *last,
			      const volatile bool *stop, struct error *error)
{
	enum step step = begun_send(stream, last, stop, error);
	uint64_t too_old = 0;
	size_t i = 0;

	for (; step == STEP_DONE; i++) {
		i = pace_choose(recording->entries, recording->count, i, stream->position.number,
				oldest_ns(stream, last), &too_old);
		if (i == recording->count)
			break;
		step = entry_send(stream, &recording->entries[i], stop, error);
		if (step == STEP_DONE) {
			stream->counts.merged += too_old;
			too_old = 0;
		}
	}
	stream->too_old = step == STEP_DONE ? too_old : stream->too_old;
	return step;
}

static bool position_take(struct push_stream *stream, const struct profile *last, struct error *error)
{
	if (!stream->is_open)
		stream->is_open =
		    position_open(&stream->position, stream->plan->directory, &stream->plan->destination, last, error);
	return stream->is_open;
}

/* Whether the process has been gone for so long that nobody writes a snapshot of it any more. */
static bool has_left(struct push_stream *stream, bool is_running)
{
	const uint64_t now_ns = clock_monotonic_ns();

	if (is_running)
		stream->left_ns = 0;
	else if (!stream->left_ns)
		stream->left_ns = now_ns;
	return stream->left_ns && now_ns - stream->left_ns >= LEFT_NS;
}

/* Whether this is the recording's end. A process that has gone without a last snapshot may still get one. */
static bool is_end(struct push_stream *stream, const struct recording_entry *newest, const struct profile *last)
{
	return newest->trigger == SEEP_TRIGGER_EXIT || newest->trigger == SEEP_TRIGGER_POSTMORTEM ||
	       has_left(stream, listing_state_of(last) == LISTING_RUNNING);
}

/* A recording that has just begun has no snapshot before its first interval is over; with `follow` it is waited for. */
static bool may_begin(struct push_stream *stream)
{
	const uint64_t now_ns = clock_monotonic_ns();
	struct error ignored;

	if (!stream->plan->follow || stream->newest || !path_is_recording(stream->path))
		return false;
	if (stream->looked_ns && now_ns - stream->looked_ns < LOOK_NS)
		return true;
	stream->looked_ns = now_ns;
	struct profile *now = profile_open_now(stream->path, &ignored);
	const bool is_running = now && listing_state_of(now) == LISTING_RUNNING;
	profile_free(now);
	return !has_left(stream, is_running);
}

static bool is_worth_a_look(const struct push_stream *stream, const struct recording_entry *newest)
{
	return (newest->number != stream->newest && newest->number != stream->unreadable) || !stream_has_all(stream) ||
	       (!stream->is_last && clock_monotonic_ns() - stream->looked_ns >= LOOK_NS);
}

static bool look(struct push_stream *stream, const struct recording *recording, const volatile bool *stop,
		 struct error *error)
{
	const struct recording_entry *newest = recording->entries + recording->count;
	struct profile *last = NULL;

	while (!last && newest > recording->entries)
		last = profile_open((--newest)->path, error);
	if (!last)
		return is_gone(newest->path) || stream->plan->follow;
	stream->looked_ns = clock_monotonic_ns();
	stream->newest = newest->number;
	stream->is_last = is_end(stream, newest, last);
	stream->interval_ns = last->interval_ns ? last->interval_ns : PACE_INTERVAL_NS;
	const bool is_fine =
	    position_take(stream, last, error) && entries_send(stream, recording, last, stop, error) != STEP_FAULT;
	profile_free(last);
	return is_fine;
}

/* Without a slot, the stream can only look how things stand. */
static bool is_its_turn(const struct push_stream *stream)
{
	const uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= stream->not_until_ns &&
	       (stream->plan->pace->slots || !stream->looked_ns || now_ns - stream->looked_ns >= LOOK_NS);
}

/* When the directory last got or lost a file; 0: that can't be told. */
static int64_t changed_ns(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_mtim.tv_sec * (int64_t)SECOND_NS + status.st_mtim.tv_nsec : 0;
}

/* While the next snapshot is waited for, listing hundreds of them four times a second would cost more than sending it. */
static bool has_nothing_new(const struct push_stream *stream, int64_t changed)
{
	return changed && changed == stream->listed_ns && clock_monotonic_ns() - stream->looked_ns < LOOK_NS;
}

bool stream_go_on(struct push_stream *stream, const volatile bool *stop, struct error *error)
{
	struct recording recording;
	bool is_fine = true;

	if (stream->is_done || !is_its_turn(stream))
		return true;
	const int64_t changed = changed_ns(stream->path);
	if (has_nothing_new(stream, changed))
		return true;
	if (!recording_list(stream->path, &recording, error))
		return !recording.contradicts && may_begin(stream);
	const bool is_new = is_worth_a_look(stream, &recording.entries[recording.count - 1]);
	if (is_new)
		is_fine = look(stream, &recording, stop, error);
	stream->listed_ns = is_new ? 0 : changed;
	recording_free(&recording);
	if (is_fine && stream->is_last && stream_has_all(stream)) {
		stream->is_done = true; /* a directory that is followed for months has thousands of these */
		stream_close(stream);
	}
	return is_fine;
}

bool stream_has_all(const struct push_stream *stream)
{
	return stream->is_done || (stream->newest && (stream->position.number >= stream->newest || stream->too_old));
}

double stream_hz(const struct push_stream *stream)
{
	return stream->interval_ns ? (double)SECOND_NS / (double)stream->interval_ns : 0;
}
