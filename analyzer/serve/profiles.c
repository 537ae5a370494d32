/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/profiles.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/flame/xml.h"
#include "serve/answers/http.h"
#include "serve/jobs.h"

static const char *parameter(const struct asked *asked, const char *name)
{
	return http.MHD_lookup_connection_value(asked->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* NULL: the answer says why not. */
static struct served *served_choose(struct server_state *server, const struct asked *asked, struct answer *answer)
{
	const char *name = parameter(asked, "recording");
	struct recordings *recordings = &server->recordings;
	struct served *served = asked->served;

	if (!served && name)
		served = recordings_find(recordings, name, strlen(name));
	if (!served) {
		recordings_scan(recordings, server->now_ns);
		if (name)
			served = recordings_find(recordings, name, strlen(name));
		else if (recordings->count == 1)
			served = recordings->each[0];
	}
	if (!served)
		*answer = name ? answer_line(MHD_HTTP_NOT_FOUND, "seep serve: there is no such recording\n")
			       : answer_line(MHD_HTTP_BAD_REQUEST,
					     "seep serve: several recordings are served, or none: "
					     "?recording=NAME or /r/NAME/debug/pprof/... says which is meant\n");
	return served;
}

/* 0: there is no such parameter; UINT_MAX: it is not a number. */
static unsigned number_of(const struct asked *asked, const char *name, unsigned most)
{
	const char *text = parameter(asked, name);
	char *end;

	if (!text)
		return 0;
	const unsigned long number = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : most + 1UL;
	return number > most || *end ? ~0U : (unsigned)number;
}

static struct answer answer_bad(const char *line)
{
	return answer_line(MHD_HTTP_BAD_REQUEST, line);
}

/* Refuses what Go programs refuse. Other parameters, such as ?gc=1, mean nothing here. */
static struct answer answer_profile(struct server_state *server, const struct asked *asked, struct profile_wish wish)
{
	const unsigned seconds = number_of(asked, "seconds", PROFILE_SECONDS_MOST),
		       debug = number_of(asked, "debug", 2);
	struct answer answer;

	if (seconds == ~0U || (parameter(asked, "seconds") && seconds == 0))
		return answer_bad("seep serve: seconds is a whole number from 1 to 240\n");
	if (debug == ~0U || (debug && (seconds || wish.kind == PROFILE_DELTA)))
		return answer_bad("seep serve: debug is 0; for heap and allocs without seconds it may be 1 or 2\n");
	if (seconds && wish.kind == PROFILE_DELTA)
		return answer_bad(
		    "seep serve: delta_heap takes no seconds: it covers the time since it was last asked for\n");
	struct served *served = served_choose(server, asked, &answer);
	if (!served)
		return answer;
	wish.kind = seconds ? PROFILE_SPAN : debug ? PROFILE_TEXT : wish.kind;
	wish.seconds = seconds;
	return jobs_ask(server, served, asked->connection, &wish);
}

struct answer profiles_heap(struct server_state *server, const struct asked *asked)
{
	return answer_profile(server, asked, (struct profile_wish){.kind = PROFILE_WHOLE});
}

struct answer profiles_allocs(struct server_state *server, const struct asked *asked)
{
	return answer_profile(server, asked, (struct profile_wish){.kind = PROFILE_WHOLE, .shows_allocated = true});
}

struct answer profiles_delta(struct server_state *server, const struct asked *asked)
{
	return answer_profile(server, asked, (struct profile_wish){.kind = PROFILE_DELTA, .shows_allocated = true});
}

static void index_append(struct buffer *out, const struct served *served)
{
	static const struct {
		const char *address, *name;
	} links[] = {{"heap", "heap"},
		     {"allocs", "allocs"},
		     {"delta_heap", "delta_heap"},
		     {"heap?seconds=10", "the next 10 seconds"},
		     {"heap?debug=1", "text"}};

	buffer_append_text(out, "<tr><td>");
	xml_append_text(out, served->name);
	buffer_append_text(out, "</td>");
	for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
		buffer_append_text(out, "<td><a href=\"/r/");
		answer_append_escaped(out, served->name);
		buffer_printf(out, "/debug/pprof/%s\">%s</a></td>", links[i].address, links[i].name);
	}
	buffer_append_text(out, "</tr>\n");
}

struct answer profiles_index(struct server_state *server, const struct asked *asked)
{
	struct buffer out = {0};

	recordings_scan(&server->recordings, server->now_ns);
	buffer_append_text(&out,
			   "<!DOCTYPE html>\n<html lang=\"en\"><title>/debug/pprof/</title>\n<p>Heap profiles, for "
			   "<code>go tool pprof ADDRESS</code> and those who scrape:</p>\n<table>\n");
	for (size_t i = 0; i < server->recordings.count; i++)
		if (!asked->served || asked->served == server->recordings.each[i])
			index_append(&out, server->recordings.each[i]);
	buffer_append_text(&out, "</table></html>\n");
	return answer_fresh(asked->connection, &out, ANSWER_INDEX);
}
