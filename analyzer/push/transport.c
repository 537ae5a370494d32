/* SPDX-License-Identifier: Apache-2.0 */
#include "push/transport.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "encoding/base64.h"
#include "files/secret.h"
#include "push/curl.h"

enum { CREDENTIALS_MOST = 16384, ANSWER_MOST = 2048, READ_MOST = 4 << 20, CONNECT_S = 10, WHOLE_S = 30 };
#define RETRY_MOST_S 3600 /* a server that asks for a longer wait is asked again after this one */

/* Makes a header line of a word or a pair of words. `origin` is for messages, which never contain the text. */
static bool authorization_make(struct buffer *line, const char *text, size_t length, const char *origin,
			       struct error *error)
{
	if (length == CREDENTIALS_MOST)
		return error_set(error, "%.256s: credentials have fewer than %d bytes", origin, CREDENTIALS_MOST);
	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return error_set(error, "%.256s: credentials are one line of ASCII", origin);
	if (length == 0)
		return error_set(error, "%.256s: there are no credentials in it", origin);
	if (memchr(text, ':', length)) {
		buffer_append_text(line, "Authorization: Basic ");
		base64_append(line, text, length);
	} else {
		buffer_append_text(line, "Authorization: Bearer ");
		buffer_append(line, text, length);
	}
	return true;
}

static bool credentials_read(struct buffer *line, const char *file, struct error *error)
{
	char text[CREDENTIALS_MOST];
	size_t length;
	const bool is_made = secret_read(file, "the credentials", text, sizeof text, &length, error) &&
			     authorization_make(line, text, length, file, error);

	explicit_bzero(text, sizeof text);
	return is_made;
}

bool transport_open(struct transport *transport, const char *credentials, const char *tenant, const char *certificates,
		    struct error *error)
{
	*transport = (struct transport){.certificates = certificates};
	if (credentials && !credentials_read(&transport->authorization, credentials, error))
		return false;
	if (certificates && access(certificates, R_OK) != 0)
		return error_set(error, "%.256s: the certificates can't be read: %s", certificates, strerror(errno));
	if (tenant && (strpbrk(tenant, "\r\n") || strlen(tenant) > ANSWER_MOST))
		return error_set(error, "--tenant is one line");
	if (tenant)
		buffer_printf(&transport->tenant, "X-Scope-OrgID: %s", tenant);
	if (!curl_load(error))
		return false;
	transport->handle = curl.curl_easy_init();
	return transport->handle || error_set(error, "libcurl gives no handle");
}

void transport_close(struct transport *transport)
{
	if (transport->handle)
		curl.curl_easy_cleanup(transport->handle);
	if (transport->authorization.data)
		explicit_bzero(transport->authorization.data, transport->authorization.length);
	buffer_free(&transport->authorization);
	buffer_free(&transport->tenant);
	*transport = (struct transport){0};
}

/* Takes the beginning of an answer, and of one without an end no more than a receiver of OTLP may send. */
struct taking {
	struct buffer *text;
	size_t read;
};

static size_t answer_take(char *data, size_t size, size_t count, void *context)
{
	struct taking *taking = context;
	const size_t bytes = size * count, room = ANSWER_MOST - taking->text->length;

	buffer_append(taking->text, data, bytes < room ? bytes : room);
	taking->read += bytes;
	return taking->read > READ_MOST ? 0 : bytes;
}

static int is_stopped(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const volatile bool *stop = context;

	(void)a, (void)b, (void)c, (void)d;
	return stop && *stop;
}

/* The servers' own meanings: 408, 429 and 5xx are temporary, 401 to 405 are for whoever has set it up, all others are
 * final. */
static enum outcome outcome_of(long status)
{
	if (status >= 200 && status < 300)
		return OUTCOME_TAKEN;
	if (status == 408 || status == 429 || status >= 500)
		return OUTCOME_LATER;
	return status < 400 || (status >= 401 && status <= 405) || status == 407 ? OUTCOME_CLOSED : OUTCOME_REFUSED;
}

static void status_judge(CURL *handle, const struct destination *destination, const char *url, struct answer *answer)
{
	const char *elsewhere = NULL;
	curl_off_t retry_s = 0;
	long status = 0;

	(curl.curl_easy_getinfo)(handle, CURLINFO_RESPONSE_CODE, &status);
	(curl.curl_easy_getinfo)(handle, CURLINFO_RETRY_AFTER, &retry_s);
	(curl.curl_easy_getinfo)(handle, CURLINFO_REDIRECT_URL, &elsewhere);
	answer->outcome = outcome_of(status);
	if (retry_s > 0)
		answer->retry_ns = (uint64_t)(retry_s < RETRY_MOST_S ? retry_s : RETRY_MOST_S) * UINT64_C(1000000000);
	if (elsewhere)
		error_set(&answer->fault, "%.200s answers %ld: go to %.200s (redirections are not followed)",
			  destination->name, status, elsewhere);
	else
		error_set(&answer->fault, "%.200s answers %ld%s%.*s%s%.200s", destination->name, status,
			  status == 404 ? " to " : "", status == 404 ? (int)strcspn(url, "?") : 0, url,
			  answer->body.length ? ": " : "", answer->body.length ? answer->body.data : "");
}

/* The status line has arrived, and only the text behind it was cut off: what was taken must not be sent again. */
static bool is_accepted(CURL *handle)
{
	long status = 0;

	(curl.curl_easy_getinfo)(handle, CURLINFO_RESPONSE_CODE, &status);
	return outcome_of(status) == OUTCOME_TAKEN;
}

static struct curl_slist *headers_make(const struct transport *transport, const char *type)
{
	struct buffer line = {0};

	buffer_printf(&line, "Content-Type: %s", type);
	struct curl_slist *headers = curl.curl_slist_append(NULL, line.data);
	headers = curl.curl_slist_append(headers, "Expect:"); /* saves a round trip */
	if (transport->authorization.length)
		headers = curl.curl_slist_append(headers, transport->authorization.data);
	if (transport->tenant.length)
		headers = curl.curl_slist_append(headers, transport->tenant.data);
	buffer_free(&line);
	return headers;
}

void transport_post(struct transport *transport, const struct destination *destination, const char *path,
		    const char *type, const struct buffer *body, struct answer *answer)
{
	CURL *handle = transport->handle;
	struct buffer url = {0};
	struct curl_slist *headers = headers_make(transport, type);
	char detail[CURL_ERROR_SIZE] = "";
	struct taking taking = {&answer->body, 0};

	*answer = (struct answer){.outcome = OUTCOME_LATER};
	buffer_printf(&url, "%.*s%s", destination->url_length, destination->url, path);
	curl.curl_easy_reset(handle); /* this keeps connections open */
	(curl.curl_easy_setopt)(handle, CURLOPT_URL, url.data);
	(curl.curl_easy_setopt)(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	(curl.curl_easy_setopt)(handle, CURLOPT_NOSIGNAL, 1L);
	(curl.curl_easy_setopt)(handle, CURLOPT_USERAGENT, "seep/" SEEP_VERSION);
	(curl.curl_easy_setopt)(handle, CURLOPT_POST, 1L);
	(curl.curl_easy_setopt)(handle, CURLOPT_POSTFIELDS, body->length ? body->data : "");
	(curl.curl_easy_setopt)(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->length);
	(curl.curl_easy_setopt)(handle, CURLOPT_HTTPHEADER, headers);
	(curl.curl_easy_setopt)(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(curl.curl_easy_setopt)(handle, CURLOPT_TIMEOUT, (long)WHOLE_S);
	(curl.curl_easy_setopt)(handle, CURLOPT_ERRORBUFFER, detail);
	(curl.curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, answer_take);
	(curl.curl_easy_setopt)(handle, CURLOPT_WRITEDATA, &taking);
	(curl.curl_easy_setopt)(handle, CURLOPT_NOPROGRESS, 0L);
	(curl.curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, is_stopped);
	(curl.curl_easy_setopt)(handle, CURLOPT_XFERINFODATA, (void *)(uintptr_t)transport->stop);
	if (destination->is_loopback) /* a proxy would get what is meant for this machine, even secrets */
		(curl.curl_easy_setopt)(handle, CURLOPT_PROXY, "");
	if (transport->certificates)
		(curl.curl_easy_setopt)(handle, CURLOPT_CAINFO, transport->certificates);
	const CURLcode code = curl.curl_easy_perform(handle);
	if (code == CURLE_OK || code == CURLE_WRITE_ERROR || is_accepted(handle))
		status_judge(handle, destination, url.data, answer);
	else
		error_set(&answer->fault, "%.200s: %.200s", destination->name,
			  code == CURLE_ABORTED_BY_CALLBACK ? "seep push was stopped before the server had answered"
			  : *detail                         ? detail
							    : curl.curl_easy_strerror(code));
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		answer->outcome = OUTCOME_CLOSED;
	curl.curl_slist_free_all(headers);
	buffer_free(&url);
}
