/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/json.h"
#include "base/memory.h"
#include "keeper/program/process.h"
#include "serve/answers/http.h"
#include "target/listing.h"
#include "work/clock.h"

#define SECOND UINT64_C(1000000000)
#define PATIENCE (5 * SECOND) /* half of Prometheus' own */
#define SHOWN_MOST ((size_t)256)

/* First those without any metrics, the newest before others; then the one that was looked at longest ago: otherwise a
 * busy machine would look at the same one again and again. */
static bool comes_before(const struct served *this, const struct served *that)
{
	if (this->is_measured != that->is_measured)
		return !this->is_measured;
	return this->is_measured ? this->measured_ns < that->measured_ns
				 : this->seen.changed_ns > that->seen.changed_ns;
}

/* A recording whose state is newer than its metrics. NULL: all metrics are as new as they may be. */
static struct served *next_of(struct server_state *server)
{
	struct served *next = NULL;

	for (size_t i = 0; i < server->recordings.count; i++) {
		struct served *served = server->recordings.each[i];
		if (served->is_gone || served_metrics_are_current(served) || (next && !comes_before(served, next)))
			continue;
		if (!served->is_measured || pace_allows(&served->metrics_pace, server->share, server->now_ns))
			next = served;
	}
	return next;
}

/* Begins with the next recording, if there is one. False: nothing is being made. */
static bool task_begin(struct server_state *server)
{
	struct served *next;
	struct error ignored;

	while (!server->metrics.task.pid && (next = next_of(server))) {
		const struct metrics_wish wish = {.path = next->path,
						  .name = next->name,
						  .symbols = &server->request.symbols,
						  .wrappers = server->request.wrappers,
						  .wrapper_count = server->request.wrapper_count};
		next->is_measured = true;
		next->measured = next->seen;
		next->measured_ns = server->now_ns;
		if (metrics_task_start(&server->metrics.task, &wish, server->now_ns, &ignored))
			server->metrics.about = next;
	}
	return server->metrics.task.pid;
}

static void task_end(struct server_state *server)
{
	struct served *served = server->metrics.about;
	struct error ignored;
	double cpu_s;

	served->is_known =
	    metrics_task_finish(&server->metrics.task, &served->about, &served->metrics, &cpu_s, &ignored);
	pace_spend(&served->metrics_pace, cpu_s);
}

bool metrics_take(struct server_state *server)
{
	struct metrics_state *metrics = &server->metrics;

	if (metrics->task.pid && !(task_read(&metrics->task) && server->now_ns < metrics->task.deadline_ns))
		task_end(server);
	if (!metrics->until_ns || (server->now_ns < metrics->until_ns && task_begin(server)))
		return false;
	metrics->until_ns = 0;
	metrics->over_ns = server->now_ns;
	return true;
}

void metrics_stop(struct server_state *server)
{
	if (server->metrics.task.pid)
		task_end(server);
}

/* Whether the client has to wait. Those who have waited get everything that there is. */
static bool must_wait(struct server_state *server)
{
	struct metrics_state *metrics = &server->metrics;

	if (metrics->over_ns == server->now_ns)
		return false;
	recordings_scan(&server->recordings, server->now_ns);
	for (size_t i = 0; i < server->recordings.count; i++)
		served_look(server->recordings.each[i], server->now_ns);
	if (!task_begin(server))
		return false;
	if (!metrics->until_ns)
		metrics->until_ns = server->now_ns + PATIENCE;
	return true;
}

static bool runs(const struct served *served)
{
	return served->is_known && !served->is_gone && served->about.state == LISTING_RUNNING &&
	       process_exists(served->about.pid, served->about.start_ticks);
}

static bool is_shown(const struct served *served)
{
	return served->is_known && !served->is_gone && served->metrics.samples[METRIC_INUSE].length &&
	       (runs(served) || served->about.newest_unix_ns + METRICS_AFTER_END_NS > clock_ns(CLOCK_REALTIME));
}

static int younger(const void *left, const void *right)
{
	const struct served *a = *(struct served *const *)left, *b = *(struct served *const *)right;

	return (a->about.newest_unix_ns < b->about.newest_unix_ns) -
	       (a->about.newest_unix_ns > b->about.newest_unix_ns);
}

/* The recordings that are shown, the newest first; the caller frees the array. */
static struct served **shown_find(const struct server_state *server, size_t *count)
{
	const struct recordings *recordings = &server->recordings;
	struct served **shown = memory_allocate(recordings->count, sizeof *shown);

	*count = 0;
	for (size_t i = 0; i < recordings->count; i++)
		if (is_shown(recordings->each[i]))
			shown[(*count)++] = recordings->each[i];
	if (*count)
		qsort(shown, *count, sizeof *shown, younger);
	return shown;
}

static const char *state_name(const struct served *served)
{
	if (served->is_gone)
		return "gone";
	if (!served->is_known)
		return served->is_measured ? "broken" : "new";
	return runs(served) ? "running" : served->about.state == LISTING_ENDED ? "ended" : "left";
}

/* The server's own metrics. */
static void own_fill(struct metrics *metrics, const struct server_state *server, size_t left_out)
{
	static const char *const states[] = {"running", "ended", "left", "broken", "gone", "new"};
	const struct recordings *recordings = &server->recordings;
	struct rusage usage[2];
	double seconds = 0;

	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct buffer *sample = metric_begin(metrics, METRIC_RECORDINGS);
		size_t count = 0;
		for (size_t j = 0; j < recordings->count; j++)
			count += strcmp(state_name(recordings->each[j]), states[i]) == 0;
		metric_label(sample, "state", states[i]);
		metric_end(sample, (double)count);
	}
	metric_append(metrics, METRIC_RECORDINGS_LEFT_OUT, (double)(left_out + recordings->left_out));
	getrusage(RUSAGE_SELF, &usage[0]);
	getrusage(RUSAGE_CHILDREN, &usage[1]);
	for (int i = 0; i < 2; i++)
		seconds += (double)(usage[i].ru_utime.tv_sec + usage[i].ru_stime.tv_sec) +
			   (double)(usage[i].ru_utime.tv_usec + usage[i].ru_stime.tv_usec) / 1e6;
	metric_append(metrics, METRIC_SERVER_SECONDS, seconds);
}

static bool wants_openmetrics(const struct asked *asked)
{
	const char *accept =
	    http.MHD_lookup_connection_value(asked->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return accept && strstr(accept, "application/openmetrics-text");
}

struct answer metrics_answer(struct server_state *server, const struct asked *asked)
{
	const bool is_open = wants_openmetrics(asked);
	struct metrics own = {0};
	struct buffer out = {0};
	size_t count;

	if (must_wait(server))
		return (struct answer){.about = &server->metrics};
	struct served **shown = shown_find(server, &count);
	const size_t most = count < SHOWN_MOST ? count : SHOWN_MOST;
	const struct metrics **each = memory_allocate(most + 1, sizeof *each);
	for (size_t i = 0; i < most; i++)
		each[i] = &shown[i]->metrics;
	own_fill(&own, server, count - most);
	each[most] = &own;
	metrics_render(&out, each, most + 1, is_open ? METRICS_OPENMETRICS : METRICS_PROMETHEUS);
	metrics_free(&own);
	free(each);
	free(shown);
	return answer_fresh(asked->connection, &out, is_open ? ANSWER_OPENMETRICS : ANSWER_METRICS);
}

static void label_append(struct json *json, const char *name, const char *value)
{
	json_text(json_key(json, name), value);
}

/* The form that http_sd_configs of Prometheus and Parca, and discovery.http of Grafana Alloy read. */
static void target_append(struct json *json, const struct served *served, const char *host)
{
	char pid[24];

	snprintf(pid, sizeof pid, "%" PRIu64, served->about.pid);
	json_begin_object(json);
	json_begin_array(json_key(json, "targets"));
	json_text(json, host);
	json_end_array(json);
	json_begin_object(json_key(json, "labels"));
	label_append(json, "__param_recording", served->name);
	label_append(json, "recording", served->name);
	label_append(json, "service_name", *served->about.service ? served->about.service : served->about.command);
	label_append(json, "command", served->about.command);
	label_append(json, "pid", pid);
	json_end_object(json);
	json_end_object(json);
}

struct answer metrics_targets(struct server_state *server, const struct asked *asked)
{
	const char *host = http.MHD_lookup_connection_value(asked->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	struct buffer out = {0};
	struct json json = {.out = &out};
	size_t count;

	if (must_wait(server))
		return (struct answer){.about = &server->metrics};
	struct served **shown = shown_find(server, &count);
	json_begin_array(&json);
	for (size_t i = 0; i < count && i < SHOWN_MOST; i++)
		if (runs(shown[i]))
			target_append(&json, shown[i], host);
	json_end_array(&json);
	free(shown);
	return answer_fresh(asked->connection, &out, ANSWER_JSON);
}
