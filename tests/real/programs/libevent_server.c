/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server of libevent's evhttp until SIGTERM. See libevent.py. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void page_answer(struct evhttp_request *request, void *unused)
{
	(void)unused;
	const char *uri = evhttp_request_get_uri(request);
	struct evbuffer *page = evbuffer_new();
	evbuffer_add_printf(page, "page %s\n", uri);
	for (size_t i = 0; i < strlen(uri) * 20; i++)
		evbuffer_add(page, "0123456789", 10);
	evhttp_send_reply(request, HTTP_OK, "OK", page);
	evbuffer_free(page);
}

static void loop_end(evutil_socket_t signal, short what, void *base)
{
	(void)signal, (void)what;
	event_base_loopbreak(base);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct event *end = evsignal_new(base, SIGTERM, loop_end, base);
	event_add(end, NULL);
	evhttp_set_gencb(http, page_answer, NULL);
	if (argc < 2 || evhttp_bind_socket(http, "127.0.0.1", (uint16_t)atoi(argv[1])) != 0)
		return 1;
	event_base_dispatch(base);
	evhttp_free(http);
	event_free(end);
	event_base_free(base);
}
