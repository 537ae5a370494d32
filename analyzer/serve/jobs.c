/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/jobs.h"

#include "serve/answers/http.h"
#include "work/clock.h"

#define SECOND UINT64_C(1000000000)
#define KEPT_MOST ((size_t)128 << 20) /* bytes of all profiles, and of the states at which deltas begin */
enum { SPANS_MOST = 16, QUICK_MOST = JOBS_MOST - SPANS_MOST };

/* Whether all clients that ask share it. */
static bool is_shared(enum profile_kind kind)
{
	return kind == PROFILE_WHOLE;
}

static bool is_running(const struct job *job)
{
	return job->task.pid != 0;
}

static bool is_of(const struct job *job, const struct served *served, const struct MHD_Connection *connection,
		  const struct profile_wish *wish)
{
	return job->served == served && job->kind == wish->kind && job->shows_allocated == wish->shows_allocated &&
	       (is_shared(wish->kind) || job->connection == connection);
}

static struct job *job_find(struct server_state *server, const struct served *served,
			    const struct MHD_Connection *connection, const struct profile_wish *wish)
{
	for (size_t i = 0; i < JOBS_MOST; i++)
		if (is_of(&server->jobs[i], served, connection, wish))
			return &server->jobs[i];
	return NULL;
}

/* Two deltas at the same time would cover the same time. */
static bool delta_is_made(const struct server_state *server, const struct served *served)
{
	for (size_t i = 0; i < JOBS_MOST; i++)
		if (is_running(&server->jobs[i]) && server->jobs[i].served == served &&
		    server->jobs[i].kind == PROFILE_DELTA)
			return true;
	return false;
}

/* NULL: all slots are taken. Profiles of some seconds have slots of their own. */
static struct job *job_free(struct server_state *server, bool is_span)
{
	struct job *from = server->jobs + (is_span ? QUICK_MOST : 0);

	for (struct job *job = from; job < from + (is_span ? SPANS_MOST : QUICK_MOST); job++)
		if (!job->served)
			return job;
	return NULL;
}

static void job_drop(struct job *job)
{
	buffer_free(&job->document);
	*job = (struct job){0};
}

static struct answer answer_wait(const struct server_state *server)
{
	return (struct answer){.about = server->jobs};
}

static struct answer answer_busy(const char *why)
{
	struct answer answer = answer_line(MHD_HTTP_SERVICE_UNAVAILABLE, why);

	if (answer.response)
		http.MHD_add_response_header(answer.response, MHD_HTTP_HEADER_RETRY_AFTER, "10");
	return answer;
}

/* Gives the job's slot back. */
static struct answer answer_of(struct job *job, struct MHD_Connection *connection)
{
	struct answer answer;

	if (*job->fault.text)
		answer = answer_line(MHD_HTTP_INTERNAL_SERVER_ERROR, job->fault.text);
	else
		answer =
		    answer_fresh(connection, &job->document, job->kind == PROFILE_TEXT ? ANSWER_TEXT : ANSWER_PROFILE);
	job_drop(job);
	return answer;
}

static struct answer job_start(struct server_state *server, struct served *served, struct MHD_Connection *connection,
			       const struct profile_wish *wish)
{
	struct job *job = job_free(server, wish->kind == PROFILE_SPAN);
	struct profile_wish whole = *wish;
	struct error error;

	if (!job && wish->kind == PROFILE_SPAN)
		return answer_busy("seep serve: too many profiles of some seconds are being made\n");
	if (!job)
		return answer_wait(server);
	if (!served->since.beginning_ns)
		served->since.beginning_ns = server->beginning_unix_ns;
	whole.path = served->path;
	whole.symbols = &server->request.symbols;
	whole.since = &served->since;
	if (!profile_task_start(&job->task, &whole, server->now_ns, &error))
		return answer_line(MHD_HTTP_INTERNAL_SERVER_ERROR, error.text);
	job->served = served;
	job->connection = connection;
	job->kind = wish->kind;
	job->shows_allocated = wish->shows_allocated;
	return answer_wait(server);
}

struct answer jobs_ask(struct server_state *server, struct served *served, struct MHD_Connection *connection,
		       const struct profile_wish *wish)
{
	struct job *job = job_find(server, served, connection, wish);
	const struct cached *last = &served->profiles[wish->shows_allocated];

	served->scraped_ns = server->now_ns;
	if (job)
		return is_running(job) ? answer_wait(server) : answer_of(job, connection);
	if (is_shared(wish->kind) && last->response &&
	    server->now_ns - served->profiles_ns[wish->shows_allocated] < SECOND)
		return answer_cached(connection, last);
	if (!pace_allows(&served->scrape_pace, server->share, server->now_ns)) {
		if (is_shared(wish->kind) && last->response)
			return answer_cached(connection, last);
		return answer_busy("seep serve: this recording's share of processor time is spent (--cpu)\n");
	}
	if (wish->kind == PROFILE_DELTA && delta_is_made(server, served))
		return answer_wait(server);
	return job_start(server, served, connection, wish);
}

static size_t kept_bytes(const struct served *served)
{
	return served->profiles[0].bytes + served->profiles[1].bytes + served->since.snapshot.length;
}

/* Drops documents of other recordings, those first for which nobody asked for longest, until the rest fits. The delta
 * of such a recording begins anew, now. */
static void kept_bound(struct server_state *server, const struct served *except)
{
	for (;;) {
		struct served *oldest = NULL;
		size_t bytes = 0;
		for (size_t i = 0; i < server->recordings.count; i++) {
			struct served *served = server->recordings.each[i];
			bytes += kept_bytes(served);
			if (served != except && kept_bytes(served) &&
			    (!oldest || served->scraped_ns < oldest->scraped_ns))
				oldest = served;
		}
		if (bytes <= KEPT_MOST || !oldest)
			return;
		cached_drop(&oldest->profiles[0]);
		cached_drop(&oldest->profiles[1]);
		buffer_free(&oldest->since.snapshot);
		oldest->since.beginning_ns = clock_ns(CLOCK_REALTIME);
	}
}

static void job_finish(struct server_state *server, struct job *job)
{
	struct served *served = job->served;
	double cpu_s;

	const bool is_made = profile_task_finish(
	    &job->task, &job->document, job->kind == PROFILE_DELTA ? &served->since : NULL, &cpu_s, &job->fault);
	pace_spend(&served->scrape_pace, cpu_s);
	if (is_made && is_shared(job->kind)) {
		cached_replace(&served->profiles[job->shows_allocated], &job->document, ANSWER_PROFILE);
		served->profiles_ns[job->shows_allocated] = server->now_ns;
		job_drop(job);
	}
	kept_bound(server, served);
}

bool jobs_take(struct server_state *server)
{
	bool is_any_done = false;

	for (struct job *job = server->jobs; job < server->jobs + JOBS_MOST; job++) {
		if (!is_running(job) || (task_read(&job->task) && server->now_ns < job->task.deadline_ns))
			continue;
		job_finish(server, job);
		is_any_done = true;
	}
	return is_any_done;
}

void jobs_forget(struct server_state *server, const struct MHD_Connection *connection)
{
	for (struct job *job = server->jobs; job < server->jobs + JOBS_MOST; job++)
		if (job->connection == connection && job->served && !is_running(job))
			job_drop(job);
}

void jobs_stop(struct server_state *server)
{
	for (struct job *job = server->jobs; job < server->jobs + JOBS_MOST; job++) {
		if (is_running(job))
			job_finish(server, job);
		job_drop(job);
	}
}
