/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/routes.h"

#include <microhttpd.h>
#include <string.h>

#include "base/json.h"
#include "serve/list.h"
#include "serve/metrics.h"
#include "serve/profiles.h"

/* Notes that somebody looks at this recording, so that it is kept current. */
static void served_ask(struct server_state *server, struct served *served)
{
	served_look(served, server->now_ns);
	served->asked_ns = server->now_ns;
}

static struct answer answer_list(struct server_state *server, const struct asked *asked)
{
	list_refresh(server);
	return answer_cached(asked->connection, &server->list);
}

static struct answer answer_bare_name(struct server_state *server, const struct asked *asked)
{
	struct buffer location = {0};

	(void)server;
	buffer_append_text(&location, "/r/");
	answer_append_escaped(&location, asked->served->name);
	buffer_append_text(&location, "/");
	const struct answer answer = answer_redirect(MHD_HTTP_PERMANENT_REDIRECT, location.data);
	buffer_free(&location);
	return answer;
}

static struct answer answer_page(struct server_state *server, const struct asked *asked)
{
	served_ask(server, asked->served);
	return answer_cached(asked->connection, &server->page);
}

static struct answer answer_state(struct server_state *server, const struct asked *asked)
{
	struct served *served = asked->served;
	struct buffer out = {0};
	struct json json = {.out = &out};

	served_ask(server, served);
	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.state/1");
	json_text(json_key(&json, "version"), served->data.response ? served->data.tag : NULL);
	json_text(json_key(&json, "state"), served_state(served, server->now_ns));
	json_text_or_null(json_key(&json, "fault"), served->fault.text);
	json_unsigned(json_key(&json, "snapshots"), served->summary.snapshots);
	json_unsigned(json_key(&json, "data_unix_ms"), served->summary.newest_unix_ns / 1000000);
	json_end_object(&json);
	return answer_fresh(asked->connection, &out, ANSWER_JSON);
}

static struct answer answer_data(struct server_state *server, const struct asked *asked)
{
	struct served *served = asked->served;

	served_ask(server, served);
	if (served->data.response)
		return answer_cached(asked->connection, &served->data);
	if (served->is_gone)
		return answer_line(MHD_HTTP_NOT_FOUND, "the recording is not there any more\n");
	if (*served->fault.text && served_is_current(served))
		return answer_line(MHD_HTTP_INTERNAL_SERVER_ERROR, served->fault.text);
	return (struct answer){.about = served};
}

static struct answer answer_nothing(struct server_state *server, const struct asked *asked)
{
	(void)server;
	(void)asked;
	return answer_line(MHD_HTTP_NO_CONTENT, "");
}

static const struct route routes[] = {
    {"/", true, answer_list},
    {"/r/*", true, answer_bare_name},
    {"/r/*/", true, answer_page},
    {"/r/*/state", false, answer_state},
    {"/r/*/data", false, answer_data},
    {"/metrics", false, metrics_answer},
    {"/targets", false, metrics_targets},
    {"/debug/pprof/", true, profiles_index},
    {"/debug/pprof/heap", false, profiles_heap},
    {"/debug/pprof/allocs", false, profiles_allocs},
    {"/debug/pprof/delta_heap", false, profiles_delta},
    {"/r/*/debug/pprof/", true, profiles_index},
    {"/r/*/debug/pprof/heap", false, profiles_heap},
    {"/r/*/debug/pprof/allocs", false, profiles_allocs},
    {"/r/*/debug/pprof/delta_heap", false, profiles_delta},
    {"/favicon.ico", false, answer_nothing}, /* browsers ask for it, and complain if it is missing */
};

/* The length of the name at the pattern's star; false: the path does not match. */
static bool matches(const char *pattern, const char *path, const char **name, size_t *length)
{
	const size_t before = strcspn(pattern, "*");

	if (strncmp(pattern, path, before) != 0)
		return false;
	if (!pattern[before])
		return strcmp(pattern, path) == 0;
	*name = path + before;
	*length = strcspn(*name, "/");
	return *length > 0 && strcmp(pattern + before + 1, *name + *length) == 0;
}

const struct route *route_find(const char *path)
{
	const char *name;
	size_t length;

	for (const struct route *route = routes; route < routes + sizeof routes / sizeof *routes; route++)
		if (matches(route->pattern, path, &name, &length))
			return route;
	return NULL;
}

bool route_take_name(const struct route *route, const char *path, const struct recordings *recordings,
		     struct asked *asked)
{
	const char *name = NULL;
	size_t length = 0;

	if (!matches(route->pattern, path, &name, &length) || !name)
		return true;
	asked->served = recordings_find(recordings, name, length);
	return asked->served;
}
