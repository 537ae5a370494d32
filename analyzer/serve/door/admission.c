/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/door/admission.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HOST_MOST = 255 };

bool admission_prepare(struct admission *admission, const char *token_file, const char *hosts, struct error *error)
{
	*admission = (struct admission){.hosts = hosts};
	return token_read(&admission->token, token_file, error) && token_draw(&admission->session, error);
}

void admission_use_port(struct admission *admission, unsigned port)
{
	snprintf(admission->cookie, sizeof admission->cookie, "seep-%u", port);
}

/* Takes the host's name or address, without its port; false: it is neither. */
static bool host_take(const char *text, char host[static HOST_MOST + 1])
{
	const bool is_bracketed = *text == '[';
	const char *begin = text + is_bracketed;
	const size_t length = strcspn(begin, is_bracketed ? "]" : ":");
	const char *rest = begin + length + is_bracketed;

	if (length == 0 || length > HOST_MOST || (is_bracketed && begin[length] != ']'))
		return false;
	memcpy(host, begin, length);
	host[length] = '\0';
	if (!*rest)
		return true;
	return *rest == ':' && strspn(rest + 1, "0123456789") == strlen(rest + 1) && strlen(rest + 1) <= 5;
}

static bool list_has(const char *list, const char *name)
{
	for (const char *at = list; at && *at;) {
		const size_t length = strcspn(at, ",");
		if (length == strlen(name) && strncasecmp(at, name, length) == 0)
			return true;
		at += length + (at[length] == ',');
	}
	return false;
}

static bool host_is_ours(const struct admission *admission, const char *text)
{
	char host[HOST_MOST + 1];
	struct in6_addr address;

	if (!text || !host_take(text, host))
		return false;
	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1 ||
	       strcasecmp(host, "localhost") == 0 || list_has(admission->hosts, host);
}

/* Whether it is "http://HOST" or "https://HOST" (a proxy before us), with the host that was asked. */
static bool origin_is_ours(const char *origin, const char *host)
{
	if (strncasecmp(origin, "http://", 7) == 0)
		return strcasecmp(origin + 7, host) == 0;
	return strncasecmp(origin, "https://", 8) == 0 && strcasecmp(origin + 8, host) == 0;
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static bool comes_from_elsewhere(const struct request_marks *request)
{
	if (request->origin && !origin_is_ours(request->origin, request->host))
		return true;
	if (!request->fetch_site || is(request->fetch_site, "same-origin") || is(request->fetch_site, "none"))
		return false;
	return !(request->is_for_page && is(request->fetch_mode, "navigate") &&
		 is(request->fetch_destination, "document"));
}

enum admitted admission_judge(const struct admission *admission, const struct request_marks *request)
{
	static const char bearer[] = "Bearer ";
	const char *authorization = request->authorization;

	if (!host_is_ours(admission, request->host))
		return REFUSED_HOST;
	if (comes_from_elsewhere(request))
		return REFUSED_ORIGIN;
	if (admission->token.length == 0)
		return ADMITTED;
	if (authorization && strncasecmp(authorization, bearer, strlen(bearer)) == 0)
		return token_equals(&admission->token, authorization + strlen(bearer)) ? ADMITTED : REFUSED_TOKEN;
	if (request->query_token && token_equals(&admission->token, request->query_token))
		return ADMITTED_BY_LINK;
	return token_equals(&admission->session, request->cookie) ? ADMITTED : REFUSED_TOKEN;
}

const char *admission_refusal(enum admitted refused)
{
	switch (refused) {
	case REFUSED_HOST:
		return "seep serve: this name is not served; ask by address or localhost, or start it with "
		       "--host=NAME\n";
	case REFUSED_ORIGIN:
		return "seep serve: pages of other servers may not read this\n";
	default:
		return "seep serve: a token is needed: 'Authorization: Bearer TOKEN', or ?token=TOKEN once in a "
		       "browser\n";
	}
}
