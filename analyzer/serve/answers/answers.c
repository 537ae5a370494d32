/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/answers/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/page.h"
#include "page/page_list.h"
#include "serve/answers/http.h"

static void policy_add(struct MHD_Response *response, enum answer_type type)
{
	struct buffer policy = {0};

	if (type == ANSWER_PAGE)
		page_append_live_policy(&policy);
	else if (type == ANSWER_LIST)
		page_list_append_policy(&policy);
	else
		buffer_append_text(&policy, "default-src 'none'; frame-ancestors 'none'");
	http.MHD_add_response_header(response, "Content-Security-Policy", policy.data);
	buffer_free(&policy);
}

static struct MHD_Response *response_make(struct buffer *bytes, enum answer_type type, const char *tag)
{
	static const char *const types[] = {
	    [ANSWER_TEXT] = "text/plain; charset=utf-8",
	    [ANSWER_JSON] = "application/json",
	    [ANSWER_GZIP] = "application/gzip",
	    [ANSWER_PAGE] = "text/html; charset=utf-8",
	    [ANSWER_LIST] = "text/html; charset=utf-8",
	    [ANSWER_INDEX] = "text/html; charset=utf-8",
	    [ANSWER_PROFILE] = "application/octet-stream",
	    [ANSWER_METRICS] = "text/plain; version=0.0.4; charset=utf-8",
	    [ANSWER_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	static const char *const headers[][2] = {
	    {"Cache-Control", "private, no-cache"},
	    {"X-Content-Type-Options", "nosniff"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	    {"Cross-Origin-Opener-Policy", "same-origin"},
	};
	struct MHD_Response *response =
	    http.MHD_create_response_from_buffer(bytes->length, bytes->data, MHD_RESPMEM_MUST_FREE);

	if (!response) { /* only lack of memory can be the reason */
		free(bytes->data);
		*bytes = (struct buffer){0};
		return NULL;
	}
	*bytes = (struct buffer){0};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		http.MHD_add_response_header(response, headers[i][0], headers[i][1]);
	http.MHD_add_response_header(response, "Content-Type", types[type]);
	policy_add(response, type);
	if (tag)
		http.MHD_add_response_header(response, "ETag", tag);
	return response;
}

/* Different bytes have different tags, except once in 2^64. */
static void tag_make(char tag[static 40], const struct buffer *bytes)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < bytes->length; i++)
		hash = (hash ^ (uint8_t)bytes->data[i]) * UINT64_C(1099511628211);
	snprintf(tag, 40, "\"%016" PRIx64 "-%zx\"", hash, bytes->length);
}

void cached_replace(struct cached *cached, struct buffer *bytes, enum answer_type type)
{
	char tag[40];

	tag_make(tag, bytes);
	if (cached->response && strcmp(tag, cached->tag) == 0) {
		buffer_free(bytes);
		return;
	}
	cached_drop(cached);
	cached->bytes = bytes->length;
	cached->type = type;
	strcpy(cached->tag, tag);
	cached->response = response_make(bytes, type, tag);
}

void cached_drop(struct cached *cached)
{
	if (cached->response)
		http.MHD_destroy_response(cached->response);
	*cached = (struct cached){0};
}

static bool client_has(struct MHD_Connection *connection, const char *tag)
{
	const char *tags = http.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");

	return tags && (strstr(tags, tag) || strcmp(tags, "*") == 0);
}

/* A browser takes this answer's head for that of the document that it has, with the policy. */
static struct answer answer_unchanged(const char *tag, enum answer_type type)
{
	struct buffer nothing = {0};

	buffer_append_text(&nothing, "");
	return (struct answer){.status = MHD_HTTP_NOT_MODIFIED, .response = response_make(&nothing, type, tag)};
}

struct answer answer_cached(struct MHD_Connection *connection, const struct cached *cached)
{
	if (client_has(connection, cached->tag))
		return answer_unchanged(cached->tag, cached->type);
	return (struct answer){
	    .status = MHD_HTTP_OK, .response = cached->response, .bytes = cached->bytes, .is_shared = true};
}

struct answer answer_fresh(struct MHD_Connection *connection, struct buffer *bytes, enum answer_type type)
{
	char tag[40];
	struct answer answer = {.status = MHD_HTTP_OK, .bytes = bytes->length};

	tag_make(tag, bytes);
	if (client_has(connection, tag)) {
		buffer_free(bytes);
		return answer_unchanged(tag, type);
	}
	answer.response = response_make(bytes, type, tag);
	return answer;
}

struct answer answer_line(unsigned status, const char *line)
{
	struct buffer text = {0};

	buffer_append_text(&text, line);
	struct answer answer = {.status = status, .bytes = text.length};
	answer.response = response_make(&text, ANSWER_TEXT, NULL);
	return answer;
}

struct answer answer_redirect(unsigned status, const char *location)
{
	struct answer answer = answer_line(status, "");

	if (answer.response)
		http.MHD_add_response_header(answer.response, "Location", location);
	return answer;
}

void answer_append_escaped(struct buffer *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text; text++)
		if (strchr(plain, *text))
			buffer_append_byte(out, *text);
		else
			buffer_printf(out, "%%%02X", (unsigned char)*text);
}
