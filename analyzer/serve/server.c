/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "page/page.h"
#include "process/signals.h"
#include "serve/door/clients.h"
#include "serve/answers/http.h"
#include "serve/jobs.h"
#include "serve/metrics.h"
#include "serve/routes.h"
#include "serve/upkeep.h"
#include "work/clock.h"

enum { CONNECTION_BYTES = 16 * 1024 }; /* for the head of a request, and for that of an answer */

/* A client that asked for data that are being made. */
struct waiting {
	struct MHD_Connection *connection;
	const void *about;
};

struct server {
	struct server_state *state;
	const struct admission *admission;
	struct MHD_Daemon *daemon;
	struct clients clients;
	struct waiting waiting[CLIENTS_MOST];
	size_t waiting_count;
};

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    http.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void connection_notice(void *cls, struct MHD_Connection *connection, void **context,
			      enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		jobs_forget(server->state, connection);
		if (*context)
			clients_leave(&server->clients, *context);
		return;
	}
	const union MHD_ConnectionInfo *info =
	    http.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = info ? clients_enter(&server->clients, info->connect_fd, server->state->now_ns) : NULL;
}

static void request_notice(void *cls, struct MHD_Connection *connection, void **context,
			   enum MHD_RequestTerminationCode code)
{
	struct server *server = cls;
	struct client *client = client_of(connection);

	(void)context;
	(void)code;
	if (client)
		client_is_done(client, server->state->now_ns);
}

static struct request_marks marks_of(const struct server *server, struct MHD_Connection *connection,
				     const struct route *route)
{
#define HEADER(name) http.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name)
	return (struct request_marks){
	    .host = HEADER("Host"),
	    .origin = HEADER("Origin"),
	    .fetch_site = HEADER("Sec-Fetch-Site"),
	    .fetch_mode = HEADER("Sec-Fetch-Mode"),
	    .fetch_destination = HEADER("Sec-Fetch-Dest"),
	    .authorization = HEADER("Authorization"),
	    .cookie = http.MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, server->admission->cookie),
	    .query_token = http.MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token"),
	    .is_for_page = route && route->is_page,
	};
#undef HEADER
}

/* Leads to the same place without the token in the address, where histories and logs would keep it. */
static struct answer answer_with_cookie(const struct server *server, const char *path)
{
	struct buffer location = {0}, cookie = {0};

	for (const char *at = path; *at;) {
		const size_t length = strcspn(at, "/");
		char part[256];
		snprintf(part, sizeof part, "%.*s", (int)length, at);
		answer_append_escaped(&location, part);
		at += length;
		if (*at)
			buffer_append_byte(&location, *at++);
	}
	buffer_printf(&cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict", server->admission->cookie,
		      server->admission->session.text);
	struct answer answer = answer_redirect(MHD_HTTP_SEE_OTHER, location.data);
	if (answer.response)
		http.MHD_add_response_header(answer.response, "Set-Cookie", cookie.data);
	buffer_free(&location);
	buffer_free(&cookie);
	return answer;
}

static struct answer answer_refusal(enum admitted admitted)
{
	const bool wants_token = admitted == REFUSED_TOKEN;
	struct answer answer =
	    answer_line(wants_token ? MHD_HTTP_UNAUTHORIZED : MHD_HTTP_FORBIDDEN, admission_refusal(admitted));

	if (answer.response && wants_token)
		http.MHD_add_response_header(answer.response, "WWW-Authenticate", "Bearer");
	return answer;
}

static struct answer answer_route(struct server *server, struct MHD_Connection *connection, const struct route *route,
				  const char *path)
{
	struct server_state *state = server->state;
	struct asked asked = {connection, NULL};

	if (route && !route_take_name(route, path, &state->recordings, &asked)) {
		recordings_scan(&state->recordings, state->now_ns);
		if (!route_take_name(route, path, &state->recordings, &asked))
			return answer_line(MHD_HTTP_NOT_FOUND, "seep serve: there is no such recording\n");
	}
	if (!route)
		return answer_line(MHD_HTTP_NOT_FOUND, "seep serve: there is nothing at this address\n");
	struct answer answer = route->answer(state, &asked);
	if (answer.status == 0) {
		server->waiting[server->waiting_count++] = (struct waiting){connection, answer.about};
		http.MHD_suspend_connection(connection);
	}
	return answer;
}

static bool request_has_body(struct MHD_Connection *connection)
{
	return http.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length") ||
	       http.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
}

static struct answer answer_find(struct server *server, struct MHD_Connection *connection, const char *path,
				 const char *method)
{
	const struct route *route = route_find(path);
	const struct request_marks marks = marks_of(server, connection, route);
	const enum admitted admitted = admission_judge(server->admission, &marks);

	if (admitted != ADMITTED && admitted != ADMITTED_BY_LINK)
		return answer_refusal(admitted);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		struct answer answer = answer_line(MHD_HTTP_METHOD_NOT_ALLOWED, "seep serve: GET and HEAD only\n");
		if (answer.response)
			http.MHD_add_response_header(answer.response, "Allow", "GET, HEAD");
		return answer;
	}
	if (request_has_body(connection))
		return answer_line(MHD_HTTP_BAD_REQUEST, "seep serve: a request has no body here\n");
	if (admitted == ADMITTED_BY_LINK && route && route->is_page)
		return answer_with_cookie(server, path);
	return answer_route(server, connection, route, path);
}

static enum MHD_Result request_take(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
				    const char *version, const char *body, size_t *body_bytes, void **context)
{
	struct server *server = cls;
	struct client *client = client_of(connection);

	(void)version;
	(void)body;
	*body_bytes = 0; /* requests have no body */
	if (!client || server->waiting_count == CLIENTS_MOST)
		return MHD_NO;
	/* The library calls this first with the head, and again with everything. A client that is answered the first
	 * time can't use this connection again; that is right for one who wants to send something. */
	if (!*context && !request_has_body(connection)) {
		*context = server;
		return MHD_YES;
	}
	const struct answer answer = answer_find(server, connection, path, method);
	if (answer.status == 0) {
		client_waits(client);
		return MHD_YES;
	}
	if (!answer.response)
		return MHD_NO;
	client_takes(client, answer.bytes, server->state->now_ns);
	const enum MHD_Result result = http.MHD_queue_response(connection, answer.status, answer.response);
	if (!answer.is_shared)
		http.MHD_destroy_response(answer.response);
	return result;
}

/* Has the clients that wait for this ask again; `about` NULL: all. */
static void waiting_resume(struct server *server, const void *about)
{
	size_t kept = 0;

	for (size_t i = 0; i < server->waiting_count; i++)
		if (about && server->waiting[i].about != about)
			server->waiting[kept++] = server->waiting[i];
		else
			http.MHD_resume_connection(server->waiting[i].connection);
	server->waiting_count = kept;
}

static bool daemon_begin(struct server *server, int socket, struct error *error)
{
	server->daemon = http.MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, request_take, server, /* */
	    MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS_MOST,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, connection_notice, server,
	    MHD_OPTION_NOTIFY_COMPLETED, request_notice, server, MHD_OPTION_END);
	return server->daemon || error_set(error, "the server can't be started: %s", strerror(errno));
}

static int milliseconds_until(uint64_t deadline_ns, uint64_t now_ns)
{
	return deadline_ns <= now_ns ? 0 : (int)((deadline_ns - now_ns) / 1000000 + 1);
}

static int sooner_than(int timeout, int left)
{
	return timeout < 0 || left < timeout ? left : timeout;
}

/* The timeout, or the task's own if that comes sooner. */
static int sooner(int timeout, const struct task *task, uint64_t now_ns)
{
	return task->pid ? sooner_than(timeout, milliseconds_until(task->deadline_ns, now_ns)) : timeout;
}

/* The time until something is due even if nobody asks; -1: nothing is. */
static int timeout_of(const struct server *server, uint64_t client_deadline_ns)
{
	const struct server_state *state = server->state;
	MHD_UNSIGNED_LONG_LONG library_ms;
	int timeout = -1;

	if (client_deadline_ns)
		timeout = milliseconds_until(client_deadline_ns, state->now_ns);
	timeout = sooner(timeout, &state->worker, state->now_ns);
	timeout = sooner(timeout, &state->metrics.task, state->now_ns);
	if (state->metrics.until_ns)
		timeout = sooner_than(timeout, milliseconds_until(state->metrics.until_ns, state->now_ns));
	for (size_t i = 0; i < JOBS_MOST; i++)
		timeout = sooner(timeout, &state->jobs[i].task, state->now_ns);
	if (http.MHD_get_timeout(server->daemon, &library_ms) == MHD_YES &&
	    (timeout < 0 || library_ms < (unsigned)timeout))
		timeout = (int)library_ms;
	return timeout;
}

static struct pollfd task_ready(const struct task *task)
{
	return (struct pollfd){.fd = task->pid ? task->pipe : -1, .events = POLLIN};
}

/* Serves until a signal ends it. */
static void serve(struct server *server, int signals)
{
	struct server_state *state = server->state;
	const union MHD_DaemonInfo *info = http.MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	uint64_t deadline_ns = 0;

	for (;;) {
		struct pollfd ready[4 + JOBS_MOST] = {
		    {.fd = signals, .events = POLLIN},
		    {.fd = info->epoll_fd, .events = POLLIN},
		    task_ready(&state->worker),
		    task_ready(&state->metrics.task),
		};
		for (size_t i = 0; i < JOBS_MOST; i++)
			ready[4 + i] = task_ready(&state->jobs[i].task);
		if (poll(ready, sizeof ready / sizeof *ready, timeout_of(server, deadline_ns)) < 0 && errno != EINTR)
			return;
		if (ready[0].revents)
			return;
		state->now_ns = clock_monotonic_ns();
		const struct served *made = upkeep_take(state);
		if (made)
			waiting_resume(server, made);
		if (jobs_take(state))
			waiting_resume(server, state->jobs);
		if (metrics_take(state))
			waiting_resume(server, &state->metrics);
		http.MHD_run(server->daemon);
		upkeep_start(state);
		deadline_ns = clients_expire(&server->clients, state->now_ns);
	}
}

bool server_run(struct server_state *state, const struct admission *admission, const struct listener *listener,
		struct error *error)
{
	struct server server = {.state = state, .admission = admission};
	struct buffer page = {0};
	sigset_t ends;

	if (!http_load(error))
		return false;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	signals_mask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	const int signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return error_set(error, "signals can't be waited for: %s", strerror(errno));
	page_render_live(&page);
	cached_replace(&state->page, &page, ANSWER_PAGE);
	state->now_ns = clock_monotonic_ns();
	state->beginning_unix_ns = clock_ns(CLOCK_REALTIME);
	const bool is_begun = daemon_begin(&server, listener->descriptor, error);
	if (is_begun) {
		serve(&server, signals);
		waiting_resume(&server, NULL);
		http.MHD_stop_daemon(server.daemon);
		upkeep_stop(state);
		jobs_stop(state);
		metrics_stop(state);
	}
	cached_drop(&state->page);
	cached_drop(&state->list);
	close(signals);
	return is_begun;
}
