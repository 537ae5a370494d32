/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/scrape/profile_task.h"

#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "compare/teardown.h"
#include "export/export.h"
#include "encoding/gzip.h"
#include "profile/profile.h"
#include "target/listing.h"

enum { PACKED_MIB_MOST = 64, STATE_MIB_MOST = 64 };

/* What comes through the pipe: this struct, then the document or the error's line, then the state at which the next
 * delta begins. */
struct result {
	uint64_t is_made, document_bytes, state_bytes, start_ns;
};

#define RESULT_MOST (sizeof(struct result) + ((size_t)(PACKED_MIB_MOST + STATE_MIB_MOST) << 20))

/* A program that has ended is shown as it was before it tore down its memory. */
static struct profile *newest_open(const char *path, struct buffer *state, struct error *error)
{
	struct profile *profile = profile_open_now_keep(path, state, error);

	if (profile && listing_state_of(profile) != LISTING_RUNNING) {
		profile_free(profile);
		state->length = 0;
		profile = profile_open_useful(path, error);
	}
	return profile;
}

static void interval_write(struct buffer *out, const struct export_interval *interval)
{
	struct buffer plain = {0};

	export_pprof_interval(&plain, interval);
	gzip_pack_quickly(out, plain.data, plain.length);
	buffer_free(&plain);
}

/* Writes the allocations since `base` (or since the recording began), and the memory in use now. */
static void since_write(struct buffer *out, const struct profile *now, const struct profile *base, bool shows_allocated)
{
	struct export_rows rows;

	export_rows_build_interval(&rows, now, base);
	interval_write(
	    out, &(struct export_interval){
		     .now = now, .base = base, .rows = &rows, .count = rows.count, .shows_allocated = shows_allocated});
	export_rows_free(&rows);
}

static void delta_write(struct buffer *out, const struct profile *now, const struct profile_since *since)
{
	struct error ignored;
	struct profile *base =
	    since->snapshot.length
		? profile_open_snapshot(since->snapshot.data, since->snapshot.length, "the last delta", &ignored)
		: NULL;

	if (base && profiles_are_same_process(base, now))
		since_write(out, now, base, true);
	else if (now->start_unix_ns < since->beginning_ns || now->start_unix_ns == since->ended_start_ns)
		since_write(out, now, now, true);
	else
		since_write(out, now, NULL, true);
	profile_free(base);
}

static bool span_write(struct buffer *out, struct profile *base, const struct profile_wish *wish, struct error *error)
{
	struct timespec left = {.tv_sec = (time_t)wish->seconds};
	struct export_rows rows;
	struct buffer state = {0};

	while (nanosleep(&left, &left) != 0)
		continue;
	struct profile *now = newest_open(wish->path, &state, error);
	buffer_free(&state);
	if (!now)
		return false;
	profile_symbolize(base, wish->symbols);
	profile_symbolize(now, wish->symbols);
	export_rows_build(&rows, now, base);
	interval_write(out, &(struct export_interval){.now = now,
						      .base = base,
						      .rows = &rows,
						      .count = rows.count,
						      .has_duration = true,
						      .shows_allocated = wish->shows_allocated});
	export_rows_free(&rows);
	profile_free(now);
	return true;
}

static bool document_write(struct buffer *out, struct profile *now, const struct profile_wish *wish,
			   struct error *error)
{
	if (wish->kind == PROFILE_SPAN)
		return span_write(out, now, wish, error);
	profile_symbolize(now, wish->symbols);
	if (wish->kind == PROFILE_TEXT)
		export_gperftools(out, now);
	else if (wish->kind == PROFILE_DELTA)
		delta_write(out, now, wish->since);
	else
		since_write(out, now, NULL, wish->shows_allocated);
	return true;
}

static void profile_make(struct buffer *answer, const void *context)
{
	const struct profile_wish *wish = context;
	struct result result = {0};
	struct buffer document = {0}, state = {0};
	struct error error;

	memory_bound_by_inputs();
	struct profile *now = newest_open(wish->path, &state, &error);
	if (now) {
		result.start_ns = now->start_unix_ns;
		result.is_made = document_write(&document, now, wish, &error);
	}
	if (!result.is_made)
		buffer_append_text(&document, error.text);
	if (wish->kind != PROFILE_DELTA)
		state.length = 0;
	result.document_bytes = document.length;
	result.state_bytes = state.length;
	buffer_append(answer, &result, sizeof result);
	buffer_append(answer, document.data, document.length);
	buffer_append(answer, state.data, state.length);
}

bool profile_task_start(struct task *task, const struct profile_wish *wish, uint64_t now_ns, struct error *error)
{
	return task_start(task, profile_make, wish, RESULT_MOST, now_ns, error);
}

static void since_move(struct profile_since *since, const struct result *result, const char *state)
{
	buffer_free(&since->snapshot);
	if (result->state_bytes)
		buffer_append(&since->snapshot, state, result->state_bytes);
	else
		since->ended_start_ns = result->start_ns;
}

bool profile_task_finish(struct task *task, struct buffer *document, struct profile_since *since, double *cpu_s,
			 struct error *error)
{
	struct result result = {0};
	struct buffer *got = &task->got;
	int status;
	bool is_made = false;

	task_finish(task, &status, cpu_s);
	const size_t bytes = got->length - sizeof result;
	if (got->length >= sizeof result)
		memcpy(&result, got->data, sizeof result);
	if (got->length > RESULT_MOST || got->length < sizeof result || result.document_bytes > bytes ||
	    result.state_bytes != bytes - result.document_bytes) {
		error_set(error, "the profile could not be made in time, or is too large");
	} else if (!result.is_made) {
		error_set(error, "%.*s", (int)result.document_bytes, got->data + sizeof result);
	} else {
		buffer_append(document, got->data + sizeof result, result.document_bytes);
		if (since)
			since_move(since, &result, got->data + sizeof result + result.document_bytes);
		is_made = true;
	}
	buffer_free(got);
	return is_made;
}
